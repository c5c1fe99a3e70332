import type { Problem } from '../core/errors.ts';
import type { FileSet } from '../core/fileset.ts';
import { shippedCommand, shippedNotices } from '../core/shipped.ts';
import type { CommittedFile } from '../gitops/checkout.ts';
import { COMMAND_FILE, LISTED_FENCES, PLATFORM_FILE } from '../model/layout.ts';
import { MANIFEST_FILE, parseManifest } from '../model/manifest.ts';
import { loadExceptions } from '../policies/exceptions.ts';
import { loadPlatform } from '../policies/platform.ts';
import type { Rule } from '../policies/rule.ts';
import { chosenRules } from '../policies/rule-set.ts';
import { scaffoldFiles } from '../scaffold/files.ts';
import { type PlannedFile, planScaffold } from '../scaffold/plan.ts';
import { readScaffoldTemplate } from '../scaffold/template.ts';

/** Folders that the reconciler applies or the workflows run: any file there would take effect. */
const COMPILED = ['bootstrap/', 'policies/', '.greenroom/'];

/** Files that decide who must approve a change, in all places where GitHub looks. */
const OWNERS = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'];

/** Whether a file must be exactly as greenroom writes it; the platform team may change all other files of the scaffold. */
export function isProtected(path: string): boolean {
  return COMPILED.some((folder) => path.startsWith(folder)) && !path.startsWith(`${LISTED_FENCES}/`);
}

export interface CompareOptions {
  /** Version of this greenroom. */
  readonly version: string;
  /** Unix seconds, to leave out exceptions that have ended. */
  readonly now: number;
  /** Additional rules of the platform. @default - none */
  readonly extraRules?: readonly Rule[] | undefined;
}

/**
 * Compares all files of an apps repo except its previews with the files that `init` writes.
 *
 * @param files text by path; all of `exceptions/`, and at least the files that `init` writes
 * @throws GreenroomError `invalid-input` for an invalid greenroom.yaml
 */
export function compareScaffold(
  files: FileSet,
  { version, now, extraRules = [] }: CompareOptions,
): readonly PlannedFile[] {
  const text = files.get(PLATFORM_FILE) ?? '';
  const platform = loadPlatform(text, PLATFORM_FILE, extraRules).value.spec;
  const ofExceptions = [...files].filter(([path]) => /^exceptions\/[^/]+\.yaml$/.test(path));
  const { honoured } = loadExceptions(new Map(ofExceptions), { now, platform, rules: chosenRules({ extraRules }) });
  const wanted = scaffoldFiles({
    platformText: text,
    platform,
    exceptions: honoured,
    version,
    extraRules,
    template: readScaffoldTemplate(),
    command: shippedCommand(),
    notices: shippedNotices(),
  });
  const recorded = files.get(MANIFEST_FILE);
  const manifest = recorded === undefined ? null : parseManifest(recorded);
  return planScaffold({ wanted, existing: files, manifest, version, overwrite: false }).files;
}

/**
 * Files that an apps repo must not contain: files that a reconciler would apply although greenroom did not write them,
 * and files that make a checkout differ from the repository.
 *
 * @param files all files of the repository
 * @param scaffold the files that `init` writes, from {@link compareScaffold}
 */
export function strayProblems(
  files: ReadonlyMap<string, Pick<CommittedFile, 'regular' | 'executable'>>,
  scaffold: readonly PlannedFile[],
): Problem[] {
  const known = new Set(scaffold.map(({ path }) => path));
  const isOwned = (path: string) => isProtected(path) || path.startsWith('previews/');
  return [...files].flatMap(([file, { regular, executable }]): Problem[] => {
    if (/(^|\/)\.gitmodules$/.test(file)) {
      return [{ file, message: 'would add a submodule, which the reconciler does not support; remove it' }];
    }
    if (/(^|\/)\.gitattributes$/.test(file)) {
      return [{ file, message: 'makes a checkout differ from what was reviewed; remove it' }];
    }
    if (!regular) return [{ file, message: 'is a link; only plain files are allowed here' }];
    if (executable && isOwned(file))
      return [{ file, message: 'is executable; greenroom writes plain files (chmod -x)' }];
    if (isProtected(file) && !known.has(file)) {
      return [{ file, message: 'was not written by greenroom and would be applied or run; remove it' }];
    }
    return [];
  });
}

/** Changes that the platform team may make, but that a person must confirm. */
export function sensitiveChanges(changed: readonly string[], scaffold: readonly PlannedFile[]): Problem[] {
  const known = new Set(scaffold.map(({ path }) => path));
  const confirm = 'if that is intended, run with --yes';
  return changed.flatMap((file): Problem[] => {
    if (OWNERS.includes(file)) return [{ file, message: `decides who must approve changes; ${confirm}` }];
    if (file === COMMAND_FILE) {
      const message = `is a different program from the one on the branch, and runs with the bot's key: compare its sha256 with the release's; ${confirm}`;
      return [{ file, message }];
    }
    if (file.startsWith('extensions/')) {
      const message = `is a module that would run with the bot's key, and was not run for this check; ${confirm}`;
      return [{ file, message }];
    }
    if (file.startsWith(`${LISTED_FENCES}/`)) {
      return [{ file, message: `is the fence of pull requests that Argo CD lists itself; ${confirm}` }];
    }
    const isNew = file.startsWith('.github/workflows/') && !known.has(file);
    return isNew
      ? [{ file, message: `is a workflow of your own, which can read the secrets of this repository; ${confirm}` }]
      : [];
  });
}

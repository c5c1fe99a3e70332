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
import { readTemplate } from '../scaffold/template.ts';

/** Folders that the reconciler applies, and the one that the workflows run: a file there that greenroom did not write would run. */
const COMPILED = ['bootstrap/', 'policies/', '.greenroom/'];

/** Who has to approve a change, wherever GitHub looks for it. */
const OWNERS = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'];

/** Whether a file has to be what greenroom writes; all others of the scaffold are the platform team's to change. */
export function isProtected(path: string): boolean {
  return COMPILED.some((folder) => path.startsWith(folder)) && !path.startsWith(`${LISTED_FENCES}/`);
}

export interface CompareOptions {
  /** Of this greenroom. */
  readonly version: string;
  /** Unix seconds, for exceptions that have ended. */
  readonly now: number;
  /** Rules of the platform's own, beside greenroom's. @default - none */
  readonly extraRules?: readonly Rule[] | undefined;
}

/**
 * Holds all files of an apps repo but its previews against what greenroom lays down.
 *
 * @param files text by path; of `exceptions/` all, of the rest at least what greenroom lays down
 * @throws GreenroomError `invalid-input` for a wrong greenroom.yaml
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
    template: readTemplate(),
    command: shippedCommand(),
    notices: shippedNotices(),
  });
  const recorded = files.get(MANIFEST_FILE);
  const manifest = recorded === undefined ? null : parseManifest(recorded);
  return planScaffold({ wanted, existing: files, manifest, version, overwrite: false }).files;
}

/**
 * Files that no apps repo may hold: what a reconciler would apply although greenroom did not write it, and what makes
 * readers of the repository see something else than its files.
 *
 * @param files every file of it
 * @param scaffold what greenroom lays down, as {@link compareScaffold} gives it
 */
export function strayProblems(
  files: ReadonlyMap<string, Pick<CommittedFile, 'regular' | 'executable'>>,
  scaffold: readonly PlannedFile[],
): Problem[] {
  const known = new Set(scaffold.map(({ path }) => path));
  const isOwned = (path: string) => isProtected(path) || path.startsWith('previews/');
  return [...files].flatMap(([file, { regular, executable }]): Problem[] => {
    if (/(^|\/)\.gitmodules$/.test(file)) {
      return [{ file, message: 'would bring in another repository, on which the reconciler stops; remove it' }];
    }
    if (/(^|\/)\.gitattributes$/.test(file)) {
      return [{ file, message: 'makes a checkout differ from what was reviewed; remove it' }];
    }
    if (!regular) return [{ file, message: 'is a link; only plain files have a place here' }];
    if (executable && isOwned(file)) return [{ file, message: 'may be run; greenroom writes plain files (chmod -x)' }];
    if (isProtected(file) && !known.has(file)) {
      return [{ file, message: 'is not written by greenroom, and would run; remove it' }];
    }
    return [];
  });
}

/** What of a change is the platform team's to make, but not without a person who says so. */
export function sensitiveChanges(changed: readonly string[], scaffold: readonly PlannedFile[]): Problem[] {
  const known = new Set(scaffold.map(({ path }) => path));
  const confirm = 'if that is meant, run with --yes';
  return changed.flatMap((file): Problem[] => {
    if (OWNERS.includes(file)) return [{ file, message: `decides who has to approve what; ${confirm}` }];
    if (file === COMMAND_FILE) {
      const message = `is another program than the one on the branch, and runs with the bot's key: compare its sha256 with the release's; ${confirm}`;
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

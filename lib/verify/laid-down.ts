import type { Problem } from '../core/errors.ts';
import type { FileSet } from '../core/fileset.ts';
import { loadPlatform } from '../model/files.ts';
import { PLATFORM_FILE } from '../model/layout.ts';
import { MANIFEST_FILE, parseManifest } from '../model/manifest.ts';
import { loadExceptions } from '../policies/exceptions.ts';
import type { Rule } from '../policies/rule.ts';
import { chosenRules } from '../policies/rule-set.ts';
import { scaffoldFiles } from '../scaffold/files.ts';
import { type PlannedFile, planScaffold } from '../scaffold/plan.ts';
import { readTemplate } from '../scaffold/template.ts';

/** What has a place in an apps repo; a folder that is not here is nobody's. */
const FOLDERS = ['.github', 'bootstrap', 'docs', 'exceptions', 'extensions', 'policies', 'previews'];

/** Folders that the reconciler applies: a file there that greenroom did not write would run. */
const COMPILED = ['bootstrap/', 'policies/'];

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
  const platform = loadPlatform(text, PLATFORM_FILE).value.spec;
  const ofExceptions = [...files].filter(([path]) => /^exceptions\/[^/]+\.yaml$/.test(path));
  const { honoured } = loadExceptions(new Map(ofExceptions), { now, rules: chosenRules({ extraRules }) });
  const input = { platformText: text, platform, exceptions: honoured, version, extraRules, template: readTemplate() };
  const wanted = scaffoldFiles(input);
  const recorded = files.get(MANIFEST_FILE);
  const manifest = recorded === undefined ? null : parseManifest(recorded);
  return planScaffold({ wanted, existing: files, manifest, version, overwrite: false }).files;
}

/**
 * Paths that have no place in an apps repo.
 *
 * @param paths every path of it
 * @param scaffold what greenroom lays down, as {@link compareScaffold} gives it
 */
export function strayProblems(paths: Iterable<string>, scaffold: readonly PlannedFile[]): Problem[] {
  const known = new Set(scaffold.map(({ path }) => path));
  return [...paths].flatMap((path): Problem[] => {
    const folder = path.split('/')[0]!;
    if (path.includes('/') && !FOLDERS.includes(folder)) {
      return [{ file: path, message: `has no place in an apps repo; its folders are ${FOLDERS.join(', ')}` }];
    }
    if (COMPILED.some((prefix) => path.startsWith(prefix)) && !known.has(path)) {
      return [{ file: path, message: 'is not written by greenroom, and the reconciler would apply it; remove it' }];
    }
    return [];
  });
}

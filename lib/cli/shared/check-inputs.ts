import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { GreenroomError, type Problem } from '../../core/errors.ts';
import { compareStrings } from '../../core/fileset.ts';
import { PREVIEW_FILE } from '../../model/layout.ts';
import { MAX_PLATFORM_BYTES } from '../../model/load.ts';
import { claimsPreview } from '../../verify/check-file.ts';
import { readInput } from './files.ts';

/** Name of standard input in messages. */
export const STDIN = '<stdin>';

/** A file to check. */
export interface CheckInput {
  /** Path as the user would write it; {@link STDIN} for standard input. */
  readonly file: string;
  readonly bytes: Uint8Array;
  /** Whether it is a maker's file, or at the path where `sync` would look for one. */
  readonly isPreview: boolean;
}

export interface CheckInputs {
  readonly inputs: readonly CheckInput[];
  /** Folders of the files, the nearest first, then the current folder. */
  readonly folders: readonly string[];
  /** Makers' files below the top folder of their repository, where sync does not read them. */
  readonly elsewhere: readonly string[];
  /** Files that cannot be read, or that sync would not read; the others are still checked. */
  readonly problems: readonly Problem[];
  /** Number of files. */
  readonly files: number;
}

/** Lists the files of the paths, in order; files in a folder are sorted by name. */
export async function listInputs(
  paths: readonly string[],
  { cwd, stdin }: { readonly cwd: string; readonly stdin: () => Promise<Uint8Array> },
): Promise<CheckInputs> {
  const inputs: CheckInput[] = [];
  const folders = new Set<string>();
  const problems: Problem[] = [];
  let files = 0;
  for (const path of paths) {
    const isFolder = path !== '-' && (await stat(resolve(cwd, path)).catch(() => undefined))?.isDirectory() === true;
    folders.add(isFolder ? path : path === '-' ? '.' : dirname(path));
    for (const file of isFolder ? await filesBelow(cwd, path) : [path]) {
      files += 1;
      try {
        const bytes = file === '-' ? await stdin() : readInput(cwd, file, MAX_PLATFORM_BYTES);
        // Deeper in a folder, a file of that name can be anything.
        const isPlace = basename(file) === PREVIEW_FILE && (!isFolder || dirname(file) === join(path));
        const isPreview = isPlace || claimsPreview(bytes);
        inputs.push({ file: file === '-' ? STDIN : file, bytes, isPreview });
        const isMisnamed = /^preview\.ya?ml$/i.test(basename(file)) && basename(file) !== PREVIEW_FILE;
        if (isPreview && isMisnamed)
          problems.push({ file, message: `must be called ${PREVIEW_FILE}: sync reads no other name` });
      } catch (error) {
        if (!(error instanceof GreenroomError) || error.code !== 'invalid-input') throw error;
        problems.push(...error.problems);
      }
    }
  }
  const elsewhere = inputs
    .filter(({ file, isPreview }) => isPreview && file !== STDIN && isBelowTop(resolve(cwd, dirname(file))))
    .map(({ file }) => file);
  return { inputs, folders: [...folders.add('.')], elsewhere, problems, files };
}

/** Whether a folder is inside a repository, but not its top folder. */
function isBelowTop(folder: string): boolean {
  if (existsSync(join(folder, '.git'))) return false;
  for (let at = dirname(folder); at !== dirname(at); at = dirname(at)) if (existsSync(join(at, '.git'))) return true;
  return false;
}

/** All YAML and JSON files below a folder, sorted; links and hidden folders are skipped. */
async function filesBelow(cwd: string, folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(resolve(cwd, folder), { withFileTypes: true })) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    const inner = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await filesBelow(cwd, inner)));
    else if (entry.isFile() && /\.(ya?ml|json)$/i.test(entry.name)) found.push(inner);
  }
  return found.sort(compareStrings);
}

import { GreenroomError } from '../core/errors.ts';
import type { ChangeSet, FileSet } from '../core/fileset.ts';
import { compareStrings } from '../core/fileset.ts';
import { isSafePath } from '../core/path.ts';
import type { RepoState } from './apps-repo.ts';

export interface PlanRequest {
  /** The current content of the folders. */
  readonly now: Pick<RepoState, 'files' | 'irregular'>;
  /** The wanted content; if empty, the folders are removed. */
  readonly wanted: FileSet;
  /** The only folders that may be changed, without a trailing `/`. */
  readonly folders: readonly string[];
}

/**
 * The change from the current to the wanted content; empty if they are equal. Pure.
 *
 * @throws GreenroomError `failed`, with one problem per path, if a path is outside the folders, unsafe, or both a file
 * and a folder
 */
export function planChange({ now, wanted, folders }: PlanRequest): ChangeSet {
  checkFolders(folders, wanted);
  const present = [...now.files.keys(), ...now.irregular];
  const problems = [
    ...[...present, ...wanted.keys()].filter((path) => !isWithin(path, folders)).map(problem('is outside the folder')),
    ...[...wanted.keys()].filter((path) => !isSafePath(path)).map(problem('is an unsafe path')),
    ...[...wanted.keys()]
      .filter((path) => parents(path).some((folder) => wanted.has(folder)))
      .map(problem('is below a file')),
  ];
  if (problems.length > 0) {
    throw new GreenroomError('failed', `refused to plan a change outside ${folders.join(', ')}`, { problems });
  }
  const removed = present.filter((path) => !wanted.has(path)).map((path) => [path, null] as const);
  const written = [...wanted].filter(([path, content]) => now.files.get(path) !== content);
  return new Map([...removed, ...written].sort(([a], [b]) => compareStrings(a, b)));
}

/** A folder that is only removed may have any name: somebody else created it. */
function checkFolders(folders: readonly string[], wanted: FileSet): void {
  const isUsable = (folder: string) => (wanted.size === 0 ? folder !== '' : isSafePath(folder));
  if (folders.length === 0 || !folders.every(isUsable))
    throw new Error(`not folders to plan in: ${folders.join(', ')}`);
}

/** Whether a path is below one of the folders. Compares whole segments: `previews/a` does not include `previews/ab`. */
function isWithin(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path.startsWith(`${folder}/`));
}

function parents(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'));
}

function problem(what: string): (path: string) => { file: string; message: string } {
  return (path) => ({ file: JSON.stringify(path).slice(1, -1), message: what });
}

import { GreenroomError } from '../core/errors.ts';
import type { ChangeSet, FileSet } from '../core/fileset.ts';
import { compareStrings } from '../core/fileset.ts';
import { isSafePath } from '../core/path.ts';
import type { RepoState } from './apps-repo.ts';

export interface PlanRequest {
  /** What lies in the folders now. */
  readonly now: Pick<RepoState, 'files' | 'irregular'>;
  /** What shall lie there; none removes the folders. */
  readonly wanted: FileSet;
  /** The only folders that may be touched, without a closing `/`. */
  readonly folders: readonly string[];
}

/**
 * The change that turns what is there into what is wanted; empty when they are equal. Pure.
 *
 * @throws GreenroomError `failed`, with one problem a path, when a path lies outside the folders, may not be written, or
 * is a file and a folder at once
 */
export function planChange({ now, wanted, folders }: PlanRequest): ChangeSet {
  checkFolders(folders);
  const present = [...now.files.keys(), ...now.irregular];
  const problems = [
    ...[...present, ...wanted.keys()]
      .filter((path) => !isWithin(path, folders))
      .map(problem('lies outside the folder')),
    ...[...wanted.keys()].filter((path) => !isSafePath(path)).map(problem('may not be written')),
    ...[...wanted.keys()]
      .filter((path) => parents(path).some((folder) => wanted.has(folder)))
      .map(problem('lies below a file')),
  ];
  if (problems.length > 0) {
    throw new GreenroomError('failed', `refused to plan a change outside ${folders.join(', ')}`, { problems });
  }
  const removed = present.filter((path) => !wanted.has(path)).map((path) => [path, null] as const);
  const written = [...wanted].filter(([path, content]) => now.files.get(path) !== content);
  return new Map([...removed, ...written].sort(([a], [b]) => compareStrings(a, b)));
}

function checkFolders(folders: readonly string[]): void {
  if (folders.length === 0 || !folders.every(isSafePath))
    throw new Error(`not folders to plan in: ${folders.join(', ')}`);
}

/** Below one of the folders by whole segments: `previews/a` does not reach into `previews/ab`. */
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

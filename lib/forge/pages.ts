import type { PullRequestRef, RepositoryRef } from '../core/repository.ts';

/**
 * Addresses of a forge's pages. Names of branches and files come from people who may be hostile: no character of theirs
 * may end an address or lead out of it, see {@link inAddress}.
 */
export interface Pages {
  /** A file at a commit. @param line counted from 1 @default - the whole file */
  file(repository: RepositoryRef, sha: string, path: string, line?: number): string;
  /** Where a file of a branch can be edited. */
  edit(repository: RepositoryRef, branch: string, path: string): string;
  /** Where a file can be added to a branch. */
  newFile(repository: RepositoryRef, branch: string, path: string): string;
  commit(repository: RepositoryRef, sha: string): string;
  pullRequest(pull: PullRequestRef): string;
  /** What runs for a pull request: its builds and their logs. */
  builds(pull: PullRequestRef): string;
}

/** A path as a part of an address, its slashes kept. */
export function inAddress(path: string): string {
  const escaped = (part: string) =>
    encodeURIComponent(part.toWellFormed()).replace(/[!'()*]|^\.{1,2}$/g, (text) =>
      [...text].map((c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`).join(''),
    );
  return path.split('/').map(escaped).join('/');
}

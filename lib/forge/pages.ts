import type { PullRequestRef, RepositoryRef } from '../core/repository.ts';

/**
 * Addresses of a forge's web pages. Names of branches and files are untrusted, so they are escaped, see
 * {@link inAddress}.
 */
export interface Pages {
  /** A file at a commit. @param line counted from 1 @default - the whole file */
  file(repository: RepositoryRef, sha: string, path: string, line?: number): string;
  /** Page for editing a file of a branch. */
  edit(repository: RepositoryRef, branch: string, path: string): string;
  /** Page for adding a file to a branch. */
  newFile(repository: RepositoryRef, branch: string, path: string): string;
  commit(repository: RepositoryRef, sha: string): string;
  pullRequest(pull: PullRequestRef): string;
  /** The builds of a pull request and their logs. */
  builds(pull: PullRequestRef): string;
}

/** Escapes a path as part of an address; slashes stay. */
export function inAddress(path: string): string {
  const escaped = (part: string) =>
    encodeURIComponent(part.toWellFormed()).replace(/[!'()*]|^\.{1,2}$/g, (text) =>
      [...text].map((c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`).join(''),
    );
  return path.split('/').map(escaped).join('/');
}

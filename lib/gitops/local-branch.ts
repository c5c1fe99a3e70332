import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gitFailure } from '../core/git/failure.ts';
import { tryGit } from '../core/git/process.ts';
import type { BranchAccess } from './git.ts';
import type { GitRepository } from './repository.ts';

/** A sample of one in 256 object folders with more than this many loose objects: git's own sign that it is time to pack. */
const LOOSE_SAMPLE = 27;

/** A branch of a repository on this machine. `git update-ref` compares and swaps under the ref's lock. */
export class LocalBranch implements BranchAccess {
  readonly description: string;
  readonly #repository: GitRepository;
  readonly #ref: string;
  readonly #objectsFolder: string;

  constructor(description: string, repository: GitRepository, branch: string, objectsFolder: string) {
    this.description = description;
    this.#repository = repository;
    this.#ref = `refs/heads/${branch}`;
    this.#objectsFolder = objectsFolder;
  }

  async head(): Promise<string | null> {
    const commit = await this.#repository.commit(this.#ref);
    if (commit !== undefined) return commit.oid;
    // No branch, or one whose commit is gone: only the former is an empty repository.
    const output = await tryGit(this.#repository.options, ['rev-parse', '--verify', '--quiet', this.#ref]);
    if (output.code === 0)
      throw gitFailure(`reading ${this.description}`, 'fatal: the commit of the branch is missing');
    return null;
  }

  async isStale(expected: string | null): Promise<boolean> {
    return (await this.head()) !== expected;
  }

  async swap(expected: string | null, next: string): Promise<boolean> {
    const none = '0'.repeat(this.#repository.format.bytes * 2);
    const args = ['update-ref', '-m', 'greenroom: commit', this.#ref, next, expected ?? none];
    const output = await tryGit(this.#repository.options, args);
    if (output.code === 0) {
      await this.#pack();
      return true;
    }
    const now = await this.head();
    // Two processes that made the very same commit made one change.
    if (now === next) return true;
    if (now !== expected) return false;
    throw gitFailure(`committing to ${this.description}`, output.stderr);
  }

  async fetch(): Promise<void> {
    // Everything that there is, is here.
  }

  async close(): Promise<void> {
    // The repository is the caller's.
  }

  /** Loose objects are packed from time to time, as after a push; git decides (`gc.auto`) and goes on by itself. */
  async #pack(): Promise<void> {
    const sample = await readdir(join(this.#objectsFolder, '17')).catch(() => []);
    if (sample.length > LOOSE_SAMPLE) await tryGit(this.#repository.options, ['gc', '--auto', '--quiet']);
  }
}

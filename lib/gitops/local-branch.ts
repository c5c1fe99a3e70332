import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gitFailure } from '../core/git/failure.ts';
import { tryGit } from '../core/git/process.ts';
import type { BranchAccess } from './git.ts';
import { RefSession } from './ref-session.ts';
import type { GitRepository } from './repository.ts';

/** If one of the 256 object folders has more loose objects than this, it is time to pack. Git uses the same sample. */
const LOOSE_SAMPLE = 27;

const REASON = 'greenroom: commit';

/** A branch of a local repository. `git update-ref` does the compare-and-swap under the ref's lock. */
export class LocalBranch implements BranchAccess {
  readonly description: string;
  readonly #repository: GitRepository;
  readonly #ref: string;
  readonly #objectsFolder: string;
  readonly #session: RefSession;

  constructor(description: string, repository: GitRepository, branch: string, objectsFolder: string) {
    this.description = description;
    this.#repository = repository;
    this.#ref = `refs/heads/${branch}`;
    this.#objectsFolder = objectsFolder;
    this.#session = new RefSession(repository.options, REASON);
  }

  async head(): Promise<string | null> {
    const commit = await this.#repository.commit(this.#ref);
    if (commit !== undefined) return commit.oid;
    // Either there is no branch, or its commit is missing; only the former is an empty repository.
    const output = await tryGit(this.#repository.options, ['rev-parse', '--verify', '--quiet', this.#ref]);
    if (output.code === 0)
      throw gitFailure(`reading ${this.description}`, 'fatal: the commit of the branch is missing');
    return null;
  }

  async isStale(expected: string | null): Promise<boolean> {
    this.#session.start();
    return (await this.head()) !== expected;
  }

  async compareAndSwap(expected: string | null, next: string): Promise<boolean> {
    const none = '0'.repeat(this.#repository.format.bytes * 2);
    const old = expected ?? none;
    let moved = await this.#session.move(this.#ref, next, old);
    let words = '';
    // The session gives no reason for a failure. A separate call may succeed; otherwise it gives the reason.
    if (!moved && (await this.head()) === expected) {
      const { code, stderr } = await tryGit(this.#repository.options, [
        'update-ref',
        '-m',
        REASON,
        this.#ref,
        next,
        old,
      ]);
      [moved, words] = [code === 0, stderr];
    }
    if (moved) {
      await this.#pack();
      return true;
    }
    const now = await this.head();
    // Another process made the same commit: that is one change.
    if (now === next) return true;
    if (now !== expected) return false;
    throw gitFailure(`committing to ${this.description}`, words);
  }

  async fetch(): Promise<void> {
    // A local repository has all objects.
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  /** Packs loose objects from time to time, as git does after a push; git decides (`gc.auto`) and works in the background. */
  async #pack(): Promise<void> {
    const sample = await readdir(join(this.#objectsFolder, '17')).catch(() => []);
    if (sample.length > LOOSE_SAMPLE) await tryGit(this.#repository.options, ['gc', '--auto', '--quiet']);
  }
}

import { rm } from 'node:fs/promises';
import { GreenroomError } from '../core/errors.ts';
import { gitFailure } from '../core/git/failure.ts';
import { isObjectId } from '../core/git/objects.ts';
import type { GitOptions, GitOutput } from '../core/git/process.ts';
import { git, tryGit } from '../core/git/process.ts';
import type { BranchAccess } from './git.ts';

/** The remote's name; its address and credentials live in the environment of the calls only. */
export const REMOTE = 'apps';

const QUIET = ['--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--no-auto-maintenance', '--quiet'];
const NO_BLOBS = '--filter=blob:none';
// Two ways of saying that the branch moved: our own comparison, and the other side's under its lock.
const LOST =
  /stale info|fetch first|non-fast-forward|failed to update ref|cannot lock ref|incorrect old value|already exists|needs force/i;

/** A branch on another side, by way of a shallow copy without file contents that is this object's own. */
export class RemoteBranch implements BranchAccess {
  readonly description: string;
  readonly #options: GitOptions;
  readonly #ref: string;
  readonly #folder: string;
  /** Some servers (and plain file access over http) serve whole histories only. */
  #whole = false;

  /** @param folder removed at the end */
  constructor(description: string, options: GitOptions, branch: string, folder: string) {
    this.description = description;
    this.#options = options;
    this.#ref = `refs/heads/${branch}`;
    this.#folder = folder;
  }

  async head(): Promise<string | null> {
    const copy = `refs/remotes/${REMOTE}/head`;
    const output = await this.#fetch([`+${this.#ref}:${copy}`]);
    if (output.code === 0) return (await this.#git(['rev-parse', '--verify', copy])).trim();
    // Taken for empty only when the remote, asked again, positively lists no such branch.
    if (!/couldn't find remote ref/i.test(output.stderr)) throw this.#failure(output);
    const listed = await this.#git(['ls-remote', REMOTE, this.#ref]);
    if (listed.trim() !== '') throw new GreenroomError('unreachable', `${this.description} is changing; run again`);
    return null;
  }

  async isStale(): Promise<boolean> {
    return false;
  }

  async compareAndSwap(expected: string | null, next: string): Promise<boolean> {
    // Only the exact lease refuses a branch that was rolled back to an ancestor of `next`.
    const lease = `--force-with-lease=${this.#ref}:${expected ?? ''}`;
    const flags = ['--porcelain', '--no-follow-tags', '--recurse-submodules=no', '--no-thin'];
    const output = await tryGit(this.#options, ['push', ...flags, lease, REMOTE, `${next}:${this.#ref}`]);
    if (output.code === 0) return true;
    const refusal = /^!\t[^\t]*\t(.*)$/m.exec(output.stdout)?.[1];
    if (refusal === undefined) throw this.#failure(output);
    if (LOST.test(refusal)) return false;
    throw new GreenroomError('failed', `${this.description} refused the commit: ${refusal}`, {
      cause: new Error(output.stderr.trim()),
    });
  }

  async fetch(oids: readonly string[]): Promise<void> {
    const flags = [...QUIET, NO_BLOBS, '--stdin'];
    const input = oids.join('\n');
    const output = await tryGit(this.#options, ['-c', 'fetch.negotiationAlgorithm=noop', 'fetch', ...flags, REMOTE], {
      input: `${input}\n`,
    });
    if (output.code !== 0) throw this.#failure(output);
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #fetch(refspecs: readonly string[]): Promise<GitOutput> {
    if (!this.#whole) {
      const output = await tryGit(this.#options, ['fetch', ...QUIET, '--depth=1', NO_BLOBS, REMOTE, ...refspecs]);
      if (output.code === 0 || !/shallow|depth|filter/i.test(output.stderr)) return output;
      this.#whole = true;
    }
    return tryGit(this.#options, ['fetch', ...QUIET, REMOTE, ...refspecs]);
  }

  #git(args: readonly string[]): Promise<string> {
    return git(this.#options, args, { doing: `asking ${this.description}` });
  }

  #failure(output: GitOutput): GreenroomError {
    return gitFailure(`asking ${this.description}`, output.stderr);
  }
}

/** What a remote says of itself: its default branch, if it has one, and the length of its object ids. */
export async function describeRemote(
  options: GitOptions,
  description: string,
): Promise<{ readonly branch: string | undefined; readonly format: 'sha1' | 'sha256' }> {
  const listed = await git(options, ['ls-remote', '--symref', REMOTE, 'HEAD', 'refs/heads/*'], {
    doing: `asking ${description}`,
  });
  const oid = listed.split('\n').find((line) => isObjectId(line.split('\t')[0] ?? ''));
  return {
    branch: /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(listed)?.[1],
    format: oid?.indexOf('\t') === 64 ? 'sha256' : 'sha1',
  };
}

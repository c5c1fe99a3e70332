import { rm } from 'node:fs/promises';
import { GreenroomError } from '../core/errors.ts';
import { gitFailure } from '../core/git/failure.ts';
import { isObjectId } from '../core/git/objects.ts';
import type { GitOptions, GitOutput } from '../core/git/process.ts';
import { git, tryGit } from '../core/git/process.ts';
import type { BranchAccess } from './git.ts';

/** The remote's name. Its address and credentials are passed to git through the environment only. */
export const REMOTE = 'apps';

const QUIET = ['--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--no-auto-maintenance', '--quiet'];
const NO_BLOBS = '--filter=blob:none';
// Messages that mean "the branch has moved", from our own comparison or from the server's.
const LOST =
  /stale info|fetch first|non-fast-forward|failed to update ref|cannot lock ref|incorrect old value|already exists|needs force/i;

/** A branch of a remote repository, through a temporary shallow clone without file contents. */
export class RemoteBranch implements BranchAccess {
  readonly description: string;
  readonly #options: GitOptions;
  readonly #ref: string;
  readonly #folder: string;
  /** Whether the server can only send the whole history, as some servers and plain files over http do. */
  #whole = false;

  /** @param folder temporary folder, removed by {@link close} */
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
    // The repository counts as empty only if the remote positively lists no such branch.
    if (!/couldn't find remote ref/i.test(output.stderr)) throw this.#failure(output);
    const listed = await this.#git(['ls-remote', REMOTE, this.#ref]);
    if (listed.trim() !== '') throw new GreenroomError('unreachable', `${this.description} is changing; run again`);
    return null;
  }

  async isStale(): Promise<boolean> {
    return false;
  }

  async compareAndSwap(expected: string | null, next: string): Promise<boolean> {
    // The lease also refuses a branch that was reset to an ancestor of `next`.
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

/** A remote's default branch, if it has one, and its object format. */
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

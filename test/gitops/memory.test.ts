import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe } from 'vitest';
import type { AppsRepo, CommitRequest, CommitResult, RepoState } from '../../lib/gitops/apps-repo.ts';
import { LooseObjects } from '../../lib/gitops/loose.ts';
import { bareRepo, COMMIT_TIME, GIT_ENV, git, headOf } from '../support/git.ts';
import { MemoryGit } from '../support/memory/git.ts';
import { appsRepoContract } from './contract.ts';

/** Brings a bare repository into memory before each call and what is new back after it, for a suite that looks with git. */
class Mirrored implements AppsRepo {
  readonly #memory = new MemoryGit();
  readonly #repo = this.#memory.open(() => COMMIT_TIME);
  readonly #path: string;
  readonly #branch: string;

  constructor(path: string, branch = 'main') {
    this.#path = path;
    this.#branch = branch;
  }

  get description(): string {
    return this.#repo.description;
  }

  async read(globs: readonly string[], at?: string | null): Promise<RepoState> {
    this.#load();
    return this.#repo.read(globs, at);
  }

  async commit(request: CommitRequest): Promise<CommitResult> {
    this.#load();
    const known = new Set(this.#memory.objects.keys());
    const before = this.#memory.branch;
    const result = await this.#repo.commit(request);
    const made = [...this.#memory.objects].filter(([oid]) => !known.has(oid));
    await new LooseObjects(join(this.#path, 'objects'), undefined, randomUUID).write(new Map(made));
    const head = this.#memory.branch;
    if (head !== before && head !== null) git(this.#path, ['update-ref', `refs/heads/${this.#branch}`, head]);
    return result;
  }

  close(): Promise<void> {
    return this.#repo.close();
  }

  #load(): void {
    this.#memory.branch = headOf(this.#path, this.#branch);
    const args = ['cat-file', '--batch-all-objects', '--unordered', '--batch'];
    const all = execFileSync('git', args, { cwd: this.#path, env: GIT_ENV });
    for (let at = 0; at < all.length; ) {
      const line = all.indexOf(0x0a, at);
      const [oid = '', type, size] = all.toString('latin1', at, line).split(' ');
      const content = all.subarray(line + 1, line + 1 + Number(size));
      this.#memory.add({ oid, data: Buffer.concat([Buffer.from(`${type} ${size}\0`), content]) });
      at = line + 2 + content.length;
    }
  }
}

describe('git in memory', () => {
  appsRepoContract({
    make: bareRepo,
    open: async (path, branch) => new Mirrored(path, branch),
    author: 'greenroom <greenroom@localhost>|greenroom',
    runs: 4,
  });
});

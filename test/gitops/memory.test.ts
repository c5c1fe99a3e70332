import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeTree, encodeTree, OBJECT_FORMATS } from '../../lib/core/git/objects.ts';
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
    histories: 4,
  });
});

test('a new tree that would lose more than the plan says moves nothing', async () => {
  const store = new MemoryGit();
  const repo = store.open(() => COMMIT_TIME);
  const files = new Map([
    ['previews/a', '1'],
    ['greenroom.yaml', '2'],
  ]);
  await repo.commit({ expectedHead: null, change: files, message: 'both' });
  const before = store.branch!;
  const root = store.parsed(before)!.tree;
  const whole = store.tree;
  let readings = 0;
  // What the change is laid over lacks a file, the first time that it is read.
  const tree = async (oid: string) => {
    const data = await whole(oid);
    readings += oid === root ? 1 : 0;
    const isDamaged = oid === root && readings === 1;
    if (!isDamaged) return data;
    return encodeTree([...decodeTree(OBJECT_FORMATS.sha1, data).values()].filter(({ name }) => name === 'previews'));
  };
  Object.assign(store, { tree });
  const change = new Map([['previews/a', '3']]);
  await expect(repo.commit({ expectedHead: before, change, message: 'one' })).rejects.toThrow(/greenroom\.yaml/);
  expect(store.branch).toBe(before);
});

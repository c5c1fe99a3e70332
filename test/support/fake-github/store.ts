import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeCommit, decodeTree, OBJECT_FORMATS } from '../../../lib/core/git/objects.ts';
import { ObjectReader, type StoredObject } from '../../../lib/core/git/reader.ts';
import type { PullFile } from '../forge.ts';
import { GIT_ENV, git, headOf } from '../git.ts';
import { findLoose, readCommit, readHead, readLoose } from '../loose.ts';

export interface StoredComment {
  readonly id: string;
  /** Node id of the pull request. */
  readonly subject: string;
  /** Beyond 32 bits, as the real ones are. */
  readonly number: number;
  readonly author: string;
  readonly createdAt: number;
  body: string;
  /** ISO 8601; later with every change. */
  updatedAt: string;
  /** Who edited it last. */
  editor: string | null;
  /** Content by login. */
  readonly reactions: { readonly login: string; readonly content: string }[];
}

/** A refusal in GitHub's words. */
export class FakeError extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

interface HistoryEntry {
  readonly oid: string;
  readonly message: string;
  /** Unix seconds. */
  readonly committedAt: number;
}

/** One repository: objects and refs from the bare repository, pull requests from the files beside it. */
export class FakeRepository {
  readonly owner: string;
  readonly name: string;
  readonly id: number;
  readonly gitDir: string;
  readonly pulls: string;
  readonly #first: number | undefined;
  readonly #objects: ObjectReader;

  constructor(root: string, owner: string, name: string, fallbackId: number) {
    this.owner = owner;
    this.name = name;
    this.gitDir = join(root, owner, `${name}.git`);
    this.pulls = join(root, owner, name, 'pulls');
    this.#objects = new ObjectReader({ gitDir: this.gitDir }, 1 << 27, this.gitDir, 1 << 25);
    this.#first = this.#numbers()[0];
    this.id = this.#first === undefined ? fallbackId : this.pullRequest(this.#first)!.repositoryId;
  }

  /** Whether the folders still hold the same repository; one without pull requests is looked at anew. */
  isThere(): boolean {
    return this.#first !== undefined && this.pullRequest(this.#first)?.repositoryId === this.id;
  }

  close(): Promise<void> {
    return this.#objects.close();
  }

  pullRequests(): PullFile[] {
    return this.#numbers().map((number) => this.pullRequest(number)!);
  }

  #numbers(): number[] {
    if (!existsSync(this.pulls)) return [];
    const numbers = readdirSync(this.pulls).flatMap((file) => /^(\d+)\.json$/.exec(file)?.[1] ?? []);
    return numbers.map(Number).sort((a, b) => a - b);
  }

  pullRequest(number: number): PullFile | undefined {
    const file = join(this.pulls, `${number}.json`);
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as PullFile) : undefined;
  }

  defaultBranch(): string {
    return readHead(this.gitDir);
  }

  isEmpty(): boolean {
    return this.head(this.defaultBranch()) === null && git(this.gitDir, ['for-each-ref', '--count=1']) === '';
  }

  head(branch: string): string | null {
    return headOf(this.gitDir, branch);
  }

  async object(name: string): Promise<StoredObject | undefined> {
    const loose = findLoose(this.gitDir, name);
    if (loose === undefined) return this.#objects.read(name);
    return loose === null ? undefined : { ...loose, size: loose.content.length };
  }

  typeOf(name: string): string | undefined {
    return findLoose(this.gitDir, name)?.type ?? (this.#ask(['cat-file', '-t', name]) || undefined);
  }

  /** Whether the newer commit holds all that the older one does. */
  isAncestor(older: string, newer: string): boolean {
    for (const next = [newer]; next.length > 0; ) {
      const oid = next.pop()!;
      if (oid === older) return true;
      const commit = readLoose(this.gitDir, oid);
      if (commit?.type !== 'commit') return this.#ask(['merge-base', '--is-ancestor', older, newer]) !== null;
      next.push(...readCommit(commit.content).parents);
    }
    return false;
  }

  /** A commit and those before it, the newest first. @param since unix seconds */
  history(head: string, since = Number.NEGATIVE_INFINITY): HistoryEntry[] {
    const found: HistoryEntry[] = [];
    for (let oid: string | undefined = head; oid !== undefined; ) {
      const object = readLoose(this.gitDir, oid);
      if (object?.type !== 'commit') return this.#log(head, since);
      const { parents, message }: ReturnType<typeof readCommit> = readCommit(object.content);
      if (parents.length > 1) return this.#log(head, since);
      const committedAt = decodeCommit(object.content).committedAt!;
      if (committedAt >= since) found.push({ oid, message, committedAt });
      oid = parents[0];
    }
    return found;
  }

  #log(head: string, since: number): HistoryEntry[] {
    const flags = Number.isFinite(since) ? [`--since=${since}`] : [];
    const texts = git(this.gitDir, ['log', '-z', '--format=%H %ct%n%B', ...flags, head])
      .split('\0')
      .filter(Boolean);
    return texts.map((text) => {
      const end = text.indexOf('\n');
      const [oid = '', time] = text.slice(0, end).split(' ');
      return { oid, committedAt: Number(time), message: text.slice(end + 1) };
    });
  }

  /** Output of git, or null when it says no. */
  #ask(args: readonly string[]): string | null {
    const { status, stdout } = spawnSync('git', args, { cwd: this.gitDir, env: GIT_ENV, encoding: 'utf8' });
    return status === 0 ? stdout.trim() : null;
  }

  async commit(oid: string) {
    const object = await this.object(oid);
    return object?.type === 'commit' ? { oid: object.oid, ...decodeCommit(object.content!) } : undefined;
  }

  async tree(oid: string) {
    const object = await this.object(oid);
    if (object?.type !== 'tree') return [];
    return [...decodeTree(OBJECT_FORMATS[oid.length === 64 ? 'sha256' : 'sha1'], object.content!).values()];
  }
}

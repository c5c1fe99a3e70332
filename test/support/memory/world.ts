import { formatTime } from '../../../lib/core/clock.ts';
import { encodeObject } from '../../../lib/core/git/objects.ts';
import type { RepositoryRef } from '../../../lib/core/repository.ts';
import type { SyncContext } from '../../../lib/sync/plan/base.ts';
import type { TestFiles } from '../git.ts';
import { OPENED, platformText, previewText } from '../inputs.ts';
import type { AnyWorld, PullOptions } from '../world.ts';
import { MemoryForge } from './forge.ts';
import { MemoryGit } from './git.ts';

/** The same world without a file and a process. */
export class MemoryWorld implements AnyWorld {
  now = OPENED + 60;
  readonly #forge = new MemoryForge(() => this.now);
  readonly #git = new MemoryGit();
  readonly #heads = new Map<string, string>();
  readonly #ids = new Map<string, number>();
  #nextId = 1000;

  constructor(platform = platformText()) {
    this.settle({ 'greenroom.yaml': platform });
  }

  push(name: string, files: TestFiles = { 'preview.yaml': previewText() }, time = OPENED): string {
    const sha = this.#forge.repository('acme', name, files, time);
    this.#heads.set(name, sha);
    return sha;
  }

  pull(name: string, number: number, options: PullOptions = {}): void {
    const repositoryId = this.id(name);
    const { sha = this.#heads.get(name)!, createdAt = OPENED, state = 'open', headRepositoryId, ...rest } = options;
    const updatedAt = formatTime(options.updatedAt ?? Math.max(createdAt, this.now - 60));
    this.#forge.pull('acme', name, {
      author: 'mia',
      title: 'A change',
      ...rest,
      number,
      repositoryId,
      state,
      head: { sha, ref: 'change', repositoryId: headRepositoryId === undefined ? repositoryId : headRepositoryId },
      createdAt: formatTime(createdAt),
      updatedAt,
      closedAt: state === 'closed' ? updatedAt : null,
    });
  }

  lose(name: string, number: number): void {
    this.#forge.lose(refOf(name), number);
  }

  spoil(name: string, number: number): void {
    this.#forge.spoil(refOf(name), number);
  }

  id(name: string): number {
    if (!this.#ids.has(name)) this.#ids.set(name, this.#nextId++);
    return this.#ids.get(name)!;
  }

  forget(name: string): void {
    this.#ids.delete(name);
  }

  rename(from: string, to: string): void {
    for (const known of [this.#ids, this.#heads] as Map<string, unknown>[]) {
      known.set(to, known.get(from));
      known.delete(from);
    }
    this.#forge.move(`acme/${from}`, `acme/${to}`);
  }

  async with<T>(work: (context: SyncContext) => Promise<T>): Promise<T> {
    const clock = () => this.now;
    return work({ repo: this.#git.open(clock), forge: this.#forge, clock });
  }

  paths(): string[] {
    return [...this.#entries().keys()].filter((path) => path.startsWith('previews/')).sort();
  }

  previews(): string[] {
    return [...new Set(this.paths().map((path) => path.split('/')[3]!))].sort();
  }

  read(path: string): string {
    const oid = this.#entries().get(path);
    if (oid === undefined) throw new Error(`the apps repo holds no ${path}`);
    return this.#text(oid).replace(/\n$/, '');
  }

  files(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#entries()].map(([path, oid]) => [path, this.#text(oid)]));
  }

  head(): string | null {
    return this.#git.branch;
  }

  commits(since?: string): number {
    let count = 0;
    for (let oid = this.#git.branch; oid !== null && oid !== since; oid = this.#git.parsed(oid)!.parent) count += 1;
    return count;
  }

  message(): string {
    return this.#git.message(this.#git.branch!);
  }

  settle(files: TestFiles): string {
    const all = new Map(this.#entries());
    for (const [path, file] of Object.entries(files)) {
      if (file === null) all.delete(path);
      else all.set(path, this.#git.add(encodeObject(this.#git.format, 'blob', bytesOf(file))));
    }
    this.#git.branch = this.#git.commitFiles(all, this.#git.branch, 'test');
    return this.#git.branch;
  }

  putBack(commit: string): void {
    this.#git.branch = commit;
  }

  async say(name: string, number: number, login: string, body: string): Promise<number> {
    return this.#forge.say(refOf(name), number, { login, isBot: login.endsWith('[bot]') }, body);
  }

  async allow(_: string, login: string, permission: string): Promise<void> {
    this.#forge.allow(login, permission);
  }

  notices(name: string, number: number): readonly string[] {
    return this.#forge.noticesOf(refOf(name), number);
  }

  answerTo(name: string, number: number, commentId: number): string | null {
    return this.#forge.answersTo(refOf(name), number, commentId).at(-1) ?? null;
  }

  comment(name: string, number: number): string | null {
    return this.#forge.comment(refOf(name), number);
  }

  check(name: string, number: number): { conclusion: string; title: string } | null {
    return this.#forge.checkOf(refOf(name), number);
  }

  /** Ids of the apps repo's files, by path. */
  #entries(): ReadonlyMap<string, string> {
    const { branch } = this.#git;
    return branch === null ? new Map() : this.#git.files(this.#git.parsed(branch)!.tree);
  }

  #text(oid: string): string {
    const data = this.#git.objects.get(oid)!;
    return data.toString('utf8', data.indexOf(0) + 1);
  }
}

function refOf(name: string): RepositoryRef {
  return { path: `acme/${name}` };
}

function bytesOf(file: NonNullable<TestFiles[string]>): Buffer {
  if (typeof file === 'string' || Buffer.isBuffer(file)) return Buffer.from(file);
  throw new Error(`an apps repo in memory holds regular files; found mode ${file.mode}`);
}

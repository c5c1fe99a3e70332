import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { formatTime } from '../../lib/core/clock.ts';
import { LocalForge } from '../../lib/forge/local.ts';
import { openGitAppsRepo } from '../../lib/gitops/open.ts';
import type { SyncContext } from '../../lib/sync/plan/base.ts';
import type { BuildFile } from './forge.ts';
import {
  bareRepo,
  commitFiles,
  entriesOf,
  filesOf,
  git,
  headOf,
  moveBranch,
  type TestFiles,
  tempFolder,
} from './git.ts';
import { OPENED, platformText, previewText } from './inputs.ts';
import { findLoose } from './loose.ts';

export interface PullOptions {
  readonly state?: 'open' | 'closed';
  readonly merged?: boolean;
  readonly draft?: boolean;
  readonly labels?: readonly string[];
  readonly sha?: string;
  /** @default - the repository's own id */
  readonly headRepositoryId?: number | null;
  /** Unix seconds. @default {@link OPENED} */
  readonly createdAt?: number;
  readonly updatedAt?: number;
  readonly title?: string;
  readonly author?: string;
  readonly files?: readonly string[];
  /** @default - nobody knows */
  readonly builds?: readonly BuildFile[];
}

/** A world of whatever kind: {@link World} without where it lies. */
export type AnyWorld = Omit<World, 'root' | 'forge' | 'appsRepo' | 'asking'>;

/** A local forge and a local apps repo in a temporary folder, and a clock that stands where it is put. */
export class World {
  readonly root = tempFolder();
  readonly forge = join(this.root, 'forge');
  readonly appsRepo: string;
  readonly #ids = new Map<string, number>();
  #nextId = 1000;
  #said = 0;
  now = OPENED + 60;

  constructor(platform = platformText()) {
    this.appsRepo = bareRepo({ 'greenroom.yaml': platform }, { path: join(this.root, 'previews.git') });
    mkdirSync(this.forge);
  }

  /** A micro app's repository with these files, or another commit on it. Gives the head. */
  push(name: string, files: TestFiles = { 'preview.yaml': previewText() }, time = OPENED): string {
    const path = join(this.forge, 'acme', `${name}.git`);
    mkdirSync(dirname(path), { recursive: true });
    if (!existsSync(path)) bareRepo({}, { path });
    return commitFiles(path, files, { time });
  }

  /** Writes a pull request of a repository that was pushed before. */
  pull(name: string, number: number, options: PullOptions = {}): void {
    const repositoryId = this.id(name);
    const { state = 'open', createdAt = OPENED, headRepositoryId = repositoryId } = options;
    const updatedAt = options.updatedAt ?? Math.max(createdAt, this.now - 60);
    const folder = join(this.forge, 'acme', name, 'pulls');
    mkdirSync(folder, { recursive: true });
    const pull = {
      number,
      repositoryId,
      state,
      merged: options.merged ?? false,
      draft: options.draft ?? false,
      labels: options.labels ?? [],
      head: {
        sha: options.sha ?? headOf(join(this.forge, 'acme', `${name}.git`), 'main'),
        ref: 'change',
        repositoryId: headRepositoryId,
      },
      author: options.author ?? 'mia',
      ...(options.files && { files: options.files }),
      ...(options.builds && { builds: options.builds }),
      title: options.title ?? 'A change',
      createdAt: formatTime(createdAt),
      updatedAt: formatTime(updatedAt),
      closedAt: state === 'closed' ? formatTime(updatedAt) : null,
    };
    const file = join(folder, `${number}.json`);
    writeFileSync(`${file}.tmp`, JSON.stringify(pull));
    renameSync(`${file}.tmp`, file);
  }

  /** The file of a pull request goes away. */
  lose(name: string, number: number): void {
    rmSync(this.#pullFile(name, number));
  }

  /** The file of a pull request becomes something that is none. */
  spoil(name: string, number: number): void {
    writeFileSync(this.#pullFile(name, number), '<html>maintenance</html>');
  }

  #pullFile(name: string, number: number): string {
    return join(this.forge, 'acme', name, 'pulls', `${number}.json`);
  }

  /** The id of a repository: it keeps it when it is renamed. */
  id(name: string): number {
    if (!this.#ids.has(name)) this.#ids.set(name, this.#nextId++);
    return this.#ids.get(name)!;
  }

  /** Removes a repository, so that another may come under its name. */
  forget(name: string): void {
    this.#ids.delete(name);
  }

  rename(from: string, to: string): void {
    this.#ids.set(to, this.id(from));
    this.#ids.delete(from);
    renameSync(join(this.forge, 'acme', `${from}.git`), join(this.forge, 'acme', `${to}.git`));
    renameSync(join(this.forge, 'acme', from), join(this.forge, 'acme', to));
  }

  async with<T>(work: (context: SyncContext) => Promise<T>): Promise<T> {
    const repo = await openGitAppsRepo(this.appsRepo, { clock: () => this.now });
    const forge = new LocalForge(this.forge, () => this.now);
    try {
      return await work({ repo, forge, clock: () => this.now });
    } finally {
      await repo.close();
      await forge.close();
    }
  }

  /** What a command line needs to ask the same forge. */
  async asking(): Promise<{ args: readonly string[]; env: Readonly<Record<string, string>> }> {
    return { args: ['--forge', this.forge], env: {} };
  }

  /** Paths of the apps repo's branch below previews/. */
  paths(): string[] {
    return [...entriesOf(this.appsRepo).keys()].filter((path) => path.startsWith('previews/'));
  }

  /** Names of the previews in the apps repo, sorted. */
  previews(): string[] {
    return [...new Set(this.paths().map((path) => path.split('/')[3]!))].sort();
  }

  read(path: string): string {
    const loose = findLoose(this.appsRepo, `main:${path}`);
    return loose ? loose.content.toString('utf8').replace(/\n$/, '') : git(this.appsRepo, ['show', `main:${path}`]);
  }

  /** Everything that the apps repo holds. */
  files(): Readonly<Record<string, string>> {
    return filesOf(this.appsRepo);
  }

  head(): string | null {
    return headOf(this.appsRepo, 'main');
  }

  /** How many commits the apps repo has. @param since not counted, like those before it @default - all */
  commits(since?: string): number {
    return Number(git(this.appsRepo, ['rev-list', '--count', since === undefined ? 'main' : `${since}..main`]));
  }

  /** Of the apps repo's head. */
  message(): string {
    return git(this.appsRepo, ['log', '-1', '--format=%B']);
  }

  /** Somebody else commits to the apps repo; gives the commit. */
  settle(files: TestFiles, message?: string): string {
    return commitFiles(this.appsRepo, files, message === undefined ? {} : { message });
  }

  /** Somebody puts the apps repo's branch back. */
  putBack(commit: string): void {
    moveBranch(this.appsRepo, 'main', commit);
  }

  /** Somebody comments on a pull request; gives the comment's id. */
  async say(name: string, number: number, author: string, body: string): Promise<number> {
    const folder = join(this.forge, 'acme', name, 'pulls', String(number), 'comments');
    mkdirSync(folder, { recursive: true });
    const id = ++this.#said;
    const bot = author.endsWith('[bot]');
    writeFileSync(join(folder, `${id}.json`), JSON.stringify({ author, body, bot, createdAt: formatTime(this.now) }));
    return id;
  }

  /** Gives somebody a permission on a repository. */
  async allow(name: string, login: string, permission: string): Promise<void> {
    const file = join(this.forge, 'acme', name, 'collaborators.json');
    const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
    writeFileSync(file, JSON.stringify({ ...known, [login]: permission }));
  }

  /** Notices that were sent, oldest first. */
  notices(name: string, number: number): readonly string[] {
    const file = join(this.forge, 'acme', name, 'pulls', String(number), 'notice.md');
    return existsSync(file) ? [readFileSync(file, 'utf8')] : [];
  }

  /** How we answered a comment. */
  answerTo(name: string, number: number, commentId: number): string | null {
    const file = join(this.forge, 'acme', name, 'pulls', String(number), 'comments', `${commentId}.answer`);
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
  }

  /** @param _ first line of the comment @default - that of the one comment about the preview */
  comment(name: string, number: number, _?: string): string | null {
    const file = join(this.forge, 'acme', name, 'pulls', String(number), 'comment.md');
    return existsSync(file) ? readFileSync(file, 'utf8') : null;
  }

  check(name: string, number: number): { conclusion: string; title: string } | null {
    const file = join(this.forge, 'acme', name, 'pulls', String(number), 'check.json');
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
  }
}

import { createHash } from 'node:crypto';
import type { Builds } from '../../../lib/core/build.ts';
import { parseTime } from '../../../lib/core/clock.ts';
import { GreenroomError, invalidInput } from '../../../lib/core/errors.ts';
import { type FileSet, fileSet } from '../../../lib/core/fileset.ts';
import { namesOf, type RepositoryRef } from '../../../lib/core/repository.ts';
import { type Capabilities, EVERYTHING } from '../../../lib/forge/capabilities.ts';
import type {
  Account,
  Check,
  CommandReaction,
  Forge,
  KeptDeployment,
  Lookup,
  Override,
  OverrideRequest,
  PublishOutcome,
  PullComment,
  PullRequest,
  PullRequestReport,
  RepositoryPulls,
} from '../../../lib/forge/forge.ts';
import { withDeployment } from '../../../lib/forge/local-deployments.ts';
import { parsePull } from '../../../lib/forge/local-pull.ts';
import type { Pages } from '../../../lib/forge/pages.ts';
import { type ForgeFixture, type PullFile, wholePull } from '../forge.ts';
import { COMMIT_TIME, type TestFiles } from '../git.ts';

interface Commit {
  readonly files: TestFiles;
  readonly time: number;
  readonly parents: readonly string[];
}

/** A comment as it stands, with the answers that it got. */
interface StoredComment extends Omit<PullComment, 'isAnswered'> {
  readonly answers: CommandReaction[];
}

interface Stored {
  readonly commits: Map<string, Commit>;
  readonly pulls: Map<number, PullFile>;
  /** Numbers of pull requests that nobody can read. */
  readonly spoilt: Set<number>;
  /** What people were told once, by number, oldest first. */
  readonly notices: Map<number, readonly string[]>;
  /** The last check of each pull request, by number. */
  readonly checks: Map<number, Check>;
  /** By number and environment. */
  readonly deployments: Map<string, readonly KeptDeployment[]>;
  /** Of each pull request, by number, oldest first. */
  readonly comments: Map<number, StoredComment[]>;
  /** All that was ever remembered for a head of a pull request, by its number and the head. */
  readonly holds: Map<string, Override[]>;
  head: (Commit & { readonly sha: string }) | undefined;
}

/** Who writes here. */
const OURSELVES: Account = { login: 'greenroom[bot]', isBot: true };

/** A forge without a file or a process, for tests that live through thousands of histories. */
export class MemoryForge implements Forge, ForgeFixture {
  readonly description = 'memory';
  readonly pages: Pages | null = null;
  readonly capabilities: Capabilities = EVERYTHING;
  /** Permissions on all repositories by login; whom it does not name is no collaborator. */
  readonly #permissions = new Map<string, string>();
  readonly #repositories = new Map<string, Stored>();
  readonly #clock: () => number;
  #nextComment = 1;

  /** @param clock unix seconds */
  constructor(clock: () => number = () => COMMIT_TIME) {
    this.#clock = clock;
  }

  repository(owner: string, name: string, files: TestFiles, time = COMMIT_TIME): string {
    const key = `${owner}/${name}`;
    const stored = this.#repositories.get(key) ?? {
      commits: new Map(),
      pulls: new Map(),
      spoilt: new Set(),
      notices: new Map(),
      checks: new Map(),
      deployments: new Map(),
      comments: new Map(),
      holds: new Map(),
      head: undefined,
    };
    this.#repositories.set(key, stored);
    const all = Object.entries({ ...stored.head?.files, ...files }).filter(([, file]) => file !== null);
    const parents = stored.head === undefined ? [] : [stored.head.sha];
    const commit = { files: Object.fromEntries(all), time, parents };
    const sha = createHash('sha1').update(JSON.stringify(commit)).digest('hex');
    stored.commits.set(sha, commit);
    stored.head = { ...commit, sha };
    return sha;
  }

  pull(owner: string, name: string, pull: Pick<PullFile, 'number' | 'repositoryId'> & Partial<PullFile>): PullFile {
    const whole = wholePull(pull);
    this.#repositories.get(`${owner}/${name}`)!.pulls.set(whole.number, whole);
    return whole;
  }

  move(from: string, to: string): void {
    const stored = this.#repositories.get(from)!;
    this.#repositories.delete(from);
    this.#repositories.set(to, stored);
  }

  remove(fullName: string): void {
    this.#repositories.delete(fullName);
  }

  /** A pull request goes away. */
  lose(repository: RepositoryRef, number: number): void {
    this.#find(repository)?.pulls.delete(number);
  }

  /** A pull request can be read no more. */
  spoil(repository: RepositoryRef, number: number): void {
    this.#find(repository)?.spoilt.add(number);
  }

  allow(login: string, permission: string): void {
    this.#permissions.set(login, permission);
  }

  /** Our comment. */
  comment(repository: RepositoryRef, number: number): string | null {
    return this.#ours(repository, number)?.body ?? null;
  }

  /** What people were told once, oldest first. */
  noticesOf(repository: RepositoryRef, number: number): readonly string[] {
    return this.#find(repository)?.notices.get(number) ?? [];
  }

  checkOf(repository: RepositoryRef, number: number): Check | null {
    return this.#find(repository)?.checks.get(number) ?? null;
  }

  /** Somebody comments on a pull request; gives the comment's id. */
  say(repository: RepositoryRef, number: number, author: Account, body: string): number {
    return this.#add(repository, number, { author, body, isOurs: false });
  }

  /** Somebody edits our comment. */
  edit(repository: RepositoryRef, number: number, editor: Account, body: string): void {
    this.#replace(repository, number, { ...this.#ours(repository, number)!, body, editor });
  }

  /** How we answered a comment, each time. */
  answersTo(repository: RepositoryRef, number: number, commentId: number): readonly CommandReaction[] {
    return this.#thread(repository, number).find(({ id }) => id === commentId)?.answers ?? [];
  }

  /** What is remembered for a head. */
  holdAt(repository: RepositoryRef, number: number, sha: string): Override | null {
    return this.#find(repository)?.holds.get(`${number} ${sha}`)?.at(-1) ?? null;
  }

  async pullRequest(repository: RepositoryRef, number: number): Promise<Lookup<PullRequest>> {
    const value = this.#pull(repository, number);
    return value === undefined ? unknown(`no ${repository.path}#${number}`) : found(value);
  }

  async pullRequestById(repositoryId: number, number: number, lastKnown: RepositoryRef): Promise<Lookup<PullRequest>> {
    const names = [lastKnown, ...[...this.#repositories.keys()].map((path) => ({ path }))];
    for (const name of names) {
      const value = this.#pull(name, number);
      if (value?.repository.id === repositoryId) return found(value);
    }
    return unknown(`no repository with the id ${repositoryId}`);
  }

  async *openPullRequests(owner: string, repositories?: readonly string[]): AsyncGenerator<RepositoryPulls> {
    const all = [...this.#repositories.keys()].map((path) => namesOf({ path })).filter((ref) => ref.owner === owner);
    if (repositories === undefined && all.length === 0) {
      throw new GreenroomError('unreachable', `no owner ${owner}`);
    }
    for (const name of repositories ?? all.map((ref) => ref.name).sort()) {
      const repository = { path: `${owner}/${name}` };
      const stored = this.#find(repository);
      if (stored === undefined) {
        yield { repository, pulls: [], complete: false, reason: `no ${owner}/${name}` };
        continue;
      }
      const numbers = [...stored.pulls.keys()].filter((number) => !stored.spoilt.has(number)).sort((a, b) => a - b);
      const pulls = numbers.map((number) => this.#pull(repository, number)!).filter(({ state }) => state === 'open');
      const [spoilt] = stored.spoilt;
      if (spoilt === undefined) yield { repository, pulls, complete: true };
      else yield { repository, pulls, complete: false, reason: unreadable(repository, spoilt) };
    }
  }

  async readFile(repository: RepositoryRef, sha: string, path: string): Promise<string | null> {
    const files = this.#files(repository, sha);
    if (Object.keys(files).some((other) => other.startsWith(`${path}/`))) throw refused(path, 'a folder');
    const file = files[path];
    return file === undefined ? null : textOf(path, file);
  }

  async builds({ repository, number, head }: PullRequest): Promise<Lookup<Builds>> {
    const file = this.#find(repository)?.pulls.get(number);
    if (file?.builds === undefined) return { status: 'unknown', reason: 'nobody says what runs' };
    const { builds } = parsePull(
      '',
      JSON.stringify({ ...file, head: { ...file.head, sha: head.sha } }),
      repository,
      number,
    );
    return builds === undefined ? { status: 'unknown', reason: 'nobody says' } : { status: 'found', value: builds };
  }

  async commitParents(repository: RepositoryRef, sha: string): Promise<readonly string[] | null> {
    return this.#find(repository)?.commits.get(sha)?.parents ?? null;
  }

  async readFolder(repository: RepositoryRef, sha: string, path: string): Promise<FileSet | null> {
    const files = this.#files(repository, sha);
    if (files[path] !== undefined) throw refused(path, 'a file');
    const inside = Object.entries(files).filter(([other]) => other.startsWith(`${path}/`));
    return inside.length === 0 ? null : fileSet(inside.map(([other, file]) => [other, textOf(other, file)]));
  }

  async publish({ repository, number }: PullRequest, report: PullRequestReport): Promise<PublishOutcome> {
    const comments = await this.comments({ repository, number });
    const ours = this.#ours(repository, number);
    const kept = report.environment === null ? [] : await this.deployments({ repository, number }, report.environment);
    const said = report.said({ comment: ours?.body ?? null, kept });
    const { comment: body, check, deployment } = said;
    if (body !== null && ours === undefined) this.#add(repository, number, { author: OURSELVES, body, isOurs: true });
    else if (body !== null && body !== ours!.body)
      this.#replace(repository, number, { ...ours!, body, editor: OURSELVES });
    const { notice, environment } = report;
    const notices = this.noticesOf(repository, number);
    if (notice !== null && !notices.some((text) => text.startsWith(notice.marker))) {
      this.#find(repository)?.notices.set(number, [...notices, notice.body]);
    }
    if (check !== null) this.#find(repository)?.checks.set(number, check);
    if (deployment !== null && environment !== null) {
      const now = deployment.isGone ? [] : withDeployment(kept, deployment, this.#clock());
      this.#find(repository)?.deployments.set(`${number} ${environment}`, now);
    }
    return { said, comments, failures: [] };
  }

  async deployments(
    { repository, number }: Pick<PullRequest, 'repository' | 'number'>,
    environment: string,
  ): Promise<readonly KeptDeployment[]> {
    return this.#find(repository)?.deployments.get(`${number} ${environment}`) ?? [];
  }

  async changedFiles({
    repository,
    number,
  }: Pick<PullRequest, 'repository' | 'number'>): Promise<Lookup<readonly string[]>> {
    const files = this.#find(repository)?.pulls.get(number)?.files;
    return files === undefined
      ? { status: 'unknown', reason: `nobody said what ${number} changes` }
      : { status: 'found', value: files };
  }

  async comments({ repository, number }: Pick<PullRequest, 'repository' | 'number'>): Promise<readonly PullComment[]> {
    return this.#thread(repository, number).map(({ answers, ...rest }) => ({
      ...rest,
      isAnswered: answers.length > 0,
    }));
  }

  async mayWrite(_: RepositoryRef, login: string): Promise<boolean> {
    return ['admin', 'write'].includes(this.#permissions.get(login) ?? '');
  }

  async override({ repository, number, head }: PullRequest, request: OverrideRequest): Promise<Override> {
    const holds = this.#find(repository)?.holds;
    if (holds === undefined) throw new GreenroomError('unreachable', `no ${repository.path}`);
    const { action, until, by, commentId } = request;
    const override: Override = { action, until, by, commentId, at: this.#clock() };
    const key = `${number} ${head.sha}`;
    holds.set(key, [...(holds.get(key) ?? []), override]);
    return override;
  }

  async answer({ repository, number }: PullRequest, commentId: number, answer: CommandReaction): Promise<void> {
    const comment = this.#thread(repository, number).find(({ id }) => id === commentId);
    if (comment === undefined) throw new GreenroomError('unreachable', `no comment ${commentId}`);
    comment.answers.push(answer);
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  #find({ path }: RepositoryRef): Stored | undefined {
    return this.#repositories.get(path);
  }

  #thread(repository: RepositoryRef, number: number): readonly StoredComment[] {
    return this.#find(repository)?.comments.get(number) ?? [];
  }

  #ours(repository: RepositoryRef, number: number): StoredComment | undefined {
    return this.#thread(repository, number).find(({ isOurs }) => isOurs);
  }

  #add(repository: RepositoryRef, number: number, comment: Pick<StoredComment, 'author' | 'body' | 'isOurs'>): number {
    const id = this.#nextComment++;
    const whole = { id, editor: null, createdAt: this.#clock(), answers: [], ...comment };
    this.#find(repository)?.comments.set(number, [...this.#thread(repository, number), whole]);
    return id;
  }

  #replace(repository: RepositoryRef, number: number, comment: StoredComment): void {
    const thread = this.#thread(repository, number).map((other) => (other.id === comment.id ? comment : other));
    this.#find(repository)!.comments.set(number, thread);
  }

  #pull(repository: RepositoryRef, number: number): PullRequest | undefined {
    const stored = this.#find(repository);
    const file = stored?.pulls.get(number);
    if (stored === undefined || file === undefined) return undefined;
    if (stored.spoilt.has(number)) throw invalidInput([{ message: unreadable(repository, number) }]);
    const override = this.holdAt(repository, number, file.head.sha);
    return pullOf(file, repository, stored.commits.get(file.head.sha)?.time ?? null, override);
  }

  #files(repository: RepositoryRef, sha: string): TestFiles {
    const commit = this.#find(repository)?.commits.get(sha);
    if (commit !== undefined) return commit.files;
    throw new GreenroomError('unreachable', `${repository.path} has no commit ${sha}`);
  }
}

/** @param committedAt unix seconds */
export function pullOf(
  file: PullFile,
  { path }: RepositoryRef,
  committedAt: number | null,
  override: Override | null,
): PullRequest {
  const { repositoryId, createdAt, updatedAt, closedAt, head, base, files: _, ...rest } = file;
  return {
    ...rest,
    base: base?.ref ?? 'main',
    isByBot: file.author.endsWith('[bot]'),
    repository: { id: repositoryId, path },
    head: { ...head, committedAt },
    createdAt: parseTime(createdAt)!,
    updatedAt: parseTime(updatedAt)!,
    closedAt: file.state === 'open' ? null : parseTime(closedAt ?? updatedAt)!,
    override,
  };
}

function found(value: PullRequest): Lookup<PullRequest> {
  return { status: 'found', value };
}

function unknown(reason: string): Lookup<PullRequest> {
  return { status: 'unknown', reason };
}

function unreadable({ path }: RepositoryRef, number: number): string {
  return `${path}#${number} cannot be read`;
}

function textOf(path: string, file: TestFiles[string]): string {
  if (typeof file === 'string') return file;
  throw refused(path, 'a symbolic link');
}

function refused(path: string, found: string): GreenroomError {
  return invalidInput([{ file: path, message: `must be something else; found ${found}` }]);
}

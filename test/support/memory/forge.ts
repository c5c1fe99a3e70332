import { createHash } from 'node:crypto';
import { parseTime } from '../../../lib/core/clock.ts';
import { GreenroomError, invalidInput } from '../../../lib/core/errors.ts';
import { type FileSet, fileSet } from '../../../lib/core/fileset.ts';
import type {
  Forge,
  Hold,
  Lookup,
  PublishOutcome,
  PullRequest,
  PullRequestReport,
  RepositoryPulls,
  RepositoryRef,
} from '../../../lib/forge/forge.ts';
import { type ForgeFixture, type PullFile, wholePull } from '../forge.ts';
import { COMMIT_TIME, type TestFiles } from '../git.ts';

interface Commit {
  readonly files: TestFiles;
  readonly time: number;
}

interface Stored {
  readonly commits: Map<string, Commit>;
  readonly pulls: Map<number, PullFile>;
  /** The one comment of each pull request, by number. */
  readonly comments: Map<number, string>;
  head: Commit | undefined;
}

/** A forge without a file or a process, for tests that live through thousands of histories. */
export class MemoryForge implements Forge, ForgeFixture {
  readonly description = 'memory';
  readonly serverUrl = null;
  readonly #repositories = new Map<string, Stored>();

  repository(owner: string, name: string, files: TestFiles, time = COMMIT_TIME): string {
    const key = `${owner}/${name}`;
    const stored = this.#repositories.get(key) ?? {
      commits: new Map(),
      pulls: new Map(),
      comments: new Map(),
      head: undefined,
    };
    this.#repositories.set(key, stored);
    const all = Object.entries({ ...stored.head?.files, ...files }).filter(([, file]) => file !== null);
    const commit = { files: Object.fromEntries(all), time };
    const sha = createHash('sha1').update(JSON.stringify(commit)).digest('hex');
    stored.commits.set(sha, commit);
    stored.head = commit;
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

  comment(repository: RepositoryRef, number: number): string | null {
    return this.#find(repository)?.comments.get(number) ?? null;
  }

  async pullRequest(repository: RepositoryRef, number: number): Promise<Lookup<PullRequest>> {
    const value = this.#pull(repository, number);
    return value === undefined ? unknown(`no ${repository.owner}/${repository.name}#${number}`) : found(value);
  }

  async pullRequestById(repositoryId: number, number: number, lastKnown: RepositoryRef): Promise<Lookup<PullRequest>> {
    const names = [lastKnown, ...[...this.#repositories.keys()].map(refOf)];
    for (const name of names) {
      const value = this.#pull(name, number);
      if (value?.repository.id === repositoryId) return found(value);
    }
    return unknown(`no repository with the id ${repositoryId}`);
  }

  async *openPullRequests(owner: string, repositories?: readonly string[]): AsyncGenerator<RepositoryPulls> {
    const all = [...this.#repositories.keys()].map(refOf).filter((ref) => ref.owner === owner);
    if (repositories === undefined && all.length === 0) {
      throw new GreenroomError('unreachable', `no owner ${owner}`);
    }
    for (const name of repositories ?? all.map((ref) => ref.name).sort()) {
      const repository = { owner, name };
      const stored = this.#find(repository);
      if (stored === undefined) {
        yield { repository, pulls: [], complete: false, reason: `no ${owner}/${name}` };
        continue;
      }
      const numbers = [...stored.pulls.keys()].sort((a, b) => a - b);
      const pulls = numbers.map((number) => this.#pull(repository, number)!).filter(({ state }) => state === 'open');
      yield { repository, pulls, complete: true };
    }
  }

  async readFile(repository: RepositoryRef, sha: string, path: string): Promise<string | null> {
    const files = this.#files(repository, sha);
    if (Object.keys(files).some((other) => other.startsWith(`${path}/`))) throw refused(path, 'a folder');
    const file = files[path];
    return file === undefined ? null : textOf(path, file);
  }

  async readFolder(repository: RepositoryRef, sha: string, path: string): Promise<FileSet | null> {
    const files = this.#files(repository, sha);
    if (files[path] !== undefined) throw refused(path, 'a file');
    const inside = Object.entries(files).filter(([other]) => other.startsWith(`${path}/`));
    return inside.length === 0 ? null : fileSet(inside.map(([other, file]) => [other, textOf(other, file)]));
  }

  async publish({ repository, number }: PullRequest, report: PullRequestReport): Promise<PublishOutcome> {
    const comments = this.#find(repository)?.comments;
    const comment = report.comment(comments?.get(number) ?? null);
    if (comment !== null) comments?.set(number, comment);
    return { comments: [], failures: [] };
  }

  async comments(): Promise<readonly []> {
    return [];
  }

  async mayWrite(): Promise<boolean> {
    return false;
  }

  hold(): Promise<Hold> {
    return Promise.reject(new GreenroomError('failed', 'nobody can ask for anything here'));
  }

  async answer(): Promise<void> {
    // There are no comments.
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  #find({ owner, name }: RepositoryRef): Stored | undefined {
    return this.#repositories.get(`${owner}/${name}`);
  }

  #pull(repository: RepositoryRef, number: number): PullRequest | undefined {
    const stored = this.#find(repository);
    const file = stored?.pulls.get(number);
    if (stored === undefined || file === undefined) return undefined;
    return pullOf(file, repository, stored.commits.get(file.head.sha)?.time ?? null);
  }

  #files(repository: RepositoryRef, sha: string): TestFiles {
    const commit = this.#find(repository)?.commits.get(sha);
    if (commit !== undefined) return commit.files;
    throw new GreenroomError('unreachable', `${repository.owner}/${repository.name} has no commit ${sha}`);
  }
}

/** @param committedAt unix seconds */
export function pullOf(file: PullFile, { owner, name }: RepositoryRef, committedAt: number | null): PullRequest {
  const { repositoryId, createdAt, updatedAt, closedAt, head, ...rest } = file;
  return {
    ...rest,
    repository: { id: repositoryId, owner, name },
    head: { ...head, committedAt },
    createdAt: parseTime(createdAt)!,
    updatedAt: parseTime(updatedAt)!,
    closedAt: file.state === 'open' ? null : parseTime(closedAt ?? updatedAt)!,
    hold: null,
  };
}

function found(value: PullRequest): Lookup<PullRequest> {
  return { status: 'found', value };
}

function unknown(reason: string): Lookup<PullRequest> {
  return { status: 'unknown', reason };
}

function refOf(fullName: string): RepositoryRef {
  const [owner = '', name = ''] = fullName.split('/');
  return { owner, name };
}

function textOf(path: string, file: TestFiles[string]): string {
  if (typeof file === 'string') return file;
  throw refused(path, 'a symbolic link');
}

function refused(path: string, found: string): GreenroomError {
  return invalidInput([{ file: path, message: `must be something else; found ${found}` }]);
}

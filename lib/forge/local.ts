import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Builds } from '../core/build.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { GreenroomError, invalidInput } from '../core/errors.ts';
import type { FileSet } from '../core/fileset.ts';
import { compareStrings } from '../core/fileset.ts';
import { fileFailure } from '../core/git/failure.ts';
import { isObjectId } from '../core/git/objects.ts';
import { tryGit } from '../core/git/process.ts';
import { namesOf, type RepositoryRef } from '../core/repository.ts';
import { writeWholeFile } from '../core/whole-file.ts';
import { EVERYTHING } from './capabilities.ts';
import { CommitFiles } from './commit-files.ts';
import type {
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
} from './forge.ts';
import { readLocalDeployments, withDeployment } from './local-deployments.ts';
import { namesIn, textOf } from './local-files.ts';
import { parsePull } from './local-pull.ts';
import { answerFile, isWriter, readComments, readOverride } from './local-thread.ts';

/** Each open repository is a git process. */
const MAX_OPEN_REPOSITORIES = 8;

/**
 * A folder that stands in for a forge, for demonstrations and tests without a network:
 *
 *     <owner>/<repo>.git              a bare repository
 *     <owner>/<repo>/pulls/<n>.json   its pull requests
 *     <owner>/<repo>/collaborators.json          {"mia": "write"}: who may give commands
 *     <owner>/<repo>/pulls/<n>/comments/<id>.json {"author", "body", "createdAt"}
 *     <owner>/<repo>/pulls/<n>/       written by greenroom: comment.md, check.json, deployment.json, notice.md,
 *                                     override.json, and answers to comments, comments/<id>.answer
 *
 * To rename or transfer a repository, move both to another name; its pull requests keep their `repositoryId`.
 */
export class LocalForge implements Forge {
  readonly description: string;
  readonly pages = null;
  readonly capabilities = EVERYTHING;
  readonly #root: string;
  readonly #clock: Clock;
  readonly #open = new Map<string, { readonly files: CommitFiles; users: number }>();

  /** @param clock for the times that are written. @default - the machine's clock */
  constructor(root: string, clock: Clock = systemClock) {
    this.#root = root;
    this.#clock = clock;
    this.description = root;
  }

  async pullRequest(repository: RepositoryRef, number: number): Promise<Lookup<PullRequest>> {
    const pull = await this.#pull(repository, number);
    return pull === undefined
      ? { status: 'unknown', reason: `${this.description} has no pull request ${repository.path}#${number}` }
      : { status: 'found', value: pull };
  }

  async pullRequestById(repositoryId: number, number: number, lastKnown: RepositoryRef): Promise<Lookup<PullRequest>> {
    const found: PullRequest[] = [];
    const broken: unknown[] = [];
    const look = async (repository: RepositoryRef) => {
      const pull = await this.#pull(repository, number).catch((error: unknown) => void broken.push(error));
      if (pull?.repository.id === repositoryId) found.push(pull);
    };
    await look(lastKnown);
    if (found[0] !== undefined) return { status: 'found', value: found[0] };
    for (const repository of this.#repositories()) await look(repository);
    const [only, ...others] = found;
    if (only !== undefined && others.length === 0) return { status: 'found', value: only };
    if (only === undefined && broken.length > 0) throw broken[0];
    const names = found.map(({ repository }) => repository.path).join(', ');
    const reason =
      names === ''
        ? `${this.description} has no pull request ${number} of a repository with the id ${repositoryId}`
        : `${names} in ${this.description} share the id ${repositoryId}`;
    return { status: 'unknown', reason };
  }

  async *openPullRequests(owner: string, repositories?: readonly string[]): AsyncGenerator<RepositoryPulls> {
    checkName({ path: `${owner}/-` });
    const names = repositories ?? this.#names(owner);
    for (const name of names) yield await this.#openPulls({ path: `${owner}/${name}` });
  }

  readFile(repository: RepositoryRef, sha: string, path: string): Promise<string | null> {
    return this.#withFiles(repository, (files) => files.readFile(sha, path));
  }

  readFolder(repository: RepositoryRef, sha: string, path: string): Promise<FileSet | null> {
    return this.#withFiles(repository, (files) => files.readFolder(sha, path));
  }

  async changedFiles({ repository, number, head }: PullRequest): Promise<Lookup<readonly string[]>> {
    const file = join(this.#pulls(repository), `${number}.json`);
    const text = textOf(file);
    const pull = text === undefined ? undefined : parsePull(file, text, repository, number);
    if (pull?.files !== undefined) return { status: 'found', value: pull.files };
    const gitDir = join(this.#root, `${repository.path}.git`);
    const range = `refs/heads/${pull?.base ?? 'main'}...${head.sha}`;
    const diff = await tryGit({ gitDir }, ['diff', '--name-only', '--no-renames', '-z', range, '--']);
    if (diff.code !== 0) return { status: 'unknown', reason: `${gitDir}: ${diff.stderr.trim().split('\n')[0]}` };
    return { status: 'found', value: diff.stdout.split('\0').filter((path) => path !== '') };
  }

  async builds({ repository, number }: PullRequest): Promise<Lookup<Builds>> {
    const file = join(this.#pulls(repository), `${number}.json`);
    const text = textOf(file);
    const builds = text === undefined ? undefined : parsePull(file, text, repository, number).builds;
    return builds === undefined
      ? { status: 'unknown', reason: `${file} does not say what runs` }
      : { status: 'found', value: builds };
  }

  async commitParents(repository: RepositoryRef, sha: string): Promise<readonly string[] | null> {
    return isObjectId(sha) ? this.#withFiles(repository, (files) => files.parents(sha)) : null;
  }

  async publish(pull: PullRequest, report: PullRequestReport): Promise<PublishOutcome> {
    const folder = this.#folder(pull);
    const comments = readComments(folder);
    const previous = comments.find(({ isOurs }) => isOurs)?.body ?? null;
    const kept = report.environment === null ? [] : readLocalDeployments(folder, report.environment);
    const said = report.said({ comment: previous, kept });
    const { comment, check, deployment } = said;
    if (comment !== null && comment !== previous) this.#write(folder, 'comment.md', comment);
    const { notice, environment } = report;
    if (notice !== null && !textOf(join(folder, 'notice.md'))?.startsWith(notice.marker)) {
      this.#write(folder, 'notice.md', notice.body);
    }
    if (check !== null) this.#write(folder, 'check.json', json(check));
    if (deployment !== null && environment !== null && (deployment.live !== null || kept.length > 0)) {
      const deployments = deployment.isGone ? [] : withDeployment(kept, deployment, this.#clock());
      this.#write(folder, 'deployment.json', json({ environment, deployments }));
    }
    return { said, comments, failures: [] };
  }

  async deployments(pull: PullRequest, environment: string): Promise<readonly KeptDeployment[]> {
    return readLocalDeployments(this.#folder(pull), environment);
  }

  async comments(pull: PullRequest): Promise<readonly PullComment[]> {
    return readComments(this.#folder(pull));
  }

  async mayWrite(repository: RepositoryRef, login: string): Promise<boolean> {
    checkName(repository);
    return isWriter(join(this.#root, repository.path), login);
  }

  async override(pull: PullRequest, { action, until, by, commentId }: OverrideRequest): Promise<Override> {
    const override: Override = { action, until, by, commentId, at: this.#clock() };
    this.#write(this.#folder(pull), 'override.json', json({ headSha: pull.head.sha, ...override }));
    return override;
  }

  async answer(pull: PullRequest, commentId: number, answer: CommandReaction): Promise<void> {
    this.#write(join(this.#folder(pull), 'comments'), answerFile(checkNumber(commentId)), `${answer}\n`);
  }

  async close(): Promise<void> {
    const open = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(open.map(({ files }) => files.close()));
  }

  /** The folder of a pull request's comments and of everything that greenroom writes. */
  #folder({ repository, number }: Pick<PullRequest, 'number'> & { readonly repository: RepositoryRef }): string {
    return join(this.#pulls(repository), String(checkNumber(number)));
  }

  #pulls(repository: RepositoryRef): string {
    checkName(repository);
    return join(this.#root, repository.path, 'pulls');
  }

  async #withFiles<T>(repository: RepositoryRef, use: (files: CommitFiles) => Promise<T>): Promise<T> {
    checkName(repository);
    const gitDir = join(this.#root, `${repository.path}.git`);
    const entry = this.#open.get(gitDir) ?? { files: new CommitFiles(gitDir), users: 0 };
    // The last one in the map was used last.
    this.#open.delete(gitDir);
    this.#open.set(gitDir, entry);
    entry.users += 1;
    try {
      return await use(entry.files);
    } finally {
      entry.users -= 1;
      await this.#closeIdle();
    }
  }

  /** Ends the git processes of the repositories that were used least recently. */
  async #closeIdle(): Promise<void> {
    for (const [gitDir, { files, users }] of this.#open) {
      if (this.#open.size <= MAX_OPEN_REPOSITORIES) return;
      if (users > 0) continue;
      this.#open.delete(gitDir);
      await files.close();
    }
  }

  #pull(repository: RepositoryRef, number: number): Promise<PullRequest | undefined> {
    checkNumber(number);
    return this.#withFiles(repository, (files) => this.#readPull(repository, number, files));
  }

  /** A pull request from its file, or undefined if there is no such file. */
  async #readPull(repository: RepositoryRef, number: number, files: CommitFiles): Promise<PullRequest | undefined> {
    const file = join(this.#pulls(repository), `${number}.json`);
    const text = textOf(file);
    if (text === undefined) return undefined;
    const { files: _, builds: __, ...pull } = parsePull(file, text, repository, number);
    // Without the repository only the commit's time is unknown.
    const committedAt = await files.committedAt(pull.head.sha).catch(() => null);
    const override = readOverride(this.#folder({ repository, number }), pull.head.sha);
    return { ...pull, head: { ...pull.head, committedAt }, override };
  }

  async #openPulls(repository: RepositoryRef): Promise<RepositoryPulls> {
    const folder = this.#pulls(repository);
    const files = namesIn(folder);
    const { owner, name } = namesOf(repository);
    if (files === undefined && !this.#names(owner).includes(name)) {
      return {
        repository,
        pulls: [],
        complete: false,
        reason: `${this.description} has no ${repository.path}`,
      };
    }
    const numbers = (files ?? []).flatMap((file) => /^([1-9]\d{0,14})\.json$/.exec(file)?.[1] ?? []).map(Number);
    const pulls: PullRequest[] = [];
    const reasons: string[] = [];
    await this.#withFiles(repository, async (objects) => {
      for (const number of numbers.sort((a, b) => a - b)) {
        try {
          const pull = await this.#readPull(repository, number, objects);
          if (pull === undefined) reasons.push(`${number}.json was removed meanwhile`);
          else if (pull.state === 'open') pulls.push(pull);
        } catch (error) {
          reasons.push(error instanceof Error ? error.message : String(error));
        }
      }
    });
    return reasons.length === 0
      ? { repository, pulls, complete: true }
      : { repository, pulls, complete: false, reason: reasons.join('\n') };
  }

  #repositories(): RepositoryRef[] {
    const owners = this.#folders(this.#root).filter((owner) => NAME.test(owner));
    return owners.flatMap((owner) => this.#names(owner).map((name) => ({ path: `${owner}/${name}` })));
  }

  /** Names of an owner's repositories: of bare repositories and of folders of pull requests. */
  #names(owner: string): string[] {
    const folders = this.#folders(join(this.#root, owner));
    const names = folders.map((folder) => folder.replace(/\.git$/, '')).filter((name) => NAME.test(name));
    return [...new Set(names)].sort(compareStrings);
  }

  #folders(folder: string): string[] {
    try {
      const entries = readdirSync(folder, { withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map(({ name }) => name);
    } catch (cause) {
      throw new GreenroomError('unreachable', `${folder} cannot be listed; is it a folder of the local forge?`, {
        cause,
      });
    }
  }

  #write(folder: string, file: string, content: string): void {
    try {
      writeWholeFile(join(folder, file), content);
    } catch (cause) {
      throw fileFailure(`writing ${join(folder, file)}`, cause);
    }
  }
}

// No separators, no `.` and no `..`, so that a name cannot leave the folder.
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;

function checkName(repository: RepositoryRef): void {
  const { owner, name } = namesOf(repository);
  if (!NAME.test(owner)) throw invalidInput([{ message: `${JSON.stringify(owner)} is not a valid name of an owner` }]);
  if (!NAME.test(name) || /\.git$/i.test(name)) {
    throw invalidInput([{ message: `${JSON.stringify(name)} is not a valid name of a repository` }]);
  }
}

function checkNumber(number: number): number {
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw invalidInput([{ message: `${JSON.stringify(number)} is not a pull request number` }]);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

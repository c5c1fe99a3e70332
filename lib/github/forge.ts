import { type Clock, systemClock } from '../core/clock.ts';
import { GreenroomError, invalidInput } from '../core/errors.ts';
import type { FileSet } from '../core/fileset.ts';
import { namesOf, type RepositoryRef } from '../core/repository.ts';
import type { Capabilities } from '../forge/capabilities.ts';
import {
  type Ahead,
  type Answer,
  type Forge,
  type KeptDeployment,
  type Lookup,
  NOTHING_BEFORE,
  type Override,
  type OverrideRequest,
  type PublishOutcome,
  type PullComment,
  type PullRequest,
  type PullRequestReport,
  type Repository,
  type RepositoryPulls,
} from '../forge/forge.ts';
import type { Pages } from '../forge/pages.ts';
import { PREVIEW_FILE } from '../model/layout.ts';
import { type Cache, ProcessCache } from './http/cache.ts';
import type { GitHubClient } from './http/client.ts';
import { gitHubPages } from './pages.ts';
import { publishCheck } from './publish/check-run.ts';
import { ownComment, publishComment, publishNotice } from './publish/comment.ts';
import {
  DEPLOYMENT_FIELDS,
  deploymentsOf,
  publishDeployment,
  readDeployments,
  type StoredDeployment,
  type WithDeployments,
} from './publish/deployment.ts';
import { Reports } from './publish/reports.ts';
import { Standings } from './publish/standing.ts';
import { publishSuggestions } from './publish/suggestions.ts';
import {
  isWaiting,
  readThread,
  THREAD_FIELDS,
  type Thread,
  type ThreadNode,
  takenOver,
  threadAlong,
} from './publish/thread.ts';
import { changedFiles } from './pulls/changed-files.ts';
import { CommitFiles } from './pulls/files.ts';
import { Listing } from './pulls/listing.ts';
import { writeOverride } from './pulls/override.ts';
import { commitParents } from './pulls/parents.ts';
import { mayWrite, react } from './pulls/people.ts';
import { PreviewFiles } from './pulls/preview-files.ts';
import {
  AHEAD_FIELDS,
  openAtHead,
  PULL_FIELDS,
  type PullNode,
  previewEntryOf,
  previewTextOf,
  pullOf,
  REPOSITORY_FIELDS,
  type RepositoryNode,
  statusesOf,
  threadOf,
  type WithPreview,
} from './pulls/pull.ts';

const PULL = `query ReadPull($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { ${REPOSITORY_FIELDS} pullRequest(number: $number) { ${PULL_FIELDS} } }
}`;

const AHEAD = `pullRequest(number: $number) { ${PULL_FIELDS} ${THREAD_FIELDS} ${AHEAD_FIELDS} }`;

const PULL_AHEAD = `query ReadPull($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { ${REPOSITORY_FIELDS} ${AHEAD} }
}`;

const ALL_AHEAD = `query ReadPullAndDeployments($owner: String!, $name: String!, $number: Int!, $environment: String!) {
  repository(owner: $owner, name: $name) { ${REPOSITORY_FIELDS} ${AHEAD} ${DEPLOYMENT_FIELDS} }
}`;

type AheadNode = PullNode & ThreadNode & WithPreview;

/** What came along is as good as what is asked for now, for so many seconds. */
const FRESH_SECONDS = 20;
/** So many seconds after a change, another replica may be about to tell of it; its turn takes so many. */
const TELLING_SECONDS = 60;
const TURN_SECONDS = 5;
/** More pull requests than are handled at once. */
const MAX_ALONG = 1000;

interface PullAnswer {
  readonly repository: (RepositoryNode & Partial<WithDeployments> & { readonly pullRequest: PullNode | null }) | null;
}

/** What came along with a pull request. */
interface Along {
  /** Undefined when it is longer than one answer. */
  readonly thread: Thread | undefined;
  readonly deployments?: { readonly environment: string; readonly nodes: readonly StoredDeployment[] };
  /** Unix seconds. */
  readonly at: number;
}

export interface GitHubForgeOptions {
  /** What need not be asked again. @default - as long as this object lives */
  readonly cache?: Cache;
  /** @default - the system's */
  readonly clock?: Clock;
  /** Where people see it, as GITHUB_SERVER_URL says. @default https://github.com */
  readonly serverUrl?: string;
}

/** Pull requests on GitHub. Nothing of a pull request is ever run; its files are read as data at its head. */
export class GitHubForge implements Forge {
  readonly description: string;
  readonly pages: Pages;
  // GitHub takes 65,536 characters.
  readonly capabilities: Capabilities = {
    commentLength: 60_000,
    hiddenMarkers: true,
    checkBoxes: true,
    suggestions: true,
  };
  readonly #serverUrl: string;
  readonly #client: GitHubClient;
  readonly #previews: PreviewFiles;
  readonly #reports: Reports;
  readonly #listing: Listing;
  readonly #clock: Clock;
  readonly #cache: Cache;
  /** Each is used once. */
  readonly #along = new Map<string, Along>();
  readonly #standings = new Standings();
  /** Owners whose deployments may not be read: nothing is asked along with them. */
  readonly #withoutDeployments = new Set<string>();

  constructor(client: GitHubClient, options: GitHubForgeOptions = {}) {
    const { cache = new ProcessCache(), clock = systemClock, serverUrl = 'https://github.com' } = options;
    this.#client = client;
    this.#clock = clock;
    this.#cache = cache;
    this.#serverUrl = serverUrl.replace(/\/+$/, '');
    this.pages = gitHubPages(this.#serverUrl);
    this.#previews = new PreviewFiles(client, cache);
    this.#reports = new Reports(cache, clock, client.description);
    this.#listing = new Listing(client, {
      onHeads: (repository, heads) => this.#previews.readAhead(repository, heads),
      onPull: (pull, node) => {
        const thread = threadOf(node);
        if (thread !== undefined) this.#reports.listed(pull, thread);
        this.#noteStanding(pull, node);
      },
    });
    this.description = client.description;
  }

  async pullRequest(repository: RepositoryRef, number: number, ahead?: Ahead): Promise<Lookup<PullRequest>> {
    checkName(repository);
    if (!Number.isSafeInteger(number) || number < 1) {
      throw invalidInput([{ message: `${JSON.stringify(number)} is not a number of a pull request` }]);
    }
    const environment =
      ahead && (ahead.environment ?? (await this.#cache.get(this.#environmentKey(repository, number))));
    const { data, errors } = await this.#ask(repository, number, ahead !== undefined, environment);
    const node = data?.repository?.pullRequest;
    const pull = node && errors.length === 0 ? pullOf(data.repository, node) : null;
    if (node && pull !== null && pull.number === number) {
      this.#noteStanding(pull, node);
      if (ahead) {
        const { deployments } = data.repository;
        const listed =
          deployments && environment ? { environment, nodes: deploymentsOf({ deployments }, number) } : undefined;
        await this.#learn(pull, node as AheadNode, listed);
      }
      return { status: 'found', value: pull };
    }
    const reason = errors.map(({ message }) => message).join('; ') || 'the answer lacks parts of it';
    // What is not there, or may not be seen, is not there a minute later either; all else passes.
    const isPassing = !errors.some(({ type }) => type === 'NOT_FOUND' || type === 'FORBIDDEN');
    return { status: 'unknown', reason: `${this.description}, ${repository.path}#${number}: ${reason}`, isPassing };
  }

  async #ask(repository: RepositoryRef, number: number, ahead: boolean, environment: string | undefined) {
    const { owner, name } = namesOf(repository);
    const client = this.#client.for(owner);
    const variables = { owner, name, number };
    if (environment !== undefined && !this.#withoutDeployments.has(owner)) {
      try {
        return await client.query<PullAnswer>(ALL_AHEAD, { ...variables, environment });
      } catch (error) {
        // One part that may not be read leaves the answer without any.
        if (!(error instanceof GreenroomError) || error.code !== 'failed') throw error;
        const answer = await client.query<PullAnswer>(PULL_AHEAD, variables);
        this.#withoutDeployments.add(owner);
        return answer;
      }
    }
    return client.query<PullAnswer>(ahead ? PULL_AHEAD : PULL, variables);
  }

  async pullRequestById(repositoryId: number, number: number, lastKnown: RepositoryRef): Promise<Lookup<PullRequest>> {
    const first = await this.pullRequest(lastKnown, number);
    if (first.status === 'found' && first.value.repository.id === repositoryId) return first;
    const { status, data } = await this.#client
      .for(namesOf(lastKnown).owner)
      .rest<{ id?: unknown; name?: unknown; owner?: { login?: unknown } }>(
        'GET /repositories/{id}',
        { id: repositoryId },
        [404, 403, 451],
      );
    const { id, name, owner } = data;
    if (status >= 400 || id !== repositoryId || typeof name !== 'string' || typeof owner?.login !== 'string') {
      return { status: 'unknown', reason: `${this.description} gives no repository with the id ${repositoryId}` };
    }
    const found = await this.pullRequest({ path: `${owner.login}/${name}` }, number);
    if (found.status === 'unknown' || found.value.repository.id === repositoryId) return found;
    return {
      status: 'unknown',
      reason: `${owner.login}/${name} has the id ${found.value.repository.id}, not ${repositoryId}`,
    };
  }

  async *openPullRequests(owner: string, repositories?: readonly string[]): AsyncGenerator<RepositoryPulls> {
    checkName({ path: `${owner}/-` });
    if (repositories !== undefined) {
      for (const name of repositories) yield await this.#openPulls({ path: `${owner}/${name}` });
      return;
    }
    for await (const { name, pullRequests } of this.#listing.repositories(owner)) {
      const repository = { path: `${owner}/${name}` };
      if (pullRequests.totalCount === 0) yield { repository, pulls: [], complete: true };
      else yield await this.#openPulls(repository);
    }
  }

  #openPulls(repository: RepositoryRef): Promise<RepositoryPulls> {
    checkName(repository);
    return this.#listing.openPulls(repository);
  }

  async readFile(repository: RepositoryRef, sha: string, path: string): Promise<string | null> {
    checkName(repository);
    const known = path === PREVIEW_FILE ? await this.#previews.read(repository, sha) : undefined;
    if (known !== undefined) return known;
    return new CommitFiles(this.#client.for(namesOf(repository).owner), repository).readFile(sha, path);
  }

  readFolder(repository: RepositoryRef, sha: string, path: string): Promise<FileSet | null> {
    checkName(repository);
    return new CommitFiles(this.#client.for(namesOf(repository).owner), repository).readFolder(sha, path);
  }

  changedFiles(pull: PullRequest): Promise<Lookup<readonly string[]>> {
    return changedFiles(this.#client.for(namesOf(pull.repository).owner), pull);
  }

  async commitParents(repository: RepositoryRef, sha: string): Promise<readonly string[] | null> {
    checkName(repository);
    return commitParents(this.#client.for(namesOf(repository).owner), repository, sha);
  }

  async publish(pull: PullRequest, report: PullRequestReport): Promise<PublishOutcome> {
    const along = this.#take(pull);
    if (await this.#reports.stands(pull, report)) return { said: null, comments: [], failures: [] };
    const outcome = await this.#publish(pull, report, along);
    // What somebody asked for is to be seen again until it is answered.
    const isDone = outcome.failures.length === 0 && !outcome.comments.some(isWaiting);
    if (isDone) await this.#reports.seen(pull, report);
    return outcome;
  }

  async #learn(pull: PullRequest, node: AheadNode, deployments: Along['deployments']): Promise<void> {
    const entry = previewEntryOf(node);
    if (entry !== undefined) {
      await this.#previews.learn(pull.repository, { sha: pull.head.sha, entry }, previewTextOf(node));
    }
    if (this.#along.size >= MAX_ALONG) this.#along.clear();
    const along = { thread: threadAlong(node), at: this.#clock() };
    this.#along.set(keyOf(pull), deployments === undefined ? along : { ...along, deployments });
  }

  #noteStanding(pull: PullRequest, node: PullNode): void {
    this.#standings.note(pull, statusesOf(node), openAtHead(node, pull.repository.id));
  }

  /** What came along a moment ago. */
  #take(pull: PullRequest): Along | undefined {
    const along = this.#along.get(keyOf(pull));
    this.#along.delete(keyOf(pull));
    return along !== undefined && Math.abs(this.#clock() - along.at) <= FRESH_SECONDS ? along : undefined;
  }

  async #publish(pull: PullRequest, report: PullRequestReport, along?: Along): Promise<PublishOutcome> {
    const { environment, marker, suggestions, isNews = false } = report;
    const client = this.#client.for(namesOf(pull.repository).owner);
    const isLate = this.#isOthersTurn(pull, report, along);
    // Whose commit it is tells of it: two that did would make two deployments.
    if (isLate) await client.pause(TURN_SECONDS);
    const brought = isLate ? undefined : along;
    const thread = this.#thread(pull, brought?.thread);
    const kept = this.#kept(pull, report, thread, brought);
    // What cannot be read is as if there were nothing: what is written then still says no more than is known.
    const said = report.said({
      comment: await thread.then((read) => ownComment(read, marker), orFailure(null)),
      kept: await kept.catch(orFailure([])),
    });
    const { check, deployment } = said;
    // Where GitHub's limits let only a part of it through, what says most comes first.
    const first = await Promise.allSettled([
      thread.then((read) => publishComment(client, read, marker, said.comment)),
      check && publishCheck(client, pull, check, this.#standings.of(pull), isNews),
    ]);
    const then = await Promise.allSettled([
      report.notice && thread.then((read) => publishNotice(client, read, report.notice!)),
      kept.then((known) =>
        deployment === null || environment === null
          ? null
          : publishDeployment(client, pull, environment, deployment, known),
      ),
      publishSuggestions(client, pull, suggestions),
    ]);
    const outcomes = [...first, ...then];
    const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    const unexpected = reasons.find((reason) => !(reason instanceof GreenroomError));
    if (unexpected !== undefined) throw unexpected;
    const comments = await thread.then(
      (read) => read.comments,
      () => [],
    );
    return { said, comments, failures: [...new Set(reasons as GreenroomError[])] };
  }

  /** Whether what was changed a moment ago is not shown yet, and somebody else has changed it. */
  #isOthersTurn(pull: PullRequest, { said, isNews }: PullRequestReport, along?: Along): boolean {
    if (isNews === true || this.#clock() - pull.updatedAt > TELLING_SECONDS) return false;
    const live = said(NOTHING_BEFORE).deployment?.live ?? null;
    return live !== null && along?.deployments?.nodes.some(({ headSha }) => headSha === live.headSha) !== true;
  }

  /** A pull request that we never said a word about has no deployment of ours either. */
  async #kept(
    pull: PullRequest,
    { environment, said }: PullRequestReport,
    thread: Promise<Thread>,
    along?: Along,
  ): Promise<readonly StoredDeployment[]> {
    if (environment === null) return [];
    const isStarted = said(NOTHING_BEFORE).deployment?.live != null;
    if (!isStarted && !(await thread).comments.some(({ isOurs }) => isOurs)) return [];
    await this.#cache.set(this.#environmentKey(pull.repository, pull.number), environment);
    if (along?.deployments?.environment === environment) return along.deployments.nodes;
    return readDeployments(this.#client.for(namesOf(pull.repository).owner), pull, environment);
  }

  deployments(pull: PullRequest, environment: string): Promise<readonly KeptDeployment[]> {
    return readDeployments(this.#client.for(namesOf(pull.repository).owner), pull, environment);
  }

  #environmentKey({ path }: RepositoryRef, number: number): string {
    return `environment ${this.description} ${path}#${number}`;
  }

  async comments(pull: PullRequest): Promise<readonly PullComment[]> {
    return (await this.#thread(pull)).comments;
  }

  async #thread(pull: PullRequest, along?: Thread): Promise<Thread> {
    const thread = along ?? (await readThread(this.#client.for(namesOf(pull.repository).owner), pull));
    return takenOver(thread, (login) => this.mayWrite(pull.repository, login));
  }

  mayWrite(repository: Repository, login: string): Promise<boolean> {
    return mayWrite(this.#client.for(namesOf(repository).owner), repository, login);
  }

  override(pull: PullRequest, request: OverrideRequest): Promise<Override> {
    return writeOverride(this.#client.for(namesOf(pull.repository).owner), this.#serverUrl, pull, request);
  }

  answer(pull: PullRequest, commentId: number, answer: Answer): Promise<void> {
    return react(this.#client.for(namesOf(pull.repository).owner), pull, commentId, answer);
  }

  get clockSkew(): number | null {
    return this.#client.clockSkew;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** What is counted elsewhere as a failure; anything that is no failure of the forge's is thrown. */
const orFailure =
  <T>(value: T) =>
  (error: unknown): T => {
    if (error instanceof GreenroomError) return value;
    throw error;
  };

const keyOf = ({ repository, number }: PullRequest) => `${repository.id}#${number}`;

function checkName(repository: RepositoryRef): void {
  const { owner, name } = namesOf(repository);
  const problems = [owner, name]
    .filter((part) => !/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/.test(part))
    .map((part) => ({ message: `${JSON.stringify(part)} is not a name of an owner or a repository` }));
  if (problems.length > 0) throw invalidInput(problems);
}

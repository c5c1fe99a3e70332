import type { Builds } from '../core/build.ts';
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
import { KnownChecks } from './publish/known-checks.ts';
import { Reports } from './publish/reports.ts';
import { publishSuggestions } from './publish/suggestions.ts';
import {
  isWaiting,
  prefetchedThread,
  readThread,
  THREAD_FIELDS,
  type Thread,
  type ThreadNode,
  takenOver,
} from './publish/thread.ts';
import { readBuilds } from './pulls/builds.ts';
import { changedFiles } from './pulls/changed-files.ts';
import { GitHubCommitFiles } from './pulls/files.ts';
import { Listing } from './pulls/listing.ts';
import { writeOverride } from './pulls/override.ts';
import { commitParents } from './pulls/parents.ts';
import { mayWrite, react } from './pulls/people.ts';
import { PreviewFiles } from './pulls/preview-files.ts';
import {
  openAtHead,
  PREVIEW_FIELDS,
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

const PREFETCH = `pullRequest(number: $number) { ${PULL_FIELDS} ${THREAD_FIELDS} ${PREVIEW_FIELDS} }`;

const PULL_AND_THREAD = `query ReadPull($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { ${REPOSITORY_FIELDS} ${PREFETCH} }
}`;

const PULL_AND_DEPLOYMENTS = `query ReadPullAndDeployments($owner: String!, $name: String!, $number: Int!, $environment: String!) {
  repository(owner: $owner, name: $name) { ${REPOSITORY_FIELDS} ${PREFETCH} ${DEPLOYMENT_FIELDS} }
}`;

type PrefetchNode = PullNode & ThreadNode & WithPreview;

/** Prefetched data counts as fresh for this long. */
const FRESH_SECONDS = 20;
/** For this long after a change, another replica may be about to report it. */
const REPORTING_SECONDS = 60;
/** How long to wait for that replica. */
const TURN_SECONDS = 5;
/** More pull requests than are handled at the same time. */
const MAX_PREFETCHED = 1000;

interface PullAnswer {
  readonly repository: (RepositoryNode & Partial<WithDeployments> & { readonly pullRequest: PullNode | null }) | null;
}

/** Data that was fetched together with a pull request. */
interface Prefetched {
  /** Undefined if it does not fit into one response. */
  readonly thread: Thread | undefined;
  readonly deployments?: { readonly environment: string; readonly nodes: readonly StoredDeployment[] };
  /** Unix seconds. */
  readonly at: number;
}

export interface GitHubForgeOptions {
  /** @default - in memory, as long as this object lives */
  readonly cache?: Cache;
  /** @default - the system's */
  readonly clock?: Clock;
  /** Address of GitHub's web pages, as in GITHUB_SERVER_URL. @default https://github.com */
  readonly serverUrl?: string;
}

/** Pull requests on GitHub. Code of a pull request is never run; its files are read as data at its head commit. */
export class GitHubForge implements Forge {
  readonly description: string;
  readonly pages: Pages;
  // GitHub allows 65,536 characters.
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
  /** Each entry is used once. */
  readonly #prefetched = new Map<string, Prefetched>();
  readonly #checks = new KnownChecks();
  /** Owners whose deployments the token may not read: the query leaves them out. */
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
        this.#noteCheck(pull, node);
      },
    });
    this.description = client.description;
  }

  async pullRequest(repository: RepositoryRef, number: number, ahead?: Ahead): Promise<Lookup<PullRequest>> {
    checkName(repository);
    if (!Number.isSafeInteger(number) || number < 1) {
      throw invalidInput([{ message: `${JSON.stringify(number)} is not a pull request number` }]);
    }
    const environment =
      ahead && (ahead.environment ?? (await this.#cache.get(this.#environmentKey(repository, number))));
    const { data, errors } = await this.#ask(repository, number, ahead !== undefined, environment);
    const node = data?.repository?.pullRequest;
    const pull = node && errors.length === 0 ? pullOf(data.repository, node) : null;
    if (node && pull !== null && pull.number === number) {
      this.#noteCheck(pull, node);
      if (ahead) {
        const { deployments } = data.repository;
        const listed =
          deployments && environment ? { environment, nodes: deploymentsOf({ deployments }, number) } : undefined;
        await this.#learn(pull, node as PrefetchNode, listed);
      }
      return { status: 'found', value: pull };
    }
    const reason = errors.map(({ message }) => message).join('; ') || 'the answer is incomplete';
    // A retry helps, except where the pull request does not exist or the token may not see it.
    const isPassing = !errors.some(({ type }) => type === 'NOT_FOUND' || type === 'FORBIDDEN');
    return { status: 'unknown', reason: `${this.description}, ${repository.path}#${number}: ${reason}`, isPassing };
  }

  async #ask(repository: RepositoryRef, number: number, ahead: boolean, environment: string | undefined) {
    const { owner, name } = namesOf(repository);
    const client = this.#client.for(owner);
    const variables = { owner, name, number };
    if (environment !== undefined && !this.#withoutDeployments.has(owner)) {
      try {
        return await client.query<PullAnswer>(PULL_AND_DEPLOYMENTS, { ...variables, environment });
      } catch (error) {
        // One field without permission makes GitHub drop the whole answer: ask again without it.
        if (!(error instanceof GreenroomError) || error.code !== 'failed') throw error;
        const answer = await client.query<PullAnswer>(PULL_AND_THREAD, variables);
        this.#withoutDeployments.add(owner);
        return answer;
      }
    }
    return client.query<PullAnswer>(ahead ? PULL_AND_THREAD : PULL, variables);
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
    return new GitHubCommitFiles(this.#client.for(namesOf(repository).owner), repository).readFile(sha, path);
  }

  readFolder(repository: RepositoryRef, sha: string, path: string): Promise<FileSet | null> {
    checkName(repository);
    return new GitHubCommitFiles(this.#client.for(namesOf(repository).owner), repository).readFolder(sha, path);
  }

  changedFiles(pull: PullRequest): Promise<Lookup<readonly string[]>> {
    return changedFiles(this.#client.for(namesOf(pull.repository).owner), pull);
  }

  builds(pull: PullRequest): Promise<Lookup<Builds>> {
    return readBuilds(this.#client.for(namesOf(pull.repository).owner), this.#serverUrl, pull);
  }

  async commitParents(repository: RepositoryRef, sha: string): Promise<readonly string[] | null> {
    checkName(repository);
    return commitParents(this.#client.for(namesOf(repository).owner), repository, sha);
  }

  async publish(pull: PullRequest, report: PullRequestReport): Promise<PublishOutcome> {
    const prefetched = this.#take(pull);
    if (await this.#reports.isCurrent(pull, report)) return { said: null, comments: [], failures: [] };
    const outcome = await this.#publish(pull, report, prefetched);
    // A command that is not answered yet must be seen again by the next run.
    const isDone = outcome.failures.length === 0 && !outcome.comments.some(isWaiting);
    if (isDone) await this.#reports.seen(pull, report);
    return outcome;
  }

  async #learn(pull: PullRequest, node: PrefetchNode, deployments: Prefetched['deployments']): Promise<void> {
    const entry = previewEntryOf(node);
    if (entry !== undefined) {
      await this.#previews.learn(pull.repository, { sha: pull.head.sha, entry }, previewTextOf(node));
    }
    if (this.#prefetched.size >= MAX_PREFETCHED) this.#prefetched.clear();
    const prefetched = { thread: prefetchedThread(node), at: this.#clock() };
    this.#prefetched.set(keyOf(pull), deployments === undefined ? prefetched : { ...prefetched, deployments });
  }

  #noteCheck(pull: PullRequest, node: PullNode): void {
    this.#checks.note(pull, statusesOf(node), openAtHead(node, pull.repository.id));
  }

  /** Prefetched data, if it is still fresh. */
  #take(pull: PullRequest): Prefetched | undefined {
    const prefetched = this.#prefetched.get(keyOf(pull));
    this.#prefetched.delete(keyOf(pull));
    return prefetched !== undefined && Math.abs(this.#clock() - prefetched.at) <= FRESH_SECONDS
      ? prefetched
      : undefined;
  }

  async #publish(pull: PullRequest, report: PullRequestReport, prefetched?: Prefetched): Promise<PublishOutcome> {
    const { environment, marker, suggestions, isNews = false } = report;
    const client = this.#client.for(namesOf(pull.repository).owner);
    const isLate = this.#isOthersTurn(pull, report, prefetched);
    // The replica that made the commit reports it: two replicas would create two deployments.
    if (isLate) await client.pause(TURN_SECONDS);
    const usable = isLate ? undefined : prefetched;
    const thread = this.#thread(pull, usable?.thread);
    const kept = this.#kept(pull, report, thread, usable);
    // If the comment or the deployments cannot be read, the report is written as if there were none.
    const said = report.said({
      comment: await thread.then((read) => ownComment(read, marker), orFailure(null)),
      kept: await kept.catch(orFailure([])),
    });
    const { check, deployment } = said;
    // The most important parts first: a rate limit may stop the others.
    const first = await Promise.allSettled([
      thread.then((read) => publishComment(client, read, marker, said.comment)),
      check && publishCheck(client, pull, check, this.#checks.of(pull), isNews),
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

  /** Whether another replica made a change a moment ago and has not reported it yet. */
  #isOthersTurn(pull: PullRequest, { said, isNews }: PullRequestReport, prefetched?: Prefetched): boolean {
    if (isNews === true || this.#clock() - pull.updatedAt > REPORTING_SECONDS) return false;
    const live = said(NOTHING_BEFORE).deployment?.live ?? null;
    return live !== null && prefetched?.deployments?.nodes.some(({ headSha }) => headSha === live.headSha) !== true;
  }

  /** Without a comment of ours there is no deployment of ours either. */
  async #kept(
    pull: PullRequest,
    { environment, said }: PullRequestReport,
    thread: Promise<Thread>,
    prefetched?: Prefetched,
  ): Promise<readonly StoredDeployment[]> {
    if (environment === null) return [];
    const isStarted = said(NOTHING_BEFORE).deployment?.live != null;
    if (!isStarted && !(await thread).comments.some(({ isOurs }) => isOurs)) return [];
    await this.#cache.set(this.#environmentKey(pull.repository, pull.number), environment);
    if (prefetched?.deployments?.environment === environment) return prefetched.deployments.nodes;
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

  async #thread(pull: PullRequest, prefetched?: Thread): Promise<Thread> {
    const thread = prefetched ?? (await readThread(this.#client.for(namesOf(pull.repository).owner), pull));
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

/** A default for failures of the forge, which are reported elsewhere. Any other error is thrown. */
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
    .map((part) => ({ message: `${JSON.stringify(part)} is not a valid name of an owner or repository` }));
  if (problems.length > 0) throw invalidInput(problems);
}

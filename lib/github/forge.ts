import type { Builds } from '../core/build.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { GreenroomError, invalidInput } from '../core/errors.ts';
import type { FileSet } from '../core/fileset.ts';
import { namesOf, type RepositoryRef } from '../core/repository.ts';
import type { Capabilities } from '../forge/capabilities.ts';
import type {
  CommandReaction,
  Forge,
  KeptDeployment,
  Lookup,
  Override,
  OverrideRequest,
  PrefetchHints,
  PublishOutcome,
  PullComment,
  PullRequest,
  PullRequestReport,
  Repository,
  RepositoryPulls,
} from '../forge/forge.ts';
import type { Pages } from '../forge/pages.ts';
import { PREVIEW_FILE } from '../model/layout.ts';
import { type Cache, ProcessCache } from './http/cache.ts';
import type { GitHubClient } from './http/client.ts';
import { gitHubPages } from './pages.ts';
import { DEPLOYMENT_FIELDS, deploymentsOf, readDeployments, type WithDeployments } from './publish/deployment.ts';
import { KnownChecks } from './publish/known-checks.ts';
import { type Prefetched, Prefetches } from './publish/prefetch.ts';
import { Publisher } from './publish/publisher.ts';
import { Reports } from './publish/reports.ts';
import { prefetchedThread, THREAD_FIELDS, type ThreadNode } from './publish/thread.ts';
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

interface PullAnswer {
  readonly repository: (RepositoryNode & Partial<WithDeployments> & { readonly pullRequest: PullNode | null }) | null;
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
  readonly #listing: Listing;
  readonly #prefetches: Prefetches;
  readonly #publisher: Publisher;
  readonly #checks = new KnownChecks();
  /** Owners whose deployments the token may not read: the query leaves them out. */
  readonly #withoutDeployments = new Set<string>();

  constructor(client: GitHubClient, options: GitHubForgeOptions = {}) {
    const { cache = new ProcessCache(), clock = systemClock, serverUrl = 'https://github.com' } = options;
    this.#client = client;
    this.#serverUrl = serverUrl.replace(/\/+$/, '');
    this.pages = gitHubPages(this.#serverUrl);
    this.#previews = new PreviewFiles(client, cache);
    const reports = new Reports(cache, clock, client.description);
    this.#prefetches = new Prefetches(clock);
    this.#publisher = new Publisher(client, {
      ...{ cache, clock, reports, checks: this.#checks, prefetches: this.#prefetches },
      mayWrite: (repository, login) => this.mayWrite(repository, login),
    });
    this.#listing = new Listing(client, {
      onHeads: (repository, heads) => this.#previews.readAhead(repository, heads),
      onPull: (pull, node) => {
        const thread = threadOf(node);
        if (thread !== undefined) reports.listed(pull, thread);
        this.#noteCheck(pull, node);
      },
    });
    this.description = client.description;
  }

  async pullRequest(repository: RepositoryRef, number: number, ahead?: PrefetchHints): Promise<Lookup<PullRequest>> {
    checkName(repository);
    if (!Number.isSafeInteger(number) || number < 1) {
      throw invalidInput([{ message: `${JSON.stringify(number)} is not a pull request number` }]);
    }
    const environment = ahead && (ahead.environment ?? (await this.#publisher.environmentOf(repository, number)));
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

  publish(pull: PullRequest, report: PullRequestReport): Promise<PublishOutcome> {
    return this.#publisher.publish(pull, report);
  }

  async #learn(pull: PullRequest, node: PrefetchNode, deployments: Prefetched['deployments']): Promise<void> {
    const entry = previewEntryOf(node);
    if (entry !== undefined) {
      await this.#previews.learn(pull.repository, { sha: pull.head.sha, entry }, previewTextOf(node));
    }
    this.#prefetches.put(pull, { thread: prefetchedThread(node), deployments });
  }

  #noteCheck(pull: PullRequest, node: PullNode): void {
    this.#checks.note(pull, statusesOf(node), openAtHead(node, pull.repository.id));
  }

  deployments(pull: PullRequest, environment: string): Promise<readonly KeptDeployment[]> {
    return readDeployments(this.#client.for(namesOf(pull.repository).owner), pull, environment);
  }

  async comments(pull: PullRequest): Promise<readonly PullComment[]> {
    return (await this.#publisher.thread(pull)).comments;
  }

  mayWrite(repository: Repository, login: string): Promise<boolean> {
    return mayWrite(this.#client.for(namesOf(repository).owner), repository, login);
  }

  override(pull: PullRequest, request: OverrideRequest): Promise<Override> {
    return writeOverride(this.#client.for(namesOf(pull.repository).owner), this.#serverUrl, pull, request);
  }

  answer(pull: PullRequest, commentId: number, answer: CommandReaction): Promise<void> {
    return react(this.#client.for(namesOf(pull.repository).owner), pull, commentId, answer);
  }

  get clockSkew(): number | null {
    return this.#client.clockSkew;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function checkName(repository: RepositoryRef): void {
  const { owner, name } = namesOf(repository);
  const problems = [owner, name]
    .filter((part) => !/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/.test(part))
    .map((part) => ({ message: `${JSON.stringify(part)} is not a valid name of an owner or repository` }));
  if (problems.length > 0) throw invalidInput(problems);
}

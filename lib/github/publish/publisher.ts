import type { Clock } from '../../core/clock.ts';
import { GreenroomError } from '../../core/errors.ts';
import { namesOf, type RepositoryRef } from '../../core/repository.ts';
import {
  NOTHING_BEFORE,
  type PublishOutcome,
  type PullRequest,
  type PullRequestReport,
  type Repository,
} from '../../forge/forge.ts';
import type { Cache } from '../http/cache.ts';
import type { GitHubClient } from '../http/client.ts';
import { publishCheck } from './check-run.ts';
import { ownComment, publishComment, publishNotice } from './comment.ts';
import { publishDeployment, readDeployments, type StoredDeployment } from './deployment.ts';
import type { KnownChecks } from './known-checks.ts';
import type { Prefetched, Prefetches } from './prefetch.ts';
import type { Reports } from './reports.ts';
import { hasOlderCheck } from './status.ts';
import { publishSuggestions } from './suggestions.ts';
import { isWaiting, readThread, type Thread, takenOver } from './thread.ts';

/** For this long after a change, another replica may be about to report it. */
const REPORTING_SECONDS = 60;
/** How long to wait for that replica. */
const TURN_SECONDS = 5;

export interface PublisherOptions {
  readonly cache: Cache;
  readonly clock: Clock;
  readonly reports: Reports;
  readonly checks: KnownChecks;
  readonly prefetches: Prefetches;
  readonly mayWrite: (repository: Repository, login: string) => Promise<boolean>;
}

/** Writes reports on pull requests: comment, check, deployment, notice and suggested changes. */
export class Publisher {
  readonly #client: GitHubClient;
  readonly #options: PublisherOptions;

  constructor(client: GitHubClient, options: PublisherOptions) {
    this.#client = client;
    this.#options = options;
  }

  async publish(pull: PullRequest, report: PullRequestReport): Promise<PublishOutcome> {
    const { prefetches, reports } = this.#options;
    const prefetched = prefetches.take(pull);
    if (await reports.isCurrent(pull, report)) return { said: null, comments: [], failures: [] };
    const outcome = await this.#publish(pull, report, prefetched);
    // A command that is not answered yet must be seen again by the next run.
    const isDone = outcome.failures.length === 0 && !outcome.comments.some(isWaiting);
    if (isDone) await reports.seen(pull, report);
    return outcome;
  }

  async thread(pull: PullRequest, prefetched?: Thread): Promise<Thread> {
    const thread = prefetched ?? (await readThread(this.#client.for(namesOf(pull.repository).owner), pull));
    return takenOver(thread, (login) => this.#options.mayWrite(pull.repository, login));
  }

  /** The environment of the last report about a pull request. */
  environmentOf(repository: RepositoryRef, number: number): Promise<string | undefined> {
    return this.#options.cache.get(this.#environmentKey(repository, number));
  }

  async #publish(pull: PullRequest, report: PullRequestReport, prefetched?: Prefetched): Promise<PublishOutcome> {
    const { environment, marker, suggestions, isNews = false } = report;
    const client = this.#client.for(namesOf(pull.repository).owner);
    const isLate = this.#isOthersTurn(pull, report, prefetched);
    // The replica that made the commit reports it: two replicas would create two deployments.
    if (isLate) await client.pause(TURN_SECONDS);
    const usable = isLate ? undefined : prefetched;
    const thread = this.thread(pull, usable?.thread);
    const kept = this.#kept(pull, report, thread, usable);
    // If the comment or the deployments cannot be read, the report is written as if there were none.
    const known = this.#options.checks.of(pull);
    const said = report.said({
      hasOlderCheck: hasOlderCheck(known),
      comment: await thread.then((read) => ownComment(read, marker), orFailure(null)),
      kept: await kept.catch(orFailure([])),
    });
    const { check, deployment } = said;
    // The most important parts first: a rate limit may stop the others.
    const first = await Promise.allSettled([
      thread.then((read) => publishComment(client, read, marker, said.comment)),
      check && publishCheck(client, pull, check, known, isNews),
    ]);
    const then = await Promise.allSettled([
      report.notice && thread.then((read) => publishNotice(client, read, report.notice!)),
      kept.then((earlier) =>
        deployment === null || environment === null
          ? null
          : publishDeployment(client, pull, environment, deployment, earlier),
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
    if (isNews === true || this.#options.clock() - pull.updatedAt > REPORTING_SECONDS) return false;
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
    await this.#options.cache.set(this.#environmentKey(pull.repository, pull.number), environment);
    if (prefetched?.deployments?.environment === environment) return prefetched.deployments.nodes;
    return readDeployments(this.#client.for(namesOf(pull.repository).owner), pull, environment);
  }

  #environmentKey({ path }: RepositoryRef, number: number): string {
    return `environment ${this.#client.description} ${path}#${number}`;
  }
}

/** A default for failures of the forge, which are reported elsewhere. Any other error is thrown. */
const orFailure =
  <T>(value: T) =>
  (error: unknown): T => {
    if (error instanceof GreenroomError) return value;
    throw error;
  };

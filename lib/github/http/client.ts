import { Octokit } from '@octokit/rest';
import { GreenroomError } from '../../core/errors.ts';
import { redact } from '../../core/git/redact.ts';
import { Pool } from '../../core/pool.ts';
import { VERSION } from '../../core/version.ts';
import type { RequestPause } from '../../forge/limits.ts';
import { ActiveLimits, ALL_REQUESTS } from './active-limits.ts';
import {
  answerOfError,
  failureOf,
  type GraphQLAnswer,
  graphQLOf,
  isPassingError,
  messageOf,
  type RawAnswer,
} from './answer.ts';
import type { ChangeKind, Still } from './change-queue.ts';
import { Changes } from './changes.ts';
import type { Credentials } from './credentials.ts';
import type { RestRoute } from './permissions.ts';
import { isSecondaryLimit, rateLimitWait } from './rate-limit.ts';
import { adviceFor, credentialAdvice, withAdvice } from './refusals.ts';

export interface GitHubClientOptions {
  readonly credentials: Credentials;
  /** @default https://api.github.com */
  readonly apiUrl?: string;
  /** @default - `graphql` next to the API, also for GitHub Enterprise Server */
  readonly graphqlUrl?: string;
  /** Unix seconds; with fractions, so that changes are a second apart and not up to two. */
  readonly clock: () => number;
  /** Waits for so many milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Called before every wait for a limit. @default - nothing */
  readonly onWait?: (wait: RequestPause) => void;
  /** Longest wait for a limit, in seconds; a longer one fails with `unreachable`. @default 900 */
  readonly longestWait?: number;
  /** Seconds between two changes. @default 1 */
  readonly changeInterval?: number;
  /** For one request, in milliseconds. @default 30000 */
  readonly timeout?: number;
}

/** State that the clients of all owners share. */
interface Shared {
  readonly changes: Changes;
  readonly inFlight: Pool;
  readonly limits: ActiveLimits;
  /** How far our clock is ahead of GitHub's, in seconds, by its last answer. */
  clockSkew: number | null;
  /** Answers to GETs with their ETags, the latest last. */
  readonly answers: Map<string, { readonly etag: string; readonly data: unknown }>;
}

export interface RestAnswer<T> {
  readonly status: number;
  readonly data: T;
}

type RequestKind = ChangeKind | 'read';

const READ_ATTEMPTS = 3;
const LIMIT_ATTEMPTS = 4;
/** GitHub allows 100 requests at the same time; two receivers may share an account. */
const MOST_AT_ONCE = 50;
const REMEMBERED_ANSWERS = 500;

/** Parameters of every request. */
interface Common {
  readonly headers: Readonly<Record<string, string>>;
  readonly request: { readonly signal: AbortSignal };
}

/**
 * The HTTP client for GitHub. Reads are retried when the server fails. A change is sent once; if its answer is lost, the
 * result is `unreachable`. The client waits for rate limits, and throttles changes so that it seldom hits one.
 */
export class GitHubClient {
  /** The server, for messages. */
  readonly description: string;
  readonly #options: GitHubClientOptions;
  readonly #owner: string;
  readonly #shared: Shared;
  readonly #longestWait: number;
  readonly #request: Octokit['request'];
  readonly #graphqlUrl: string;

  /**
   * @param owner see {@link for}
   * @param shared @internal
   */
  constructor(options: GitHubClientOptions, owner = '', shared?: Shared) {
    const apiUrl = (options.apiUrl ?? 'https://api.github.com').replace(/\/+$/, '');
    this.#options = options;
    this.#owner = owner;
    this.#longestWait = options.longestWait ?? 900;
    this.description = new URL(apiUrl).host;
    this.#shared = shared ?? {
      changes: new Changes({
        server: this.description,
        clock: options.clock,
        sleep: options.sleep,
        onWait: (...wait) => this.#waits(...wait),
        longestWait: this.#longestWait,
        interval: options.changeInterval,
      }),
      inFlight: new Pool(MOST_AT_ONCE),
      limits: new ActiveLimits(),
      clockSkew: null,
      answers: new Map(),
    };
    this.#graphqlUrl = options.graphqlUrl ?? `${apiUrl.replace(/\/v3$/, '')}/graphql`;
    const quiet = () => undefined;
    this.#request = new Octokit({
      baseUrl: apiUrl,
      userAgent: `greenroom/${VERSION}`,
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    }).request.defaults({ headers: { 'x-github-api-version': '2022-11-28' } });
  }

  /** The same client with the credentials for one owner's repositories: a GitHub App has one token for each owner. */
  for(owner: string): GitHubClient {
    return new GitHubClient(this.#options, owner, this.#shared);
  }

  /** The same client with other credentials. Limits and cached answers are shared. */
  as(credentials: Credentials): GitHubClient {
    return new GitHubClient({ ...this.#options, credentials }, '', this.#shared);
  }

  /**
   * Resolves when a commit can be sent without waiting. Call it before reading what the commit is planned on: a plan
   * that waits becomes outdated.
   *
   * @throws GreenroomError `unreachable` if the wait is too long
   */
  readyToPush(): Promise<void> {
    return this.#shared.changes.readyToPush();
  }

  /** Number of commits that no limit delays now. */
  get freePushes(): number {
    return this.#shared.changes.freePushes;
  }

  /** The last commit was refused. GitHub limits how often a branch is moved, so it does not count. */
  pushRefused(): void {
    this.#shared.changes.pushRefused();
  }

  /** Waits, to let another process finish its work first. */
  pause(seconds: number): Promise<void> {
    return this.#options.sleep(seconds * 1000);
  }

  /**
   * A query, retried when the server fails.
   *
   * @throws GreenroomError `unreachable` without an answer, `failed` if the token or a permission does not suffice
   */
  async query<T>(query: string, variables: Readonly<Record<string, unknown>>): Promise<GraphQLAnswer<T>> {
    return this.#graphql(query, variables, 'read');
  }

  /**
   * A mutation, sent once. After `unreachable` it is unknown whether it was carried out.
   *
   * @param still see {@link Still}
   */
  async mutate<T>(
    query: string,
    variables: Readonly<Record<string, unknown>>,
    still?: Still,
  ): Promise<GraphQLAnswer<T>> {
    const kind = await this.#shared.changes.turn(operationOf(query));
    const answer = await this.#graphql<T>(query, variables, kind, still);
    const passing = answer.errors.find(isPassingError);
    if (passing !== undefined) throw this.#unreachable(`GraphQL ${operationOf(query)}`, passing.message);
    return { ...answer, errors: answer.errors.map((error) => ({ ...error, message: withAdvice(error.message) })) };
  }

  /**
   * A REST call. A GET is retried when the server fails, and is conditional: a "not modified" answer does not count
   * against GitHub's rate limit.
   *
   * @param accepted statuses of 400 and above that are returned instead of thrown
   * @param still see {@link Still}
   */
  async rest<T>(
    route: RestRoute,
    parameters: Readonly<Record<string, unknown>>,
    accepted: readonly number[] = [],
    still?: Still,
  ): Promise<RestAnswer<T>> {
    const kind = route.startsWith('GET ') ? 'read' : await this.#shared.changes.turn(route);
    const key = kind === 'read' ? JSON.stringify([this.#owner, route, parameters]) : '';
    const known = this.#shared.answers.get(key);
    const condition = known === undefined ? {} : { 'if-none-match': known.etag };
    const answer = await this.#send(
      route,
      ({ headers, ...common }) =>
        this.#request(route, { ...parameters, ...common, headers: { ...headers, ...condition } }),
      kind,
      still,
    );
    if (answer.status === 304) {
      if (known === undefined)
        throw this.#unreachable(route, 'the answer is "not modified", but no earlier answer is known');
      return { status: 200, data: known.data as T };
    }
    if (answer.status >= 400 && !accepted.includes(answer.status)) throw this.#refusal(route, route, answer);
    if (kind === 'read') this.#remember(key, answer);
    return { status: answer.status, data: answer.data as T };
  }

  #remember(key: string, { status, headers, data }: RawAnswer): void {
    const { answers } = this.#shared;
    answers.delete(key);
    if (status === 200 && typeof headers['etag'] === 'string') answers.set(key, { etag: headers['etag'], data });
    for (const oldest of answers.keys()) {
      if (answers.size <= REMEMBERED_ANSWERS) break;
      answers.delete(oldest);
    }
  }

  async #graphql<T>(
    query: string,
    variables: Readonly<Record<string, unknown>>,
    kind: RequestKind,
    still?: Still,
  ): Promise<GraphQLAnswer<T>> {
    const name = operationOf(query);
    const doing = `GraphQL ${name}`;
    const answer = await this.#send(
      doing,
      (common) => this.#request({ method: 'POST', url: this.#graphqlUrl, query, variables, ...common }),
      kind,
      still,
    );
    if (answer.status >= 400) throw this.#refusal(doing, name, answer);
    const { data, errors } = graphQLOf<T>(answer.data);
    if (data === null && errors.length === 0) throw this.#unreachable(doing, 'the answer is empty');
    const forbidden = errors.find(({ type, message }) => type === 'FORBIDDEN' || /not accessible by/.test(message));
    if (forbidden !== undefined) throw this.#forbidden(doing, name, forbidden.message, answer, forbidden.path);
    return { data, errors: errors.map((error) => ({ ...error, message: this.#clean(error.message) })) };
  }

  #waits(reason: RequestPause['reason'], call: string, seconds: number): void {
    this.#options.onWait?.({ reason, call, seconds, until: this.#options.clock() + seconds });
  }

  async #send(
    doing: string,
    send: (common: Common) => Promise<RawAnswer>,
    kind: RequestKind,
    still?: Still,
  ): Promise<RawAnswer> {
    const hourly = `${this.#owner} ${doing.startsWith('GraphQL') ? 'graphql' : 'core'}`;
    const scopes = [ALL_REQUESTS, hourly];
    const { changes, limits } = this.#shared;
    const attempts = kind === 'read' ? READ_ATTEMPTS : 1;
    let failures = 0;
    let renewed = false;
    for (let limited = 0; ; ) {
      const waited = await this.#waitForLimits(doing, scopes);
      const once = () => this.#once(send);
      const { hits } = limits;
      const unlessLimited = async () => (limits.hits === hits ? once() : null);
      const answer = await (kind === 'read' ? once() : changes.send(doing, kind, unlessLimited, still));
      // Another request has hit a limit meanwhile.
      if (answer === null) continue;
      if (answer.status === 401 && !renewed && this.#options.credentials.renew(this.#owner)) {
        renewed = true;
        continue;
      }
      const now = this.#options.clock();
      const wait = rateLimitWait(answer, now, limited);
      if (wait !== null) {
        limited += 1;
        limits.hit(isSecondaryLimit(answer) ? ALL_REQUESTS : hourly, now, wait);
        if (limited >= LIMIT_ATTEMPTS) throw this.#limited(doing, wait);
        continue;
      }
      if (waited) for (const scope of scopes) limits.clear(scope);
      const reason = failureOf(answer);
      if (reason === null) return answer;
      failures += 1;
      if (failures >= attempts) throw this.#unreachable(doing, reason);
      await this.#options.sleep(500 * 2 ** failures);
    }
  }

  /** How far our clock is ahead of GitHub's, in seconds, by its last answer; null before the first one. */
  get clockSkew(): number | null {
    return this.#shared.clockSkew;
  }

  /** Waits while a limit is active. If that would take too long, the request is not sent. Returns whether it waited. */
  async #waitForLimits(doing: string, scopes: readonly string[]): Promise<boolean> {
    const wait = this.#shared.limits.wait(scopes, this.#options.clock());
    if (wait <= 0) return false;
    if (wait > this.#longestWait) {
      this.#waits('closed', doing, wait);
      throw this.#limited(doing, wait);
    }
    this.#waits('limit', doing, wait);
    await this.#options.sleep(wait * 1000);
    return true;
  }

  #limited(doing: string, wait: number): GreenroomError {
    const reason = `the rate limit is used up; retry in ${Math.ceil(wait)} seconds`;
    return this.#unreachable(doing, reason, this.#options.clock() + wait);
  }

  async #once(send: (common: Common) => Promise<RawAnswer>): Promise<RawAnswer> {
    const authorization = await this.#options.credentials.authorization(this.#owner);
    const answer = await this.#shared.inFlight.run(() => {
      const signal = AbortSignal.timeout(this.#options.timeout ?? 30_000);
      return send({ headers: { authorization }, request: { signal } }).catch(answerOfError);
    });
    const date = Date.parse(String(answer.headers['date'])) / 1000;
    if (Number.isFinite(date)) this.#shared.clockSkew = Math.round(this.#options.clock() - date);
    return answer;
  }

  #refusal(doing: string, call: string, answer: RawAnswer): GreenroomError {
    if (answer.status === 401) {
      const advice = credentialAdvice(messageOf(answer)) ?? this.#options.credentials.advice;
      return new GreenroomError('failed', `${this.description} does not accept the credentials; ${advice}`);
    }
    if (answer.status === 403) return this.#forbidden(doing, call, messageOf(answer), answer);
    const advice = adviceFor(call, messageOf(answer), { headers: {} });
    const text = `${this.description} refused ${doing}: ${messageOf(answer)} (${answer.status})`;
    return new GreenroomError('failed', this.#clean(advice === null ? text : `${text}; ${advice}`));
  }

  #forbidden(
    doing: string,
    call: string,
    words: string,
    answer: RawAnswer,
    path?: readonly (string | number)[],
  ): GreenroomError {
    const advice = adviceFor(call, words, answer, path);
    const text = `${this.description} refused ${doing}: ${words}`;
    return new GreenroomError('failed', this.#clean(advice === null ? text : `${text}; ${advice}`));
  }

  /** @param until unix seconds; a retry before that is useless */
  #unreachable(doing: string, reason: string, until?: number): GreenroomError {
    return new GreenroomError('unreachable', this.#clean(`${this.description}, ${doing}: ${reason}`), { until });
  }

  #clean(text: string): string {
    return redact(text, this.#options.credentials.secrets());
  }
}

function operationOf(query: string): string {
  return /^\s*\w+\s+(\w+)/.exec(query)?.[1] ?? '';
}

import { Octokit } from '@octokit/rest';
import { GreenroomError } from '../../core/errors.ts';
import { redact } from '../../core/git/redact.ts';
import { VERSION } from '../../core/version.ts';
import type { Wait } from '../../forge/limits.ts';
import { answerOf, failureOf, type RawAnswer, wordsOf } from './answer.ts';
import type { Credentials } from './credentials.ts';
import { missingPermission, needOf, type RestRoute } from './permissions.ts';
import { rateLimitWait } from './rate-limit.ts';
import { CONTENT_WRITES, PUSHES, Throttle, type ThrottleLimit } from './throttle.ts';

export interface GitHubClientOptions {
  readonly credentials: Credentials;
  /** @default https://api.github.com */
  readonly apiUrl?: string;
  /** @default - `graphql` beside the API, at GitHub Enterprise Server's own place for it */
  readonly graphqlUrl?: string;
  /** Unix seconds. */
  readonly clock: () => number;
  /** Waits for milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Told before every wait for a limit. @default - nobody is */
  readonly onWait?: (wait: Wait) => void;
  /** Longest wait for a limit, in seconds; a longer one is `unreachable`. @default 900 */
  readonly longestWait?: number;
  /** For one request, in milliseconds. @default 30000 */
  readonly timeout?: number;
}

/** What the doors for all owners have in common. */
interface Shared {
  /** Spread over time what GitHub counts apart. */
  readonly writes: Throttle;
  readonly pushes: Throttle;
  /** Answers to GETs with their ETags, the latest last. */
  readonly answers: Map<string, { readonly etag: string; readonly data: unknown }>;
}

export interface GraphQLError {
  readonly type?: string;
  readonly message: string;
  readonly path?: readonly (string | number)[];
}

export interface GraphQLAnswer<T> {
  readonly data: T | null;
  readonly errors: readonly GraphQLError[];
}

export interface RestAnswer<T> {
  readonly status: number;
  readonly data: T;
}

const READ_ATTEMPTS = 3;
const LIMIT_ATTEMPTS = 4;
const REMEMBERED_ANSWERS = 500;

/** Of every request. */
interface Common {
  readonly headers: Readonly<Record<string, string>>;
  readonly request: { readonly signal: AbortSignal };
}

/**
 * The one HTTP door to GitHub. What can be asked again safely is asked again when the server fails; a change is sent once,
 * and a lost answer to it is `unreachable`. Rate limits are waited out, and changes are spread so that they seldom set in.
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
    const paced = (limits: readonly ThrottleLimit[]) => new Throttle(limits, options.clock, options.sleep);
    this.#shared = shared ?? { writes: paced(CONTENT_WRITES), pushes: paced(PUSHES), answers: new Map() };
    this.#graphqlUrl = options.graphqlUrl ?? `${apiUrl.replace(/\/v3$/, '')}/graphql`;
    this.description = new URL(apiUrl).host;
    const quiet = () => undefined;
    this.#request = new Octokit({
      baseUrl: apiUrl,
      userAgent: `greenroom/${VERSION}`,
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    }).request.defaults({ headers: { 'x-github-api-version': '2022-11-28' } });
  }

  /** The same door with the credentials for one owner's repositories: a GitHub App has a token of its own at each. */
  for(owner: string): GitHubClient {
    return new GitHubClient(this.#options, owner, this.#shared);
  }

  /**
   * A query: asked again when the server fails.
   *
   * @throws GreenroomError `unreachable` without an answer, `failed` for a token or permission that does not do
   */
  async query<T>(query: string, variables: Readonly<Record<string, unknown>>): Promise<GraphQLAnswer<T>> {
    return this.#graphql(query, variables, READ_ATTEMPTS);
  }

  /** A mutation: sent once; `unreachable` leaves it open whether it was carried out. */
  async mutate<T>(query: string, variables: Readonly<Record<string, unknown>>): Promise<GraphQLAnswer<T>> {
    await this.#turn(operationOf(query));
    return this.#graphql(query, variables, 1);
  }

  /**
   * A REST call. A GET is asked again when the server fails, and asked on condition: GitHub counts no answer that says
   * that nothing has changed since the last one.
   *
   * @param accepted statuses from 400 that the caller wants to see
   */
  async rest<T>(
    route: RestRoute,
    parameters: Readonly<Record<string, unknown>>,
    accepted: readonly number[] = [],
  ): Promise<RestAnswer<T>> {
    const isRead = route.startsWith('GET ');
    const key = isRead ? JSON.stringify([this.#owner, route, parameters]) : '';
    const known = this.#shared.answers.get(key);
    if (!isRead) await this.#turn(route);
    const condition = known === undefined ? {} : { 'if-none-match': known.etag };
    const answer = await this.#send(
      route,
      ({ headers, ...common }) =>
        this.#request(route, { ...parameters, ...common, headers: { ...headers, ...condition } }),
      isRead ? READ_ATTEMPTS : 1,
    );
    if (answer.status === 304) {
      if (known === undefined) throw this.#unreachable(route, 'nothing has changed since an answer that never came');
      return { status: 200, data: known.data as T };
    }
    if (answer.status >= 400 && !accepted.includes(answer.status)) throw this.#refusal(route, route, answer);
    if (isRead) this.#remember(key, answer);
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
    attempts: number,
  ): Promise<GraphQLAnswer<T>> {
    const name = operationOf(query);
    const doing = `GraphQL ${name}`;
    const answer = await this.#send(
      doing,
      (common) => this.#request({ method: 'POST', url: this.#graphqlUrl, query, variables, ...common }),
      attempts,
    );
    if (answer.status >= 400) throw this.#refusal(doing, name, answer);
    const { data = null, errors = [] } = answer.data as { data?: T | null; errors?: GraphQLError[] };
    if (data === null && errors.length === 0) throw this.#unreachable(doing, 'the answer is empty');
    const forbidden = errors.find(({ type, message }) => type === 'FORBIDDEN' || /not accessible by/.test(message));
    if (forbidden !== undefined) throw this.#forbidden(doing, name, forbidden.message, answer);
    return { data, errors: errors.map((error) => ({ ...error, message: this.#clean(error.message) })) };
  }

  /** Before a change goes out. Commits wait for each other only: what is closed is not held up by comments. */
  async #turn(call: string): Promise<void> {
    const throttle = needOf(call)?.push ? this.#shared.pushes : this.#shared.writes;
    const seconds = await throttle.turn(this.#longestWait, (wait) => this.#waits('throttle', call, wait));
    if (seconds > 0)
      throw this.#unreachable(call, `so many changes were made that the next has to wait ${seconds} seconds`);
  }

  #waits(reason: Wait['reason'], call: string, seconds: number): void {
    this.#options.onWait?.({ reason, call, seconds, until: this.#options.clock() + seconds });
  }

  async #send(doing: string, send: (common: Common) => Promise<RawAnswer>, attempts: number): Promise<RawAnswer> {
    let failures = 0;
    let renewed = false;
    for (let limited = 0; ; ) {
      const answer = await this.#once(send);
      if (answer.status === 401 && !renewed && this.#options.credentials.renew(this.#owner)) {
        renewed = true;
        continue;
      }
      const wait = rateLimitWait(answer, this.#options.clock(), limited);
      if (wait !== null) {
        limited += 1;
        if (limited >= LIMIT_ATTEMPTS || wait > this.#longestWait) {
          throw this.#unreachable(doing, `the rate limit is used up; it may be asked again in ${wait} seconds`);
        }
        this.#waits('limit', doing, wait);
        await this.#options.sleep(wait * 1000);
        continue;
      }
      const reason = failureOf(answer);
      if (reason === null) return answer;
      failures += 1;
      if (failures >= attempts) throw this.#unreachable(doing, reason);
      await this.#options.sleep(500 * 2 ** failures);
    }
  }

  async #once(send: (common: Common) => Promise<RawAnswer>): Promise<RawAnswer> {
    const authorization = await this.#options.credentials.authorization(this.#owner);
    const signal = AbortSignal.timeout(this.#options.timeout ?? 30_000);
    return send({ headers: { authorization }, request: { signal } }).catch(answerOf);
  }

  #refusal(doing: string, call: string, answer: RawAnswer): GreenroomError {
    if (answer.status === 401) {
      const { advice } = this.#options.credentials;
      return new GreenroomError('failed', `${this.description} does not accept the credentials; ${advice}`);
    }
    if (answer.status === 403) return this.#forbidden(doing, call, wordsOf(answer), answer);
    const text = `${this.description} refused ${doing}: ${wordsOf(answer)} (${answer.status})`;
    return new GreenroomError('failed', this.#clean(text));
  }

  #forbidden(doing: string, call: string, words: string, { headers }: RawAnswer): GreenroomError {
    const accepted = headers['x-accepted-github-permissions'];
    const missing = missingPermission(call, accepted === undefined ? undefined : String(accepted));
    const permission =
      missing === undefined ? 'a permission for it is missing' : `it needs the permission "${missing}" there`;
    // That has the same status, whatever the token may do.
    const advice = /archived/i.test(words) ? 'nothing can be written there until somebody unarchives it' : permission;
    return new GreenroomError('failed', this.#clean(`${this.description} refused ${doing}: ${words}; ${advice}`));
  }

  #unreachable(doing: string, reason: string): GreenroomError {
    return new GreenroomError('unreachable', this.#clean(`${this.description}, ${doing}: ${reason}`));
  }

  #clean(text: string): string {
    return redact(text, this.#options.credentials.secrets());
  }
}

function operationOf(query: string): string {
  return /^\s*\w+\s+(\w+)/.exec(query)?.[1] ?? '';
}

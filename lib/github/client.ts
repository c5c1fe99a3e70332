import { Octokit } from '@octokit/rest';
import { GreenroomError } from '../core/errors.ts';
import { redact } from '../core/git/redact.ts';
import { VERSION } from '../core/version.ts';
import { rateLimitWait } from './rate-limit.ts';

export interface GitHubClientOptions {
  /** Sent with every request, shown nowhere. */
  readonly token: string;
  /** @default https://api.github.com */
  readonly apiUrl?: string;
  /** @default - `graphql` beside the API, at GitHub Enterprise Server's own place for it */
  readonly graphqlUrl?: string;
  /** Unix seconds. */
  readonly clock: () => number;
  /** Waits for milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Longest wait for a rate limit, in seconds; a longer one is `unreachable`. @default 900 */
  readonly longestWait?: number;
  /** For one request, in milliseconds. @default 30000 */
  readonly timeout?: number;
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

interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly data: unknown;
}

const READ_ATTEMPTS = 3;
const LIMIT_ATTEMPTS = 4;

/**
 * The one HTTP door to GitHub. What can be asked again safely is asked again when the server fails; a change is sent once,
 * and a lost answer to it is `unreachable`. Rate limits are waited out.
 */
export class GitHubClient {
  /** The server, for messages. */
  readonly description: string;
  readonly #options: GitHubClientOptions;
  readonly #octokit: Octokit;
  readonly #graphqlUrl: string;

  constructor(options: GitHubClientOptions) {
    const apiUrl = (options.apiUrl ?? 'https://api.github.com').replace(/\/+$/, '');
    this.#options = options;
    this.#graphqlUrl = options.graphqlUrl ?? `${apiUrl.replace(/\/v3$/, '')}/graphql`;
    this.description = new URL(apiUrl).host;
    const quiet = () => undefined;
    this.#octokit = new Octokit({
      auth: options.token,
      baseUrl: apiUrl,
      userAgent: `greenroom/${VERSION}`,
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    });
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
    return this.#graphql(query, variables, 1);
  }

  /**
   * A REST call; a GET is asked again when the server fails.
   *
   * @param route e.g. `GET /repositories/{id}`
   * @param accepted statuses from 400 that the caller wants to see
   */
  async rest<T>(
    route: string,
    parameters: Readonly<Record<string, unknown>>,
    accepted: readonly number[] = [],
  ): Promise<RestAnswer<T>> {
    const attempts = route.startsWith('GET ') ? READ_ATTEMPTS : 1;
    const answer = await this.#send(
      route,
      () => this.#octokit.request(route, { ...parameters, ...this.#limits() }),
      attempts,
    );
    if (answer.status >= 400 && !accepted.includes(answer.status)) throw this.#refusal(route, answer);
    return { status: answer.status, data: answer.data as T };
  }

  async #graphql<T>(
    query: string,
    variables: Readonly<Record<string, unknown>>,
    attempts: number,
  ): Promise<GraphQLAnswer<T>> {
    const doing = `GraphQL ${/^\s*(\w+\s+\w+)/.exec(query)?.[1] ?? 'request'}`;
    const send = () =>
      this.#octokit.request({ method: 'POST', url: this.#graphqlUrl, query, variables, ...this.#limits() });
    const answer = await this.#send(doing, send, attempts);
    if (answer.status >= 400) throw this.#refusal(doing, answer);
    const { data = null, errors = [] } = answer.data as { data?: T | null; errors?: GraphQLError[] };
    if (data === null && errors.length === 0) throw this.#unreachable(doing, 'the answer is empty');
    const forbidden = errors.find(({ type, message }) => type === 'FORBIDDEN' || /not accessible by/.test(message));
    if (forbidden !== undefined) throw this.#forbidden(doing, forbidden.message, answer);
    return { data, errors: errors.map((error) => ({ ...error, message: this.#clean(error.message) })) };
  }

  async #send(doing: string, request: () => Promise<RawAnswer>, attempts: number): Promise<RawAnswer> {
    let failures = 0;
    for (let limited = 0; ; ) {
      const answer = await this.#once(request);
      const wait = rateLimitWait(answer, this.#options.clock(), limited);
      if (wait !== null) {
        limited += 1;
        const longest = this.#options.longestWait ?? 900;
        if (limited >= LIMIT_ATTEMPTS || wait > longest) {
          throw this.#unreachable(doing, `the rate limit is used up; it may be asked again in ${wait} seconds`);
        }
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

  /** One request; an answer of any status is an answer, status 0 stands for none. */
  async #once(request: () => Promise<RawAnswer>): Promise<RawAnswer> {
    try {
      return await request();
    } catch (error) {
      const response = (error as { response?: RawAnswer }).response;
      if (response !== undefined) return response;
      return { status: 0, headers: {}, data: error instanceof Error ? error.message : String(error) };
    }
  }

  #limits() {
    return { request: { signal: AbortSignal.timeout(this.#options.timeout ?? 30_000) } };
  }

  #refusal(doing: string, answer: RawAnswer): GreenroomError {
    const message = (answer.data as { message?: unknown } | null)?.message;
    const text = typeof message === 'string' ? message : `status ${answer.status}`;
    if (answer.status === 401) {
      return new GreenroomError(
        'failed',
        `${this.description} does not accept the token; set GITHUB_TOKEN to a valid one`,
      );
    }
    if (answer.status === 403) return this.#forbidden(doing, text, answer);
    return new GreenroomError(
      'failed',
      `${this.description} refused ${doing}: ${this.#clean(text)} (${answer.status})`,
    );
  }

  #forbidden(doing: string, message: string, { headers }: RawAnswer): GreenroomError {
    const wanted = headers['x-accepted-github-permissions'] ?? headers['x-accepted-oauth-scopes'];
    const permission = wanted ? `; the token needs the permission ${wanted}` : '; the token lacks a permission for it';
    return new GreenroomError('failed', this.#clean(`${this.description} refused ${doing}: ${message}${permission}`));
  }

  #unreachable(doing: string, reason: string): GreenroomError {
    return new GreenroomError('unreachable', this.#clean(`${this.description}, ${doing}: ${reason}`));
  }

  #clean(text: string): string {
    return redact(text, [this.#options.token]);
  }
}

/** Why an answer is none; null for one that can be worked with. */
function failureOf({ status, data }: RawAnswer): string | null {
  if (status === 0) return `no answer (${String(data)})`;
  if (status >= 500) return `status ${status}`;
  if (status === 204) return null;
  const isJson = typeof data === 'object' && data !== null && !(data instanceof ArrayBuffer);
  return isJson ? null : `the answer (status ${status}) is not JSON`;
}

/** How much GitHub allows one account. */
export interface LimitNumbers {
  readonly pointsPerHour: number;
  readonly concurrent: number;
  readonly restPointsPerMinute: number;
  readonly graphqlPointsPerMinute: number;
  readonly changesPerMinute: number;
  readonly changesPerHour: number;
  /** Seconds in `retry-after`. */
  readonly penalty: number;
}

/**
 * What GitHub tells of its own limits.
 *
 * @see https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
 * @see https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
 */
export const GITHUB_LIMITS: LimitNumbers = {
  pointsPerHour: 5000,
  concurrent: 100,
  restPointsPerMinute: 900,
  graphqlPointsPerMinute: 2000,
  changesPerMinute: 80,
  changesPerHour: 500,
  penalty: 60,
};

type Api = 'core' | 'graphql';

interface Counted {
  readonly at: number;
  readonly api: Api;
  readonly isChange: boolean;
}

export interface LimitAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

/** Counts requests as GitHub does, and refuses those that are too many. Every change counts as content. */
export class FakeLimits {
  readonly numbers: LimitNumbers;
  /** Why each refused request was refused. */
  readonly refused: string[] = [];
  /** The most requests that were being answered at the same time. */
  mostAtOnce = 0;
  /** Times of the changes, in unix seconds. */
  readonly changes: number[] = [];
  readonly #clock: () => number;
  readonly #counted: Counted[] = [];
  readonly #used: Record<Api, { hour: number; points: number }> = {
    core: { hour: 0, points: 0 },
    graphql: { hour: 0, points: 0 },
  };
  #inFlight = 0;
  #closedUntil = 0;

  constructor(clock: () => number, numbers: Partial<LimitNumbers> = {}) {
    this.#clock = clock;
    this.numbers = { ...GITHUB_LIMITS, ...numbers };
  }

  get isIdle(): boolean {
    return this.#inFlight === 0;
  }

  /** A request came; null if it is answered. Call {@link left} in the end. */
  came(api: Api, isChange: boolean): LimitAnswer | null {
    this.#inFlight += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#inFlight);
    const why = this.#why(api, isChange);
    if (why === null) return this.#usedBy(api).points < this.numbers.pointsPerHour ? null : this.#usedUp(api);
    this.refused.push(why);
    // Whoever goes on meanwhile waits longer.
    this.#closedUntil = this.#clock() + this.numbers.penalty;
    const message = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';
    const headers = { 'retry-after': String(this.numbers.penalty), ...this.headers(api) };
    return { status: 403, headers, body: { message } };
  }

  /** A request was answered. "Not modified" costs nothing. */
  spent(api: Api): void {
    this.#usedBy(api).points += 1;
  }

  left(): void {
    this.#inFlight -= 1;
  }

  headers(api: Api): Record<string, string> {
    const { hour, points } = this.#usedBy(api);
    return {
      'x-ratelimit-limit': String(this.numbers.pointsPerHour),
      'x-ratelimit-remaining': String(this.numbers.pointsPerHour - points),
      'x-ratelimit-used': String(points),
      'x-ratelimit-reset': String((hour + 1) * 3600),
      'x-ratelimit-resource': api,
    };
  }

  #usedUp(api: Api): LimitAnswer {
    this.refused.push(`${api}: points an hour`);
    const message = 'API rate limit exceeded for installation ID 1.';
    const headers = this.headers(api);
    if (api === 'core') return { status: 403, headers, body: { message } };
    return { status: 200, headers, body: { errors: [{ type: 'RATE_LIMITED', message }] } };
  }

  #usedBy(api: Api): { hour: number; points: number } {
    const hour = Math.floor(this.#clock() / 3600);
    if (this.#used[api].hour !== hour) this.#used[api] = { hour, points: 0 };
    return this.#used[api];
  }

  #why(api: Api, isChange: boolean): string | null {
    const now = this.#clock();
    const { numbers } = this;
    if (now < this.#closedUntil) return 'still closed';
    if (this.#inFlight > numbers.concurrent) return 'concurrent requests';
    while (this.#counted[0] !== undefined && this.#counted[0].at <= now - 3600) this.#counted.shift();
    this.#counted.push({ at: now, api, isChange });
    if (isChange) this.changes.push(now);
    const minute = this.#counted.filter(({ at }) => at > now - 60);
    const points = minute.reduce((sum, one) => sum + (one.api === api ? (one.isChange ? 5 : 1) : 0), 0);
    if (points > (api === 'core' ? numbers.restPointsPerMinute : numbers.graphqlPointsPerMinute))
      return `${api}: points a minute`;
    if (!isChange) return null;
    if (minute.filter((one) => one.isChange).length > numbers.changesPerMinute) return 'changes a minute';
    return this.#counted.filter((one) => one.isChange).length > numbers.changesPerHour ? 'changes an hour' : null;
  }
}

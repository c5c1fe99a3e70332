/** At most `count` requests in `seconds`. */
export interface ThrottleLimit {
  readonly count: number;
  readonly seconds: number;
}

/**
 * Changes other than commits. GitHub allows about 500 an hour in all: the others are left to commits.
 *
 * @see https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
 */
export const REPORTS: readonly ThrottleLimit[] = [{ count: 440, seconds: 3600 }];

/** Pushes to one repository. @see https://docs.github.com/en/repositories/creating-and-managing-repositories/repository-limits */
export const PUSHES: readonly ThrottleLimit[] = [{ count: 6, seconds: 60 }];

/** Keeps one kind of request below its limits: it waits before the request, so GitHub need not refuse it. */
export class Throttle {
  readonly #limits: readonly ThrottleLimit[];
  readonly #clock: () => number;
  readonly #sleep: (milliseconds: number) => Promise<void>;
  readonly #most: number;
  /** Times of requests in unix seconds, latest last, including those that still wait. */
  readonly #times: number[] = [];

  constructor(limits: readonly ThrottleLimit[], clock: () => number, sleep: (milliseconds: number) => Promise<void>) {
    this.#limits = limits;
    this.#clock = clock;
    this.#sleep = sleep;
    this.#most = Math.max(...limits.map(({ count }) => count));
  }

  /** Seconds until the next request may be sent. */
  get wait(): number {
    return this.#next() - this.#clock();
  }

  /** Number of requests that may be sent now without a wait. */
  get free(): number {
    const now = this.#clock();
    const lefts = this.#limits.map(
      ({ count, seconds }) => count - this.#times.filter((time) => time > now - seconds).length,
    );
    return Math.max(0, Math.min(...lefts));
  }

  #next(): number {
    let at = this.#clock();
    for (const { count, seconds } of this.#limits) {
      const earlier = this.#times.at(-count);
      if (earlier !== undefined) at = Math.max(at, earlier + seconds);
    }
    return at;
  }

  /** The latest turn was not used. */
  giveBack(): void {
    this.#times.pop();
  }

  /**
   * Resolves when the next request may be sent.
   *
   * @param longest seconds; if the wait would be longer, it returns at once and reserves nothing
   * @param onWait called with the seconds before a wait
   * @returns 0, or the seconds of the wait that was too long
   */
  async turn(longest: number, onWait: (seconds: number) => void = () => undefined): Promise<number> {
    const now = this.#clock();
    const at = this.#next();
    if (at - now > longest) return at - now;
    this.#times.push(at);
    if (this.#times.length > this.#most) this.#times.shift();
    if (at > now) {
      onWait(at - now);
      await this.#sleep((at - now) * 1000);
    }
    return 0;
  }
}

/** So many in so many seconds. */
export interface ThrottleLimit {
  readonly count: number;
  readonly seconds: number;
}

/**
 * GitHub asks for a second between one change and the next, and for no more than 80 a minute and 500 an hour: beyond it,
 * its secondary limits set in. The changes of one or two syncs go out at once, and many a second apart on the average. With
 * what is left to {@link PUSHES} and {@link PARTS}, all together keep to 80, and no commit waits for a comment.
 *
 * @see https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
 * @see https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
 */
export const CONTENT_WRITES: readonly ThrottleLimit[] = [
  { count: 10, seconds: 10 },
  { count: 440, seconds: 3600 },
];

/** Of what a large commit is made of, before its push. */
export const PARTS: readonly ThrottleLimit[] = [{ count: 14, seconds: 60 }];

/** Of pushes to one repository. @see https://docs.github.com/en/repositories/creating-and-managing-repositories/repository-limits */
export const PUSHES: readonly ThrottleLimit[] = [{ count: 6, seconds: 60 }];

/** Keeps a kind of request below its limits, by waiting before it and not after GitHub has refused. */
export class Throttle {
  readonly #limits: readonly ThrottleLimit[];
  readonly #clock: () => number;
  readonly #sleep: (milliseconds: number) => Promise<void>;
  readonly #most: number;
  /** When requests go out, in unix seconds, the latest last; those that wait have their time already. */
  readonly #times: number[] = [];

  constructor(limits: readonly ThrottleLimit[], clock: () => number, sleep: (milliseconds: number) => Promise<void>) {
    this.#limits = limits;
    this.#clock = clock;
    this.#sleep = sleep;
    this.#most = Math.max(...limits.map(({ count }) => count));
  }

  /** Seconds until a turn would be there at once. */
  get wait(): number {
    return this.#next() - this.#clock();
  }

  #next(): number {
    let at = this.#clock();
    for (const { count, seconds } of this.#limits) {
      const earlier = this.#times.at(-count);
      if (earlier !== undefined) at = Math.max(at, earlier + seconds);
    }
    return at;
  }

  /**
   * Comes back when the next request may go out.
   *
   * @param longest seconds; when it would take longer, nothing is waited for and no turn is taken
   * @param onWait is told for how many seconds it waits, before it does
   * @returns the seconds that were too long; 0 when the turn is there
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

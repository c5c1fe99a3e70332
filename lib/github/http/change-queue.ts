/** What is sent first: no commit waits for a comment. */
const ORDER = ['push', 'part', 'report'] as const;

/** `push` moves a branch, `part` creates a part of a commit before its push, `report` is any other change. */
export type ChangeKind = (typeof ORDER)[number];

/** Seconds between two changes. */
export const CHANGE_INTERVAL = 1;

/**
 * Whether a change still makes sense: asked right before it is sent, if it had to wait for its turn. If not, nothing is
 * sent, and {@link Outdated} is thrown. Where that cannot be found out, the change is sent.
 */
export type Still = () => Promise<boolean>;

/** A change was not sent, since it made no sense any more. */
export class Outdated extends Error {}

/**
 * Sends changes one at a time and a second apart, as GitHub asks for: that is at most 60 a minute of the 80 that it allows.
 *
 * @see https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#pause-between-mutative-requests
 * @see https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
 */
export class ChangeQueue {
  readonly #interval: number;
  readonly #clock: () => number;
  readonly #sleep: (milliseconds: number) => Promise<void>;
  readonly #waiting: Readonly<Record<ChangeKind, (() => Promise<boolean>)[]>> = { push: [], part: [], report: [] };
  #isRunning = false;
  /** When the last change was sent, in unix seconds. */
  #last = Number.NEGATIVE_INFINITY;

  /**
   * @param interval seconds from one change to the next
   * @param clock unix seconds, with fractions
   */
  constructor(interval: number, clock: () => number, sleep: (milliseconds: number) => Promise<void>) {
    this.#interval = interval;
    this.#clock = clock;
    this.#sleep = sleep;
  }

  /** Seconds until a change that is added now is sent, if all are answered at once. */
  waitOf(kind: ChangeKind): number {
    const before = ORDER.slice(0, ORDER.indexOf(kind) + 1).map((other) => this.#waiting[other].length);
    return this.#rest() + before.reduce((sum, count) => sum + count, 0) * this.#interval;
  }

  /**
   * @param send called when it is its turn; null if it sent nothing after all, so that the next one need not wait
   * @throws Outdated see {@link Still}
   */
  run<T>(kind: ChangeKind, send: () => Promise<T | null>, still?: Still): Promise<T | null> {
    const waits = this.waitOf(kind) > 0;
    const sendIfStill = async () => {
      if (waits && still !== undefined && !(await still().catch(() => true))) throw new Outdated();
      return send();
    };
    const answer = new Promise<T | null>((resolve, reject) => {
      this.#waiting[kind].push(async () => {
        const sent = sendIfStill();
        sent.then(resolve, reject);
        return sent.then(
          (found) => found !== null,
          (error: unknown) => !(error instanceof Outdated),
        );
      });
    });
    if (!this.#isRunning) void this.#run();
    return answer;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (ORDER.some((kind) => this.#waiting[kind].length > 0)) {
      const rest = this.#rest();
      if (rest > 0) await this.#sleep(rest * 1000);
      const kind = ORDER.find((one) => this.#waiting[one].length > 0)!;
      const before = this.#last;
      this.#last = this.#clock();
      const wasSent = await this.#waiting[kind].shift()!();
      if (!wasSent) this.#last = before;
    }
    this.#isRunning = false;
  }

  /** Seconds until the next change may be sent; never more than the interval, even if the clock is set back. */
  #rest(): number {
    return Math.min(Math.max(0, this.#last + this.#interval - this.#clock()), this.#interval);
  }
}

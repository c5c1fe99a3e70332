import { type Clock, formatTime } from '../core/clock.ts';
import type { Late, RequestPause } from '../forge/limits.ts';

/** A shorter delay, in seconds, is not mentioned. */
const NOTICED_SECONDS = 60;

/** The last or present time range in which the forge accepts no requests from this process. */
export class Closed {
  readonly #clock: Clock;
  /** Unix seconds. */
  #from = 0;
  #until = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Unix seconds; in the past if the forge accepts requests. */
  get until(): number {
    return this.#until;
  }

  /** A request waits for one of the forge's rate limits. */
  waits({ seconds, until }: Pick<RequestPause, 'seconds' | 'until'>): void {
    if (!this.isNow) this.#from = until - seconds;
    this.#until = Math.max(this.#until, until);
  }

  get isNow(): boolean {
    return this.#until > this.#clock();
  }

  /** What delayed a pull request that was reported at this time; null if the delay is too short to matter. */
  late(toldAt: number): Late | null {
    const seconds = this.#until - Math.max(this.#from, toldAt);
    return !this.isNow && seconds >= NOTICED_SECONDS ? { seconds, until: this.#until } : null;
  }

  /** The service is ready even while the forge accepts no requests: deliveries wait until it does. */
  readiness(): string {
    return this.isNow ? `ok\nno requests to the forge until ${formatTime(Math.ceil(this.#until))}\n` : 'ok\n';
  }
}

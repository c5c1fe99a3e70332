/** Time that stands still until it is moved: whoever sleeps wakes when it has come. */
export class StoppedClock {
  /** Unix seconds. */
  now: number;
  readonly #sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  constructor(now: number) {
    this.now = now;
  }

  readonly clock = (): number => this.now;

  readonly sleep = (milliseconds: number): Promise<void> =>
    new Promise((wake) => this.#sleepers.push({ at: this.now + milliseconds / 1000, wake }));

  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** Seconds until the first one wakes; null if nobody sleeps. */
  get next(): number | null {
    return this.#sleepers.length === 0 ? null : Math.min(...this.#sleepers.map(({ at }) => at)) - this.now;
  }

  pass(seconds: number): void {
    this.now += seconds;
    const awake = this.#sleepers.filter(({ at }) => at <= this.now);
    for (const sleeper of awake) this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
    for (const { wake } of awake) wake();
  }
}

export interface RetriesOptions<T> {
  readonly again: (key: string, item: T) => void;
  /** A number from 0 up to 1. */
  readonly random: () => number;
  /** Unix seconds. */
  readonly clock: () => number;
  /** Seconds before the first try, at most; twice as long each time. */
  readonly first: number;
}

const ATTEMPTS = 6;
/** After a time that is known to all, they come back within so many seconds, and not at once. */
const SPREAD = 30;

/** Brings back what failed in passing, by itself: later each time, and a bounded number of times. */
export class Retries<T> {
  readonly #options: RetriesOptions<T>;
  readonly #waiting = new Map<string, { readonly count: number; readonly timer: NodeJS.Timeout }>();

  constructor(options: RetriesOptions<T>) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * @param until unix seconds before which it is in vain; such a wait does not count as a try
   * @returns seconds until it comes back; null when it does not, since it failed too often
   */
  later(key: string, item: T, until?: number): number | null {
    const { again, random, clock, first } = this.#options;
    const known = this.#waiting.get(key);
    const count = until === undefined ? (known?.count ?? 0) + 1 : (known?.count ?? 0);
    clearTimeout(known?.timer);
    if (count > ATTEMPTS) {
      this.#waiting.delete(key);
      return null;
    }
    const seconds =
      until === undefined
        ? first * 2 ** (count - 1) * (0.5 + random() / 2)
        : Math.max(0, until - clock()) + random() * SPREAD;
    const timer = setTimeout(() => again(key, item), seconds * 1000);
    this.#waiting.set(key, { count, timer });
    return seconds;
  }

  /** It went well: the next failure is the first. */
  done(key: string): void {
    clearTimeout(this.#waiting.get(key)?.timer);
    this.#waiting.delete(key);
  }

  stop(): void {
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
  }
}

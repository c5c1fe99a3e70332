export interface RetriesOptions<T> {
  readonly again: (key: string, item: T) => void;
  /** A number from 0 up to 1. */
  readonly random: () => number;
  /** Unix seconds. */
  readonly clock: () => number;
  /** Maximum seconds before the first retry; doubled each time. */
  readonly first: number;
}

const ATTEMPTS = 6;
/** If the end of a wait is the same for all, retries are spread over this many seconds. */
const SPREAD = 30;

/** Retries temporary failures: with longer waits each time, and a limited number of times. */
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
   * @param until unix seconds before which a retry would fail; such a wait does not count as an attempt
   * @returns seconds until the retry; null if there is none, since it failed too often
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

  /** Call after a success: the next failure counts as the first. */
  done(key: string): void {
    clearTimeout(this.#waiting.get(key)?.timer);
    this.#waiting.delete(key);
  }

  stop(): void {
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
  }
}

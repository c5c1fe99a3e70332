export interface KeyedQueueOptions<T> {
  /** Keys that are worked on side by side, at most. */
  readonly concurrency: number;
  /** Keys that wait, at most. */
  readonly capacity: number;
  /** What waits and what joins it, as one. */
  readonly merge: (waiting: T, added: T) => T;
  /**
   * Never rejects.
   *
   * @param release lets others begin, of the same key as well, while the rest of it goes on
   */
  readonly work: (item: T, release: () => void) => Promise<void>;
}

/**
 * Work by key: one piece at a time each, many keys side by side. What comes for a key that waits already joins it, and
 * what comes while it is worked on is one more piece after it: the work reads the state as it is then, so that nothing
 * is missed by doing it once.
 */
export class KeyedQueue<T> {
  readonly #options: KeyedQueueOptions<T>;
  readonly #waiting = new Map<string, T>();
  readonly #running = new Map<string, object>();
  /** What runs, and what goes on by itself. */
  readonly #unfinished = new Set<Promise<void>>();
  #isOpen = true;

  constructor(options: KeyedQueueOptions<T>) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get running(): number {
    return this.#running.size;
  }

  /** `full`: it was not taken, and nobody will come back for it by itself. */
  add(key: string, item: T): 'queued' | 'joined' | 'full' {
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) {
      this.#waiting.set(key, this.#options.merge(waiting, item));
      return 'joined';
    }
    if (!this.#isOpen || this.#waiting.size >= this.#options.capacity) return 'full';
    this.#waiting.set(key, item);
    this.#startWhatCan();
    return 'queued';
  }

  /** Takes and starts nothing more; comes back when what runs has ended. What waits stays counted. */
  async close(): Promise<void> {
    this.#isOpen = false;
    await Promise.all(this.#unfinished);
  }

  #startWhatCan(): void {
    for (const [key, item] of this.#waiting) {
      if (!this.#isOpen || this.#running.size >= this.#options.concurrency) return;
      if (this.#running.has(key)) continue;
      this.#waiting.delete(key);
      this.#start(key, item);
    }
  }

  #start(key: string, item: T): void {
    const piece = {};
    this.#running.set(key, piece);
    const release = () => {
      if (this.#running.get(key) !== piece) return;
      this.#running.delete(key);
      this.#startWhatCan();
    };
    const ended = this.#options.work(item, release).finally(() => {
      this.#unfinished.delete(ended);
      release();
    });
    this.#unfinished.add(ended);
  }
}

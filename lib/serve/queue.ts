export interface KeyedQueueOptions<T> {
  /** Maximum number of keys that are worked on in parallel. */
  readonly concurrency: number;
  /** Maximum number of waiting keys. */
  readonly capacity: number;
  /** Merges a new item into a waiting one. */
  readonly merge: (waiting: T, added: T) => T;
  /**
   * Never rejects.
   *
   * @param release lets other items begin, also of the same key, while this one finishes
   */
  readonly work: (item: T, release: () => void) => Promise<void>;
}

/**
 * Work by key: one item at a time for each key, many keys in parallel. A new item for a waiting key is merged into the
 * waiting one. A new item for a running key runs once more afterwards. The work reads the current state, so running
 * once for several items misses nothing.
 */
export class KeyedQueue<T> {
  readonly #options: KeyedQueueOptions<T>;
  readonly #waiting = new Map<string, T>();
  readonly #running = new Map<string, object>();
  /** Running items, and released ones that are not finished yet. */
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

  /** `full`: it was not accepted, and will not be tried again automatically. */
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

  /** Accepts and starts nothing more; resolves when all running work has ended. Waiting items stay counted. */
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

export interface KeyedQueueOptions<T> {
  /** Maximum number of keys that are worked on in parallel. */
  readonly concurrency: number;
  /** Maximum number of waiting keys. */
  readonly capacity: number;
  /**
   * Group of an item. Items without a group go first. Groups share half of `concurrency`, and each has an equal part of half
   * of `capacity`, so a group that floods does not delay the others for long. @default - no item has a group
   */
  readonly groupOf?: (item: T) => string | undefined;
  /** Number of groups. @default 1 */
  readonly groups?: number;
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
  readonly #running = new Map<string, { readonly group: string | undefined }>();
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
    if (!this.#isOpen || this.#isFull(this.#groupOf(item))) return 'full';
    this.#waiting.set(key, item);
    this.#startWhatCan();
    return 'queued';
  }

  /** Accepts and starts nothing more; resolves when all running work has ended. Waiting items stay counted. */
  async close(): Promise<void> {
    this.#isOpen = false;
    await Promise.all(this.#unfinished);
  }

  #groupOf(item: T): string | undefined {
    return this.#options.groupOf?.(item);
  }

  #isFull(group: string | undefined): boolean {
    const { capacity, groups = 1 } = this.#options;
    if (this.#waiting.size >= capacity) return true;
    if (group === undefined) return false;
    const share = Math.max(1, Math.floor(capacity / 2 / Math.max(1, groups)));
    return [...this.#waiting.values()].filter((item) => this.#groupOf(item) === group).length >= share;
  }

  #startWhatCan(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#waiting.delete(next[0]);
      this.#start(...next);
    }
  }

  /** The first waiting item without a group; otherwise the first one of the group with the fewest running items. */
  #next(): readonly [key: string, item: T] | undefined {
    const { concurrency } = this.#options;
    if (!this.#isOpen || this.#running.size >= concurrency) return undefined;
    const running = [...this.#running.values()].flatMap(({ group }) => group ?? []);
    const isShareUsed = running.length >= Math.max(1, Math.floor(concurrency / 2));
    let best: { readonly next: readonly [string, T]; readonly count: number } | undefined;
    for (const next of this.#waiting) {
      if (this.#running.has(next[0])) continue;
      const group = this.#groupOf(next[1]);
      if (group === undefined) return next;
      const count = running.filter((one) => one === group).length;
      if (!isShareUsed && (best === undefined || count < best.count)) best = { next, count };
    }
    return best?.next;
  }

  #start(key: string, item: T): void {
    const piece = { group: this.#groupOf(item) };
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

/** A cache with a total size limit; the least recently used entry is dropped first. */
export class Recent<T> {
  readonly #entries = new Map<string, { readonly value: T; readonly size: number }>();
  readonly #max: number;
  #size = 0;

  /** @param max sum of the sizes */
  constructor(max: number) {
    this.#max = max;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** A value above the limit is not kept. */
  set(key: string, value: T, size: number): void {
    if (size > this.#max) return;
    this.#size += size - (this.#entries.get(key)?.size ?? 0);
    this.#entries.delete(key);
    this.#entries.set(key, { value, size });
    for (const [oldest, entry] of this.#entries) {
      if (this.#size <= this.#max) break;
      this.#entries.delete(oldest);
      this.#size -= entry.size;
    }
  }
}

import { Pool } from '../core/pool.ts';
import { NOTHING_PUBLISHED, type Published } from './publish.ts';

const SIDE_BY_SIDE = 4;

/**
 * Tells makers what became of their pull requests, where many are told at once and the forge's limits make them wait: a
 * few side by side, one at a time for each pull request, and of several reports of one only the latest.
 */
export class Teller {
  readonly #pool = new Pool(SIDE_BY_SIDE);
  readonly #latest = new Map<string, Promise<unknown>>();

  /** @param key of the pull request */
  async tell(key: string, work: () => Promise<Published>): Promise<Published> {
    const before = this.#latest.get(key) ?? Promise.resolve();
    const told: Promise<Published> = before.then(() =>
      this.#pool.run(async () => (this.#latest.get(key) === settled ? work() : NOTHING_PUBLISHED)),
    );
    const settled = told.then(
      () => undefined,
      () => undefined,
    );
    this.#latest.set(key, settled);
    try {
      return await told;
    } finally {
      if (this.#latest.get(key) === settled) this.#latest.delete(key);
    }
  }
}

import { Pool } from '../core/pool.ts';
import { NOTHING_PUBLISHED, type Published } from './publish.ts';

const SIDE_BY_SIDE = 4;

/**
 * Writes reports on pull requests, for when many are written at once and the forge's rate limits delay them: a few in
 * parallel, one at a time for each pull request, and of several waiting reports of one pull request only the latest.
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

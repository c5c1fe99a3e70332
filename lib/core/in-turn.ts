import { setImmediate } from 'node:timers/promises';
import { Pool } from './pool.ts';

/**
 * Runs work that blocks the process one at a time, and lets everything else that waits, such as requests, go first. Without it,
 * several promises that resolve together run all their work before the next request is answered.
 */
export class InTurn {
  readonly #pool = new Pool(1);

  run<T>(work: () => T): Promise<T> {
    return this.#pool.run(async () => {
      await setImmediate();
      return work();
    });
  }
}

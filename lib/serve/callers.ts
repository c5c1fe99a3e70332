import type { Clock } from '../core/clock.ts';
import { Pool } from '../core/pool.ts';

export interface CallersOptions {
  readonly clock: Clock;
  /** Calls that a cluster may make at once. @default 600 */
  readonly burst?: number;
  /** Calls that a cluster may make in a second, once `burst` is used up. @default 5 */
  readonly perSecond?: number;
  /** Called when a cluster makes too many, at most once a minute for each. */
  readonly onFlood: (cluster: string) => void;
}

/** Calls of one cluster that are handled at the same time, and that may wait for that. */
const SIDE_BY_SIDE = 8;
const MAX_OPEN = 500;

/** Seconds that a cluster with too many calls is told to wait. */
export const RETRY_AFTER = 30;
const FLOOD_SECONDS = 60;

interface Caller {
  /** Calls that it may make now. */
  left: number;
  /** Unix seconds: when `left` was computed. */
  at: number;
  /** Calls that are not answered yet. */
  open: number;
  /** Unix seconds: last call of `onFlood`. */
  toldAt: number;
  readonly pool: Pool;
}

/** Limits the calls of each cluster, so that one that floods costs little and delays no other. */
export class Callers {
  readonly #options: Required<CallersOptions>;
  /** By the name of a cluster: only those that have a secret. */
  readonly #callers = new Map<string, Caller>();

  constructor({ burst = 600, perSecond = 5, ...options }: CallersOptions) {
    this.#options = { ...options, burst, perSecond };
  }

  /**
   * Handles a call of a cluster. Call it only after the call was authenticated.
   *
   * @returns null if the cluster has made too many
   */
  async run<T>(cluster: string, work: () => Promise<T>): Promise<T | null> {
    const caller = this.#caller(cluster);
    if (caller.left < 1 || caller.open >= MAX_OPEN) {
      this.#tell(cluster, caller);
      return null;
    }
    caller.left -= 1;
    caller.open += 1;
    try {
      return await caller.pool.run(work);
    } finally {
      caller.open -= 1;
    }
  }

  #tell(cluster: string, caller: Caller): void {
    if (caller.at - caller.toldAt < FLOOD_SECONDS) return;
    caller.toldAt = caller.at;
    this.#options.onFlood(cluster);
  }

  #caller(cluster: string): Caller {
    const { clock, burst, perSecond } = this.#options;
    const now = clock();
    const fresh = { left: burst, at: now, open: 0, toldAt: Number.NEGATIVE_INFINITY, pool: new Pool(SIDE_BY_SIDE) };
    const known = this.#callers.get(cluster) ?? fresh;
    // If the clock is set back, nothing is added.
    known.left = Math.min(burst, known.left + Math.max(0, now - known.at) * perSecond);
    known.at = now;
    this.#callers.set(cluster, known);
    return known;
  }
}

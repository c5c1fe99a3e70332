import type { Clock } from '../core/clock.ts';
import { sha256 } from '../core/digest.ts';
import type { StatusCall } from '../status/call.ts';

/** A report that is repeated within this many seconds is ignored; regular reports are further apart. */
const SECONDS = 5 * 60;
/** Reports of a cluster that are remembered, so that one that makes up names fills no memory. */
const MAX_KNOWN = 2000;

interface Known {
  readonly digest: string;
  /** Unix seconds. */
  readonly at: number;
}

/** Finds reports that only repeat the last one: a sync for them would find nothing, and cost requests to the forge. */
export class Repeats {
  readonly #clock: Clock;
  /** The last report by cluster, and there by preview and source. */
  readonly #last = new Map<string, Map<string, Known>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a report repeats the last one that was handled; otherwise it is the last one from now on. */
  has({ cluster, preview, repositoryId, repository, number, observation }: StatusCall): boolean {
    const { at: _, ...said } = observation;
    const now = this.#clock();
    const known = this.#last.get(cluster) ?? new Map<string, Known>();
    this.#last.set(cluster, known);
    const key = `${preview} ${said.source}`;
    const digest = sha256(JSON.stringify([repositoryId, repository, number, said]));
    const last = known.get(key);
    if (last?.digest === digest && Math.abs(now - last.at) < SECONDS) return true;
    known.delete(key);
    known.set(key, { digest, at: now });
    if (known.size > MAX_KNOWN) known.delete(known.keys().next().value!);
    return false;
  }

  /** Call if a report could not be handled: it is accepted when it is sent again. */
  forget({ cluster, preview, observation }: StatusCall): void {
    this.#last.get(cluster)?.delete(`${preview} ${observation.source}`);
  }
}

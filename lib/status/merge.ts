import { type Observation, SOURCES } from './observation.ts';

/** An observation older than this many seconds is replaced by any newer one. */
export const STALE_SECONDS = 30 * 60;

const rank = ({ source }: Observation) => SOURCES.indexOf(source);

/** For this many seconds after a commit it is normal that nothing answers, or that the earlier commit still answers. */
export const PATIENCE_SECONDS = 10 * 60;

/**
 * Corrects a probe of a young commit: no answer is normal at that age, and an answer may come from the earlier commit.
 *
 * @param committedAt unix seconds; null if unknown
 * @param earlier the commit that answered before; null if there is none
 */
export function patient(seen: Observation, committedAt: number | null, earlier: string | null): Observation {
  const isYoung = committedAt !== null && seen.at - committedAt < PATIENCE_SECONDS;
  if (seen.source !== 'probe' || !isYoung) return seen;
  const { source, headSha, at, condition } = seen;
  if (condition === 'not-working') return { source, headSha, at, condition: 'starting' };
  return condition === 'ready' && earlier !== null
    ? { source, headSha, at, condition: 'starting', shows: earlier.slice(0, 12) }
    : seen;
}

/**
 * Chooses between two observations of the same commit. The source with more details wins, with two exceptions: a stale
 * observation is replaced, and a preview that no longer answers is not ready, whatever an earlier observation said.
 *
 * An observation older than the known one is ignored, so calls may arrive late, twice and in any order.
 */
export function merge(known: Observation | null, seen: Observation): Observation {
  if (known === null || known.headSha !== seen.headSha) return seen;
  if (seen.at < known.at || saysNothingNew(known, seen)) return known;
  if (rank(seen) >= rank(known) || seen.at - known.at > STALE_SECONDS) return seen;
  const hasStopped = known.condition === 'ready' && seen.condition !== 'ready';
  return hasStopped ? seen : known;
}

/** "Applied" only means that applying worked, not that the preview answers. */
function saysNothingNew(known: Observation, { reason }: Observation): boolean {
  return reason === 'applied' && known.reason !== 'not-applied';
}

/** Merges any number of observations of one commit, in any order; null if there are none. */
export function mergeAll(observations: readonly Observation[], headSha: string): Observation | null {
  return observations
    .filter((one) => one.headSha === headSha)
    .sort((a, b) => a.at - b.at || rank(a) - rank(b))
    .reduce<Observation | null>(merge, null);
}

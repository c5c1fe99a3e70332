import { type Observation, SOURCES } from './observation.ts';

/** After so many seconds what somebody saw counts less than what anybody sees now. */
export const STALE_SECONDS = 30 * 60;

const rank = ({ source }: Observation) => SOURCES.indexOf(source);

/** In so many seconds after a commit it is usual that nothing answers, or an earlier commit does. */
export const PATIENCE_SECONDS = 10 * 60;

/**
 * What an answer of the address says of a commit that is young: that nothing answers is usual then, and what answers may
 * be the commit before.
 *
 * @param committedAt unix seconds; null where nobody knows
 * @param earlier the commit that was seen to answer before; null for none
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
 * The one of two looks at the same commit that counts. Whoever sees more details wins over whoever sees less, with two
 * exceptions: what has become old gives way, and what answers no more is not ready, whoever said so before.
 *
 * What is older than what is known changes nothing, so that calls may come late, twice and in any order.
 */
export function merge(known: Observation | null, seen: Observation): Observation {
  if (known === null || known.headSha !== seen.headSha) return seen;
  if (seen.at < known.at || saysNothingNew(known, seen)) return known;
  if (rank(seen) >= rank(known) || seen.at - known.at > STALE_SECONDS) return seen;
  const hasStopped = known.condition === 'ready' && seen.condition !== 'ready';
  return hasStopped ? seen : known;
}

/** That it was applied tells that it could be applied, and nothing of whether it answers. */
function saysNothingNew(known: Observation, { reason }: Observation): boolean {
  return reason === 'applied' && known.reason !== 'not-applied';
}

/** Of any number, in any order, the one of a commit that counts; null for none. */
export function mergeAll(observations: readonly Observation[], headSha: string): Observation | null {
  return observations
    .filter((one) => one.headSha === headSha)
    .sort((a, b) => a.at - b.at || rank(a) - rank(b))
    .reduce<Observation | null>(merge, null);
}

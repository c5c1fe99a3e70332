import { NOT_REPEATED, type Observation, SOURCES } from './observation.ts';

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
 * Chooses between two observations of the same commit. The source with more details wins, with these exceptions: a stale
 * observation is replaced; a preview that no longer answers is not ready, whatever an earlier observation said; an address
 * that answers is set up; and if objects are missing, the reconciler says why.
 *
 * An observation older than the known one is ignored, so calls may arrive late, twice and in any order.
 */
export function merge(known: Observation | null, seen: Observation): Observation {
  if (known === null || known.headSha !== seen.headSha) return seen;
  if (seen.at < known.at || saysNothingNew(known, seen)) return known;
  const isStale = seen.at - known.at > STALE_SECONDS;
  if (isAboutRoute(seen) && isAnswer(known)) return isStale ? seen : known;
  if (isAboutRoute(known) && isAnswer(seen)) return seen;
  if (isNotThere(seen) && isNotApplied(known)) return known;
  if (isNotThere(known) && isNotApplied(seen)) return seen;
  if (rank(seen) >= rank(known) || isStale) return seen;
  const hasStopped = known.condition === 'ready' && seen.condition !== 'ready';
  return hasStopped ? seen : known;
}

/** Objects tell that the address is not set up. Some ingress controllers never write that it is: an answer proves it. */
const isAboutRoute = ({ reason }: Observation) => reason === 'route';
const isAnswer = ({ source, condition }: Observation) => source === 'probe' && condition === 'ready';

/** A cluster only sees that objects are missing; the reconciler knows why. */
const isNotThere = ({ source, reason }: Observation) => source === 'cluster' && reason === 'applying';

/** The reconciler could not apply it, or a rule refused it then. */
const isNotApplied = ({ source, reason = '' }: Observation) =>
  source === 'reconciler' && ['not-applied', 'refused'].includes(reason);

/** These only end the report that it could not be applied; they do not mean that the preview answers. */
const ENDS_A_FAILURE = ['applied', NOT_REPEATED];

function saysNothingNew(known: Observation, { reason = '' }: Observation): boolean {
  return ENDS_A_FAILURE.includes(reason) && !isNotApplied(known);
}

/** Merges any number of observations of one commit, in any order; null if there are none. */
export function mergeAll(observations: readonly Observation[], headSha: string): Observation | null {
  return observations
    .filter((one) => one.headSha === headSha)
    .sort((a, b) => a.at - b.at || rank(a) - rank(b))
    .reduce<Observation | null>(
      (known, seen) => (known === null && seen.reason === NOT_REPEATED ? null : merge(known, seen)),
      null,
    );
}

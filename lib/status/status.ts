import { dayAndTime, roughDuration, shortSha } from '../core/text.ts';
import type { Facts, Observation, ObservationSource } from './observation.ts';
import { type Reason, reasonOf, type Turn } from './reasons.ts';

/** States of a preview, as far as observed. */
export const STATES = [
  'waiting-for-build',
  'build-failed',
  'committed',
  'starting',
  'ready',
  'ready-older',
  'not-working',
  'asleep',
  'ending',
  'gone',
] as const;
export type StatusState = (typeof STATES)[number];

/** State, sentence and next step. Comment, check, deployment, table and JSON use the same data. */
export interface Status {
  readonly state: StatusState;
  /** Id of a row of `reasons.ts`; null for none. */
  readonly reason: string | null;
  /** Ends the headline; empty for none. */
  readonly headline: string;
  /** What was observed, and no more. Plain text. */
  readonly sentence: string;
  /** What to do, plain text; null if nothing. */
  readonly todo: string | null;
  readonly turn: Turn;
  /** Unix seconds: since when; null if unknown. */
  readonly since: number | null;
  /** The observed commit. */
  readonly commit: string;
  /** The commit that answers, as observed; null if none does. */
  readonly shows: string | null;
  /** An earlier commit that may be the one that answers: nobody saw which. @default - none */
  readonly mayShow?: string;
  /** What is expected next; null if nothing. */
  readonly next: { readonly what: string; readonly by: number | null } | null;
  /** Path below `spec` of preview.yaml: `env`, `apps.api.port`; null for none. */
  readonly field: string | null;
  /** Source of the observation; null if there is none. */
  readonly seenBy: ObservationSource | null;
  /** The system's own message, for engineers: untrusted text; null if there is none. */
  readonly words: string | null;
  /** Last lines of the app's log: untrusted text. */
  readonly lines: readonly string[];
}

/** Known facts about a committed preview. */
export interface Known {
  /** Unix seconds. */
  readonly now: number;
  /** The pull request's commit in the apps repo. */
  readonly headSha: string;
  /** Unix seconds: when it was committed to the apps repo; null if unknown. */
  readonly committedAt: number | null;
  /** The best observation of this commit, see `merge.ts`; null if there is none. */
  readonly seen: Observation | null;
  /** An earlier commit that answered and was not seen to stop; null if there is none. */
  readonly earlier: string | null;
  /** Usual seconds from commit to answer. @default {@link USUAL_SECONDS} */
  readonly usual?: number;
  /** Whom a maker asks. */
  readonly contact: string;
}

/** Default seconds from commit to answer. */
export const USUAL_SECONDS = 180;

/** Status of a committed preview. */
export function statusOf(known: Known): Status {
  const { seen, headSha, earlier } = known;
  if (seen === null) return committed(known);
  const { reason: id, facts = {}, words = null, lines = [], source, at } = seen;
  const reason = id === undefined ? null : reasonOf(id);
  // Only a cluster source knows whether the earlier commit still runs.
  const older = source === 'cluster' ? (seen.shows ?? null) : (seen.shows ?? earlier);
  const base = { reason: id ?? null, commit: headSha, since: at, seenBy: source, words, lines, field: null } as const;
  switch (seen.condition) {
    case 'ready':
      // An answer does not tell its commit. If the new one cannot start, the earlier one goes on answering.
      return source === 'probe' && earlier !== null
        ? { ...base, ...quiet, state: 'ready', sentence: ANSWERS_WITH_SOME, shows: null, mayShow: earlier }
        : { ...base, ...quiet, state: 'ready', sentence: answers(source), shows: headSha };
    case 'starting':
      return starting({ ...base, shows: older }, reason, facts, known);
    case 'not-working':
      return {
        ...base,
        state: 'not-working',
        shows: older,
        ...failure(reason ?? reasonOf('unhealthy'), facts, known.contact),
        sentence: sentenceOf(reason ?? reasonOf('unhealthy'), id, facts, words),
        next: null,
      };
    case 'asleep':
      return {
        ...base,
        ...quiet,
        state: 'asleep',
        sentence: 'Nobody used it for a while. It keeps its data; it wakes up when somebody opens it.',
        shows: null,
      };
    case 'ending': {
      const stuck =
        reason === null ? null : { ...failure(reason, facts, known.contact), sentence: reason.sentence(facts) };
      return { ...base, ...quiet, state: 'ending', sentence: 'It is being deleted.', shows: null, ...stuck };
    }
    case 'gone':
      return { ...base, ...quiet, state: 'gone', sentence: 'Everything of it was deleted.', shows: null };
  }
}

const quiet = { headline: '', todo: null, turn: 'nobody', next: null } as const;

/** No observation: the sentence says when it was committed and how long it usually takes. */
function committed({ now, headSha, committedAt, earlier, usual = USUAL_SECONDS }: Known): Status {
  const when = committedAt === null ? 'Committed' : `Committed ${dayAndTime(committedAt)}`;
  // Much later, the usual time no longer helps.
  const isLate = committedAt !== null && now - committedAt > 3 * usual;
  const rest = isLate ? 'nobody has reported whether it answers' : `it usually answers within ${roughDuration(usual)}`;
  return {
    ...quiet,
    state: 'committed',
    reason: null,
    sentence: `${when}; ${rest}.`,
    since: committedAt,
    commit: headSha,
    shows: earlier,
    next: isLate ? null : { what: 'it answers', by: committedAt === null ? null : committedAt + usual },
    field: null,
    seenBy: null,
    words: null,
    lines: [],
  };
}

type Seen = Pick<Status, 'reason' | 'commit' | 'since' | 'seenBy' | 'words' | 'lines' | 'field' | 'shows'>;

function starting(base: Seen, reason: Reason | null, facts: Facts, known: Known): Status {
  const { now, committedAt, usual = USUAL_SECONDS, contact } = known;
  const by = (committedAt ?? base.since ?? now) + usual;
  const words = reason?.sentence(facts) ?? 'It is being started; the link comes when it answers.';
  const late = now > by + usual ? ` It takes longer than usual (${roughDuration(usual)}).` : '';
  const older = base.shows === null || base.shows === base.commit ? null : base.shows;
  return {
    ...base,
    ...quiet,
    ...(reason === null || reason.turn === 'nobody' ? {} : failure(reason, facts, contact)),
    state: older === null ? 'starting' : 'ready-older',
    sentence:
      older === null ? `${words}${late}` : `Shows ${shortSha(older)} until the new commit answers. ${words}${late}`,
    next: { what: 'it answers', by: now > by ? null : by },
    shows: older,
  };
}

function failure(reason: Reason, facts: Facts, contact: string) {
  const { turn, headline, todo, field } = reason;
  const path = field === null ? null : facts.app === undefined ? field : `apps.${facts.app}.${field}`;
  return { turn, headline, todo: todo === null ? null : todo(facts, contact), field: path };
}

/** A maker reads the message of a rule; messages of other systems are for engineers. */
function sentenceOf(reason: Reason, id: string | undefined, facts: Facts, words: string | null): string {
  const about = facts.app === undefined ? '' : `The app ${facts.app}: `;
  const own = id === 'refused' && words !== null ? `The platform refused it: ${words}` : reason.sentence(facts);
  return `${about}${own}`;
}

/** Claims no more than the source can see. */
function answers(source: ObservationSource): string {
  switch (source) {
    case 'probe':
      return 'Its address answers.';
    case 'reconciler':
      return 'It is in place and healthy.';
    case 'cluster':
      return 'It runs, and its health check answers.';
  }
}

const ANSWERS_WITH_SOME =
  'Its address answers; nobody has checked whether with this commit or still with an earlier one.';

/** State and reason for a headline or a table: `not working - nothing answers on its port`. */
export function titleOf({ state, headline }: Pick<Status, 'state' | 'headline'>): string {
  const words = TITLES[state];
  return headline === '' ? words : `${words} - ${headline}`;
}

const TITLES: Readonly<Record<StatusState, string>> = {
  'waiting-for-build': 'waiting for your build',
  'build-failed': 'your build failed',
  committed: 'on its way',
  starting: 'starting',
  ready: 'ready',
  'ready-older': 'ready with an older commit',
  'not-working': 'not working',
  asleep: 'asleep',
  ending: 'ending',
  gone: 'gone',
};

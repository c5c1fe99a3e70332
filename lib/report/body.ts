import type { Problem } from '../core/errors.ts';
import { isDenial } from '../core/finding.ts';
import type { Status } from '../status/status.ts';
import { findingEntry, itemLines, misnamedWords, nextStep, pressWords, problemEntry, problemWords } from './advice.ts';
import { endedText, removedText } from './endings.ts';
import { runningText } from './running.ts';
import type { LivePreview, PreviewState, QueuePosition, ReportOptions, Subject } from './state.ts';
import { code, count, dayAndTime, ordinal, sentence, shortSha } from './text.ts';
import { waitingTitle, waitingWords } from './waiting.ts';

const REVIEW = {
  open: 'waiting for review',
  declined: 'not started - declined in review',
  withdrawn: 'removed',
} as const;

/** What a comment is written with. */
export interface Writing {
  readonly subject: Subject;
  readonly options: ReportOptions;
  /** The comment as it stands; null for none. */
  readonly previous: string | null;
  /** Unix seconds since when the preview runs; null for none, or when nobody knows. */
  readonly since: number | null;
  /** What is known of what was committed; null for none. */
  readonly status: Status | null;
}

/** The part of a comment that a maker reads: headline first. */
export function bodyOf(state: Exclude<PreviewState, { state: 'unknown' }>, writing: Writing): string[] {
  const { options, subject } = writing;
  switch (state.state) {
    case 'committed': {
      const { status, since } = writing;
      if (status === null) throw new Error('a committed preview has a status');
      const { preview, findings, notes = [] } = state;
      return runningText({ preview, status, findings, notes, since, subject, options });
    }
    case 'denied': {
      const denied = state.findings.filter(isDenial);
      return [
        `### Preview: ${isShown(state.live, subject) ? 'stays as it is' : 'not started'} - ${denied.length === 1 ? 'one thing' : `${denied.length} things`} to change`,
        ...itemLines(denied.map((f) => findingEntry(f, options, subject))),
        ...nextStep(denied, options, subject),
        ...(isShown(state.live, subject) ? goesOn(state.live) : stillRunning(state.live, writing)),
      ];
    }
    case 'invalid':
      return [
        `### Preview: not started - ${mistakes(state.problems)} in preview.yaml`,
        ...itemLines(state.problems.map((p) => problemEntry(p, options, subject))),
        ...stillRunning(state.live, writing),
        '',
        [pressWords(state.problems[0] ?? {}, options, subject), `Questions? Ask ${sentence(options.contact)}.`]
          .filter(Boolean)
          .join(' '),
      ];
    case 'queued':
      return [queueHeadline(state, writing.previous), sentence(state.sentence), ...stillRunning(state.live, writing)];
    case 'waiting':
      return [
        `### Preview: ${waitingTitle(state, options)}`,
        waitingWords(state, options, subject),
        ...stillRunning(state.live, writing),
      ];
    case 'problem':
      return [
        '### Preview: problem on our side',
        problemWords(state.where, sentence(options.contact)),
        ...stillRunning(state.live, writing),
      ];
    case 'review':
      return [
        `### Preview: ${REVIEW[state.decision]}`,
        `${sentence(state.sentence)} [See the request](${state.url})`,
        ...stillRunning(state.live, writing),
      ];
    case 'no-file':
      if (isMisnamed(state)) {
        const what = state.removed === null ? 'not started' : 'removed';
        return [`### Preview: ${what} - preview.yaml is somewhere else`, misnamedWords(state.misnamed)];
      }
      return removedText('There is no preview.yaml at this commit any more', state.removed, writing);
    case 'none':
      return state.reason === 'expired' || state.reason === 'stopped'
        ? endedText(state.reason, state.sentence, writing)
        : removedText(state.sentence, state.removed, writing);
  }
}

function mistakes(problems: readonly Problem[]): string {
  const isTypo = problems.length === 1 && problems[0]!.message.includes('did you mean');
  return isTypo ? 'typo' : count(problems.length, 'mistake');
}

function queueHeadline(
  state: { reason: 'places' | 'budget' | 'name'; place?: QueuePosition },
  previous: string | null,
): string {
  if (state.reason === 'budget') return '### Preview: waiting - budget reached';
  if (state.reason === 'name') return '### Preview: waiting for its name';
  // A single sync does not know the others that wait; what the last sweep counted is the best that there is.
  const known = /^### Preview: in the queue, (\d{1,6}\w\w of \d{1,6})$/m.exec(previous ?? '')?.[1];
  const place = state.place === undefined ? known : `${ordinal(state.place.number)} of ${state.place.of}`;
  return `### Preview: in the queue${place === undefined ? '' : `, ${place}`}`;
}

/** Whether what runs is what the pull request holds now: then something about it has changed since it was started. */
function isShown(live: LivePreview | null, { headSha }: Subject): live is LivePreview {
  return live?.headSha === headSha;
}

function goesOn(live: LivePreview): string[] {
  const end = dayAndTime(live.expires);
  const how = earlyEnd(live) ?? `It stays until its end, ${end}.`;
  return ['', `${how}${openLink(live)}`];
}

function openLink({ url }: LivePreview): string {
  return url === null ? '' : ` [Open it](${url})`;
}

/** What became of the earlier version, by what was seen: that it is in the apps repo does not say that it answers. */
function stillRunning(live: LivePreview | null, { subject: { headSha }, status }: Writing): string[] {
  if (live === null) return [];
  const answers = status !== null && ['ready', 'ready-older', 'asleep'].includes(status.state);
  const commits = status?.mayShow ? [status.mayShow, live.headSha] : [status?.shows ?? live.headSha];
  const shown = answers
    ? `Your earlier preview is still running: it ${live.unversioned === undefined ? 'shows' : 'was started for'} ${commits.map((sha) => code(shortSha(sha))).join(' or ')}`
    : `Your earlier preview stays as it is: ${code(shortSha(live.headSha))}`;
  const newer = live.headSha === headSha ? '' : `, not the latest commit ${code(shortSha(headSha))}`;
  const trouble = status?.state === 'not-working' ? ` It does not work: ${sentence(status.headline)}.` : '';
  return ['', `${shown}${newer}.${trouble}${openLink(live)}`, ...lostWords(live)];
}

/** What an earlier preview no longer shows, and whether it ends for that. */
function lostWords(live: LivePreview): string[] {
  const { lost } = live;
  if (lost === undefined) return [];
  const end = earlyEnd(live) ?? [];
  return [
    '',
    'It no longer shows what the platform requires:',
    ...itemLines(lost.sentences.map((text) => sentence(text))),
    ...[end].flat(),
  ];
}

function earlyEnd({ lost, expires }: LivePreview): string | undefined {
  if (lost?.endsEarly) return `The platform ends it ${dayAndTime(expires)}, unless that is changed before.`;
  return lost?.isInReview
    ? `The platform team decides whether it ends early; at the latest it ends ${dayAndTime(expires)}.`
    : undefined;
}

/** Whether there is a preview file that nobody reads, in the wrong place. */
export function isMisnamed(
  state: PreviewState,
): state is Extract<PreviewState, { state: 'no-file' }> & { readonly misnamed: string } {
  return state.state === 'no-file' && state.misnamed !== undefined;
}

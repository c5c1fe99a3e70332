import { formatProblem, type Problem } from '../core/errors.ts';
import { type Finding, isDenial } from '../core/finding.ts';
import type { Late } from '../forge/limits.ts';
import type { Status } from '../status/status.ts';
import { entries, findingEntry, misnamedWords, nextStep, pressWords, problemEntry, problemWords } from './advice.ts';
import { workingCommands } from './boxes.ts';
import { endedText, leftWords, removedText } from './endings.ts';
import { renderEngineers } from './engineers.ts';
import {
  COMMENT_MARKER,
  lateLine,
  lateOf,
  memoryLine,
  memoryOf,
  repliesPart,
  tickedBoxes,
  withEnd,
  withoutMarks,
  withoutTicks,
  withRepliesPart,
} from './markers.ts';
import { isOfStrangers, repliesText } from './replies.ts';
import { runningText } from './running.ts';
import type { LivePreview, Place, PreviewState, ReportOptions, Subject } from './state.ts';
import { code, count, dayAndTime, ordinal, printable, roughDuration, sentence, shortSha } from './text.ts';
import { waitingTitle, waitingWords } from './waiting.ts';

const REVIEW = {
  open: 'waiting for review',
  declined: 'not started - declined in review',
  withdrawn: 'removed',
} as const;

const WITHDRAWN = 'review/withdrawn';

interface Writing {
  readonly subject: Subject;
  readonly options: ReportOptions;
  /** The comment as it stands; null for none. */
  readonly previous: string | null;
  /** Unix seconds since when the preview runs; null for none, or when nobody knows. */
  readonly since: number | null;
  /** What is known of what was committed; null for none. */
  readonly status: Status | null;
}

/**
 * The one comment of a pull request, or null where its readers need none.
 *
 * @param status what is known of what was committed last; null where nothing was
 * @param previous our comment as it stands, for what it remembers. @default - there is none
 * @param seen the line that remembers what was seen, see `seenLine`. @default - none
 */
export function renderComment(
  state: PreviewState,
  status: Status | null,
  subject: Subject,
  options: ReportOptions,
  previous: string | null = null,
  seen: string | null = null,
): string | null {
  if (state.state === 'unknown' && state.told !== undefined) {
    return renderComment({ state: 'problem', ...state.told }, status, subject, options, previous, seen);
  }
  const earlier = previous?.replaceAll('\r\n', '\n') ?? null;
  const kept = keptText(state, status, earlier, seen);
  const text =
    kept === undefined
      ? writtenText(state as Exclude<PreviewState, { state: 'unknown' }>, status, subject, options, earlier, seen)
      : answered(kept, earlier, state, subject, options);
  return text === null || options.can.hiddenMarkers ? text : withoutMarks(text);
}

/** The comment where there is no news: it stays as it is, null for the thread as it is; undefined where it is written anew. */
function keptText(
  state: PreviewState,
  status: Status | null,
  earlier: string | null,
  seen: string | null,
): string | null | undefined {
  // Nothing new is known, but a tick that was dealt with must not count again.
  if (state.state === 'unknown')
    return earlier !== null && tickedBoxes(earlier).length > 0 ? withoutTicks(earlier) : null;
  if ((state.state !== 'none' && state.state !== 'no-file') || state.removed !== null) return undefined;
  // Where no preview ever was, nothing is said; what was said of the end of one stays.
  if (earlier === null) return isMisnamed(state) ? undefined : null;
  const memory = memoryOf(earlier);
  if (memory?.state === WITHDRAWN) return withoutTicks(earlier);
  if (memory?.state !== nameOf(state)) return undefined;
  return withoutTicks(status === null ? earlier : withEnd(earlier, leftWords(status), seen));
}

/** The same, with an answer to those who gave commands: whoever asks is answered, also where there is no news. */
function answered(
  kept: string | null,
  earlier: string | null,
  state: PreviewState,
  subject: Subject,
  options: ReportOptions,
): string | null {
  const { replies = [] } = options;
  if (replies.length === 0) return kept;
  const text = repliesText(earlier, subject.headSha, options);
  const part = text === null ? null : repliesPart(subject.headSha, text);
  const stands = kept ?? earlier;
  if (stands !== null) return withRepliesPart(stands, part);
  if (part === null || isOfStrangers(replies) || (state.state !== 'none' && state.state !== 'no-file')) return null;
  const why = state.state === 'none' ? state.sentence : 'There is no preview.yaml at this commit.';
  const memory = memoryLine({ state: nameOf(state), since: null });
  return [
    COMMENT_MARKER,
    memory,
    '### Preview: none',
    sentence(why),
    '',
    part,
    '',
    footLine(state, subject, options),
    '',
  ].join('\n');
}

function writtenText(
  state: Exclude<PreviewState, { state: 'unknown' }>,
  status: Status | null,
  subject: Subject,
  options: ReportOptions,
  earlier: string | null,
  seen: string | null,
): string {
  const since = sinceOf(state, memoryOf(earlier)?.since ?? null, options.now);
  const writing: Writing = { subject, options, previous: earlier, since, status };
  const head = [
    COMMENT_MARKER,
    memoryLine({ state: nameOf(state), since: isOver(state) ? null : since }),
    ...(seen === null ? [] : [seen]),
    ...bodyOf(state, writing),
  ];
  const replies = repliesText(earlier, subject.headSha, options);
  const foot = [
    '',
    ...lateText(options.late ?? lateOf(earlier, subject.headSha), subject),
    ...(replies === null ? [] : [repliesPart(subject.headSha, replies), '']),
    footLine(state, subject, options),
    '',
  ];
  const room = options.can.commentLength - [...head, ...foot].join('\n').length;
  return [...head, ...engineers(state, writing, room), ...foot].join('\n');
}

/** The quiet line: the commit, and the commands that work. */
function footLine(state: PreviewState, { headSha }: Subject, options: ReportOptions): string {
  const commands = workingCommands(state, options).map(code).join(', ');
  return `<sub>${code(shortSha(headSha))} · reload to refresh${commands === '' ? '' : ` · ${commands}`}</sub>`;
}

function lateText(late: Late | null, { headSha }: Subject): string[] {
  if (late === null) return [];
  const { seconds, until } = late;
  const text = `This comes ${roughDuration(seconds)} late: a limit of the forge held it back until ${dayAndTime(until)}.`;
  return [lateLine(headSha, late), text, ''];
}

/** What the comment remembers of what it said last. */
function nameOf(state: PreviewState): string {
  if (state.state === 'none') return `none/${state.reason}`;
  if (isMisnamed(state)) return 'no-file/misnamed';
  return state.state === 'review' ? `review/${state.decision}` : state.state;
}

function isMisnamed(
  state: PreviewState,
): state is Extract<PreviewState, { state: 'no-file' }> & { readonly misnamed: string } {
  return state.state === 'no-file' && state.misnamed !== undefined;
}

function sinceOf(state: PreviewState, remembered: number | null, now: number): number | null {
  if (state.state === 'committed') return remembered ?? (state.isNew ? now : state.preview.created);
  const shown = 'live' in state ? state.live : 'removed' in state ? state.removed : null;
  return remembered ?? shown?.created ?? null;
}

function isOver(state: PreviewState): boolean {
  return state.state === 'none' || state.state === 'no-file' || ('live' in state && state.live === null);
}

function engineers(state: PreviewState, writing: Writing, room: number): string[] {
  const { subject, options, previous, status } = writing;
  const findings = 'findings' in state ? state.findings : [];
  const { objects = [], evidence = [], isNew = false } = state.state === 'committed' ? state : {};
  const kept = state.state === 'committed' ? previous : null;
  return renderEngineers({ findings, evidence, objects, isNew, status, subject, options, previous: kept, room });
}

function bodyOf(state: Exclude<PreviewState, { state: 'unknown' }>, writing: Writing): string[] {
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
        ...entries(denied.map((f) => findingEntry(f, options, subject))),
        ...nextStep(denied, options, subject),
        ...(isShown(state.live, subject) ? goesOn(state.live) : stillRunning(state.live, writing)),
      ];
    }
    case 'invalid':
      return [
        `### Preview: not started - ${mistakes(state.problems)} in preview.yaml`,
        ...entries(state.problems.map((p) => problemEntry(p, options, subject))),
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
  state: { reason: 'places' | 'budget' | 'name'; place?: Place },
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
  const how = live.lost?.endsEarly
    ? `The platform ends it ${end}, unless that is changed before.`
    : `It stays until its end, ${end}.`;
  return ['', `${how}${openLink(live)}`];
}

function openLink({ url }: LivePreview): string {
  return url === null ? '' : ` [Open it](${url})`;
}

/** What became of the earlier version, by what was seen: that it is in the apps repo does not say that it answers. */
function stillRunning(live: LivePreview | null, { subject: { headSha }, status }: Writing): string[] {
  if (live === null) return [];
  const answers = status !== null && ['ready', 'ready-older', 'asleep'].includes(status.state);
  const shown = answers
    ? `Your earlier preview is still running: it ${live.unversioned === undefined ? 'shows' : 'was started for'} ${code(shortSha(status.shows ?? live.headSha))}`
    : `Your earlier preview stays as it is: ${code(shortSha(live.headSha))}`;
  const newer = live.headSha === headSha ? '' : `, not the latest commit ${code(shortSha(headSha))}`;
  const trouble = status?.state === 'not-working' ? ` It does not work: ${sentence(status.headline)}.` : '';
  return ['', `${shown}${newer}.${trouble}${openLink(live)}`, ...lostWords(live)];
}

/** What an earlier preview no longer shows, and whether it ends for that. */
function lostWords({ lost, expires }: LivePreview): string[] {
  if (lost === undefined) return [];
  const end = lost.endsEarly ? [`The platform ends it ${dayAndTime(expires)}, unless that is changed before.`] : [];
  return [
    '',
    'It no longer shows what the platform requires:',
    ...entries(lost.sentences.map((text) => sentence(text))),
    ...end,
  ];
}

/** One line for terminals and logs: the place, then the sentence. */
export function findingLine(finding: Finding): string {
  const passed = finding.exception === undefined ? '' : ` (let pass by exception ${printable(finding.exception)})`;
  return formatProblem({
    ...(finding.line > 0 ? { file: finding.file, line: finding.line, column: finding.column } : { file: finding.file }),
    field: finding.field,
    message: `${finding.message} [${finding.rule}]${passed}`,
  });
}

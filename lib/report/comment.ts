import { formatProblem, type Problem } from '../core/errors.ts';
import { type Finding, isDenial } from '../core/finding.ts';
import { formatDuration } from '../model/scalars.ts';
import { entries, findingEntry, nextStep, pressWords, problemEntry, problemWords, waitingWords } from './advice.ts';
import { renderEngineers } from './engineers.ts';
import { box, COMMENT_MARKER, memoryLine, memoryOf, tickedBoxes, withoutMarks, withoutTicks } from './markers.ts';
import type { LivePreview, Place, PreviewState, ReportOptions, Subject } from './state.ts';
import {
  about,
  code,
  count,
  dayAndTime,
  money,
  nearTime,
  ordinal,
  printable,
  roughDuration,
  sentence,
  shortSha,
} from './text.ts';

const DAY = 86_400;
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
}

/**
 * The one comment of a pull request, or null where its readers need none.
 *
 * @param previous our comment as it stands, for what it remembers. @default - there is none
 */
export function renderComment(
  state: PreviewState,
  subject: Subject,
  options: ReportOptions,
  previous: string | null = null,
): string | null {
  if (state.state === 'unknown' && state.told !== undefined) {
    return renderComment({ state: 'problem', ...state.told }, subject, options, previous);
  }
  const earlier = previous?.replaceAll('\r\n', '\n') ?? null;
  const memory = memoryOf(earlier);
  const name = nameOf(state);
  const removed = 'removed' in state ? state.removed : null;
  // Nothing new is known, but a tick that was dealt with must not count again.
  if (state.state === 'unknown')
    return earlier !== null && tickedBoxes(earlier).length > 0 ? withoutTicks(earlier) : null;
  if ((state.state === 'none' || state.state === 'no-file') && removed === null) {
    // Where no preview ever was, nothing is said; what was said of the end of one stays.
    if (earlier === null) return null;
    if (memory?.state === name || memory?.state === WITHDRAWN) return withoutTicks(earlier);
  }
  const since = sinceOf(state, memory?.since ?? null, options.now);
  const writing: Writing = { subject, options, previous: earlier, since };
  const head = [
    COMMENT_MARKER,
    memoryLine({ state: name, since: isOver(state) ? null : since }),
    ...bodyOf(state, writing),
  ];
  const foot = ['', `<sub>${code(shortSha(subject.headSha))} · reload to refresh</sub>`, ''];
  const room = options.can.commentLength - [...head, ...foot].join('\n').length;
  const text = [...head, ...engineers(state, writing, room), ...foot].join('\n');
  return options.can.hiddenMarkers ? text : withoutMarks(text);
}

/** What the comment remembers of what it said last. */
function nameOf(state: PreviewState): string {
  if (state.state === 'none') return `none/${state.reason}`;
  return state.state === 'review' ? `review/${state.decision}` : state.state;
}

function sinceOf(state: PreviewState, remembered: number | null, now: number): number | null {
  if (state.state === 'ready') return remembered ?? (state.isNew ? now : state.preview.created);
  const shown = 'live' in state ? state.live : 'removed' in state ? state.removed : null;
  return remembered ?? shown?.created ?? null;
}

function isOver(state: PreviewState): boolean {
  return state.state === 'none' || state.state === 'no-file' || ('live' in state && state.live === null);
}

function engineers(state: PreviewState, { subject, options, previous }: Writing, room: number): string[] {
  const findings = 'findings' in state ? state.findings : [];
  const { objects = [], evidence = [], isNew = false } = state.state === 'ready' ? state : {};
  const kept = state.state === 'ready' ? previous : null;
  return renderEngineers({ findings, evidence, objects, isNew, subject, options, previous: kept, room });
}

function bodyOf(state: Exclude<PreviewState, { state: 'unknown' }>, writing: Writing): string[] {
  const { options, subject } = writing;
  switch (state.state) {
    case 'ready':
      return ready(state.preview, state.findings, writing);
    case 'denied': {
      const denied = state.findings.filter(isDenial);
      return [
        `### Preview: ${isShown(state.live, subject) ? 'still running' : 'not started'} - ${denied.length === 1 ? 'one thing' : `${denied.length} things`} to change`,
        ...entries(denied.map((f) => findingEntry(f, options, subject))),
        ...nextStep(denied, options, subject),
        ...(isShown(state.live, subject) ? goesOn(state.live) : stillRunning(state.live, subject)),
      ];
    }
    case 'invalid':
      return [
        `### Preview: not started - ${mistakes(state.problems)} in preview.yaml`,
        ...entries(state.problems.map((p) => problemEntry(p, options, subject))),
        ...stillRunning(state.live, subject),
        '',
        [pressWords(state.problems[0] ?? {}, options, subject), `Questions? Ask ${sentence(options.contact)}.`]
          .filter(Boolean)
          .join(' '),
      ];
    case 'queued':
      return [queueHeadline(state, writing.previous), sentence(state.sentence), ...stillRunning(state.live, subject)];
    case 'waiting':
      return [
        '### Preview: waiting for your build',
        waitingWords(state, options, subject),
        ...stillRunning(state.live, subject),
      ];
    case 'problem':
      return [
        '### Preview: problem on our side',
        problemWords(state.where, sentence(options.contact)),
        ...stillRunning(state.live, subject),
      ];
    case 'review':
      return [
        `### Preview: ${REVIEW[state.decision]}`,
        `${sentence(state.sentence)} [See the request](${state.url})`,
        ...stillRunning(state.live, subject),
      ];
    case 'no-file':
      return removedText('There is no preview.yaml at this commit any more', state.removed, writing);
    case 'none':
      return state.reason === 'expired' || state.reason === 'stopped'
        ? ended(state.reason, state.sentence, writing)
        : removedText(state.sentence, state.removed, writing);
  }
}

function ready(preview: LivePreview, findings: readonly Finding[], { subject, options, since }: Writing): string[] {
  const endsSoon = preview.expires - options.now <= options.warn;
  const when = endsSoon ? `, ends ${nearTime(preview.expires, options.now)}` : '';
  const life = since === null ? undefined : Math.max(0, preview.expires - since);
  const warnings = findings.filter((f) => f.severity === 'warn');
  return [
    `### Preview: ready${when}${preview.url === null ? '' : ` - [Open the preview](${preview.url})`}`,
    `Shows ${code(shortSha(preview.headSha))} ${code(subject.title)}. Ends ${dayAndTime(preview.expires)}. ${costWords(preview, life)}`,
    ...(endsSoon ? ['', keepWords(options)] : []),
    ...(warnings.length > 0 ? ['', ...entries(warnings.map((f) => findingEntry(f, options, subject)))] : []),
  ];
}

/**
 * `About $0.30 a day.` and what it rests on.
 *
 * @param seconds how long it lives, for the price of that. @default - a day's price alone
 */
export function costWords({ cost }: Pick<LivePreview, 'cost'>, seconds?: number): string {
  const { perDay, currency, ratesAsOf } = cost;
  const life = seconds === undefined ? '' : `, ${money((perDay * seconds) / DAY, currency)} for its whole life`;
  const price = about(perDay, currency);
  return `${price[0]!.toUpperCase()}${price.slice(1)} a day${life} (by what it asks for, rates of ${ratesAsOf}; traffic and storage not included).`;
}

function ended(reason: string, why: string, { since, options }: Writing): string[] {
  const ran = since === null ? '' : ` after ${roughDuration(options.now - since)}`;
  const ending = since === null ? 'Its time is up' : `It stopped${ran} to save money`;
  const lead = reason === 'expired' ? ending : `${sentence(why).replace(/\.$/, '')}${ran}`;
  const gone = since === null ? '' : ', what was typed into the preview is gone';
  return [
    `### Preview: ${reason === 'expired' ? 'ended' : 'stopped'}`,
    `${lead}; your pull request is unchanged${gone}. A new push starts it again, too.`,
    '',
    canTick(options) ? box('start', 'Start again') : `To start it again, comment ${code('/preview retry')}.`,
  ];
}

function canTick({ can }: ReportOptions): boolean {
  return can.checkBoxes && can.hiddenMarkers;
}

function keepWords(options: ReportOptions): string {
  if (canTick(options)) return box('keep', `Keep it ${roughDuration(options.max).replace(' ', ' more ')}`);
  return `To keep it longer, comment ${code(`/preview extend ${formatDuration(options.max)}`)}.`;
}

function removedText(why: string, removed: LivePreview | null, { since, options }: Writing): string[] {
  const lead = sentence(why).replace(/\.$/, '');
  if (removed === null || since === null) {
    const what = since === null ? 'its preview had not started' : 'everything of the preview was deleted';
    return ['### Preview: removed', `${lead}; ${what}.`];
  }
  const seconds = Math.max(0, options.now - since);
  const { currency, perDay } = removed.cost;
  const spent = `It ran ${roughDuration(seconds)}, ${about((perDay * seconds) / DAY, currency)}.`;
  return ['### Preview: removed', `${lead}; everything was deleted ${dayAndTime(options.now)}. ${spent}`];
}

function mistakes(problems: readonly Problem[]): string {
  const isTypo = problems.length === 1 && problems[0]!.message.includes('did you mean');
  return isTypo ? 'typo' : count(problems.length, 'mistake');
}

function queueHeadline(state: { reason: 'places' | 'budget'; place?: Place }, previous: string | null): string {
  if (state.reason === 'budget') return '### Preview: waiting - budget reached';
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
    : `It goes on running until its end, ${end}.`;
  return ['', `${how}${openLink(live)}`];
}

function openLink({ url }: LivePreview): string {
  return url === null ? '' : ` [Open it](${url})`;
}

function stillRunning(live: LivePreview | null, { headSha }: Subject): string[] {
  if (live === null) return [];
  const shown = `Your earlier preview is still running: it shows ${code(shortSha(live.headSha))}`;
  const newer = live.headSha === headSha ? '' : `, not the latest commit ${code(shortSha(headSha))}`;
  return ['', `${shown}${newer}.${openLink(live)}`, ...lostWords(live)];
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

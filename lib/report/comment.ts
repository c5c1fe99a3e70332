import { formatProblem } from '../core/errors.ts';
import type { Finding } from '../core/finding.ts';
import type { Late } from '../forge/limits.ts';
import type { Status } from '../status/status.ts';
import { bodyOf, isMisnamed, type Writing } from './body.ts';
import { workingCommands } from './boxes.ts';
import { leftWords } from './endings.ts';
import { renderEngineers } from './engineers.ts';
import {
  COMMENT_MARKER,
  lateLine,
  lateOf,
  repliesPart,
  storedStateLine,
  storedStateOf,
  tickedBoxes,
  withEndText,
  withoutOwnMarkers,
  withoutTicks,
  withRepliesPart,
} from './markers.ts';
import { isOfStrangers, repliesText } from './replies.ts';
import type { PreviewState, ReportOptions, Subject } from './state.ts';
import { code, dayAndTime, printable, roughDuration, sentence, shortSha } from './text.ts';

const WITHDRAWN = 'review/withdrawn';

/**
 * The comment of a pull request, or null if it needs none.
 *
 * @param status status of the committed preview; null if there is none
 * @param previous our existing comment, with the state stored in it. @default - there is none
 * @param seen a line that stores what was seen, see `seenLine`. @default - none
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
      : answered(withOlderCheck(kept ?? earlier, options) ?? kept, earlier, state, subject, options);
  return text === null || options.can.hiddenMarkers ? text : withoutOwnMarkers(text);
}

/** The comment where there is no news: it stays as it is, null for the thread as it is; undefined where it is written anew. */
function keptText(
  state: PreviewState,
  status: Status | null,
  earlier: string | null,
  seen: string | null,
): string | null | undefined {
  // Nothing new is known, but a ticked box that was handled must be reset.
  if (state.state === 'unknown')
    return earlier !== null && tickedBoxes(earlier).length > 0 ? withoutTicks(earlier) : null;
  if ((state.state !== 'none' && state.state !== 'no-file') || state.removed !== null) return undefined;
  // Without a preview there is no comment; the text about the end of an earlier one stays.
  if (earlier === null) return isMisnamed(state) ? undefined : null;
  const stored = storedStateOf(earlier);
  if (stored?.state === WITHDRAWN) return withoutTicks(earlier);
  if (stored?.state !== nameOf(state)) return undefined;
  return withoutTicks(status === null ? earlier : withEndText(earlier, leftWords(status), seen));
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
  const stored = storedStateLine({ state: nameOf(state), since: null });
  return [
    COMMENT_MARKER,
    stored,
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
  const since = sinceOf(state, storedStateOf(earlier)?.since ?? null, options.now);
  const writing: Writing = { subject, options, previous: earlier, since, status };
  const head = [
    COMMENT_MARKER,
    storedStateLine({ state: nameOf(state), since: isOver(state) ? null : since }),
    ...(seen === null ? [] : [seen]),
    ...bodyOf(state, writing),
  ];
  const replies = repliesText(earlier, subject.headSha, options);
  const foot = [
    '',
    ...lateText(options.late ?? lateOf(earlier, subject.headSha), subject),
    ...(options.hasOlderCheck === true ? [OLDER_CHECK, ''] : []),
    ...(replies === null ? [] : [repliesPart(subject.headSha, replies), '']),
    footLine(state, subject, options),
    '',
  ];
  const room = options.can.commentLength - [...head, ...foot].join('\n').length;
  return [...head, ...engineers(state, writing, room), ...foot].join('\n');
}

/** The same comment with the sentence about an older check, or without it; undefined if nothing changes. */
function withOlderCheck(comment: string | null, { hasOlderCheck = false }: ReportOptions): string | undefined {
  if (comment === null || hasOlderCheck === comment.includes(OLDER_CHECK)) return undefined;
  if (!hasOlderCheck) return comment.replace(`${OLDER_CHECK}\n\n`, '');
  const foot = comment.lastIndexOf('<sub>');
  return foot < 0 ? undefined : `${comment.slice(0, foot)}${OLDER_CHECK}\n\n${comment.slice(foot)}`;
}

/** A forge may let nobody else change what an App has written. */
const OLDER_CHECK =
  'The check of another App on this commit is out of date: nobody updates it any more. The status beside it counts.';

/** The quiet line: the commit, and the commands that work. */
function footLine(state: PreviewState, { headSha }: Subject, options: ReportOptions): string {
  const commands = workingCommands(state, options).map(code).join(', ');
  return `<sub>${code(shortSha(headSha))} · reload to refresh${commands === '' ? '' : ` · ${commands}`}</sub>`;
}

function lateText(late: Late | null, { headSha }: Subject): string[] {
  if (late === null) return [];
  const { seconds, until } = late;
  const text = `This report is ${roughDuration(seconds)} late: a rate limit of the forge delayed it until ${dayAndTime(until)}.`;
  return [lateLine(headSha, late), text, ''];
}

/** The name of a state, as it is stored in the comment. */
function nameOf(state: PreviewState): string {
  if (state.state === 'none') return `none/${state.reason}`;
  if (isMisnamed(state)) return 'no-file/misnamed';
  return state.state === 'review' ? `review/${state.decision}` : state.state;
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

/** One line for terminals and logs: the place, then the sentence. */
export function findingLine(finding: Finding): string {
  const passed = finding.exception === undefined ? '' : ` (let pass by exception ${printable(finding.exception)})`;
  return formatProblem({
    ...(finding.line > 0 ? { file: finding.file, line: finding.line, column: finding.column } : { file: finding.file }),
    field: finding.field,
    message: `${finding.message} [${finding.rule}]${passed}`,
  });
}

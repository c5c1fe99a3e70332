import { formatProblem, type Problem } from '../core/errors.ts';
import type { Finding } from '../core/finding.ts';
import type { LivePreview, PreviewState, Subject } from './state.ts';
import { code, count, dayAndTime, money, printable, sentence, shortSha } from './text.ts';

/** First line of the one comment; the forge finds it by this and by its author. */
export const COMMENT_MARKER = '<!-- greenroom:preview -->';

/** GitHub takes 65,536 characters; what is longer loses whole entries of the list, and says so. */
const MAX_COMMENT = 60_000;
const MAX_ENTRIES = 20;
const REVIEW = {
  open: 'waiting for review',
  declined: 'not started - declined in review',
  withdrawn: 'removed',
} as const;

export interface CommentOptions {
  /** Whom a maker asks. */
  readonly contact: string;
}

/** The comment of a pull request, or null where there is nothing that its readers need to know. */
export function renderComment(state: PreviewState, subject: Subject, options: CommentOptions): string | null {
  const body = bodyOf(state, subject, options);
  if (body === null) return null;
  const lines = [COMMENT_MARKER, ...body, '', `<sub>${code(shortSha(subject.headSha))} · reload to refresh</sub>`];
  return cut(`${lines.join('\n')}\n`);
}

function bodyOf(state: PreviewState, subject: Subject, options: CommentOptions): string[] | null {
  switch (state.state) {
    case 'ready':
      return ready(state.preview, state.findings, subject);
    case 'denied': {
      const denied = state.findings.filter((f) => f.severity === 'deny' && f.exception === undefined);
      return [
        `### Preview: not started - ${count(denied.length, 'thing')} to change`,
        ...entries(denied.map((f) => `${place(f)}${sentence(f.message)}`)),
        ...stillRunning(state.live),
        ...engineers(state.findings),
      ];
    }
    case 'invalid':
      return [
        `### Preview: not started - ${count(state.problems.length, 'mistake')} in preview.yaml`,
        ...entries(state.problems.map(problemEntry)),
        ...stillRunning(state.live),
        '',
        `Questions? Ask ${sentence(options.contact)}.`,
      ];
    case 'queued':
      return ['### Preview: in the queue', sentence(state.sentence), ...stillRunning(state.live)];
    case 'waiting':
      return [
        '### Preview: waiting for your build',
        `The image ${code(state.image)} is not there yet; the preview starts by itself when it is. Nothing to do.`,
        ...stillRunning(state.live),
      ];
    case 'review':
      return [
        `### Preview: ${REVIEW[state.decision]}`,
        `${sentence(state.sentence)} [See the request](${state.url})`,
        ...stillRunning(state.live),
      ];
    case 'none':
      return state.removed === null ? null : ended(state.reason, state.sentence, state.removed);
    case 'no-file':
    case 'unknown':
      return null;
  }
}

function ready(preview: LivePreview, findings: readonly Finding[], subject: Subject): string[] {
  return [
    `### Preview: ready - [Open the preview](${preview.url})`,
    `Shows ${code(shortSha(preview.headSha))} ${code(subject.title)}. Ends ${dayAndTime(preview.expires)}. ${costWords(preview)}`,
    ...entries(findings.filter((f) => f.severity === 'warn').map((f) => `${place(f)}${sentence(f.message)}`)),
    ...engineers(findings),
  ];
}

/** `About $0.30 a day.` and what it rests on. */
export function costWords({ cost }: Pick<LivePreview, 'cost'>): string {
  const { perDay, currency, ratesAsOf } = cost;
  return `About ${money(perDay, currency)} a day (by what it asks for, rates of ${ratesAsOf}; traffic and storage not included).`;
}

function ended(reason: string, why: string, removed: LivePreview): string[] {
  if (reason === 'expired') {
    return [
      '### Preview: ended',
      `Its time was up on ${dayAndTime(removed.expires)}; your pull request is unchanged, what was typed into the preview is gone. A new push starts it again.`,
    ];
  }
  return ['### Preview: removed', `${sentence(why)} The preview of it is gone.`];
}

function stillRunning(live: LivePreview | null): string[] {
  if (live === null) return [];
  return ['', `Your earlier preview of ${code(shortSha(live.headSha))} is still running: [open it](${live.url}).`];
}

function place(finding: Finding): string {
  return finding.line > 0 ? `Line ${finding.line} of ${code(finding.file)}: ` : '';
}

function problemEntry(problem: Problem): string {
  const where = problem.line === undefined ? '' : `Line ${problem.line}: `;
  const field = problem.field === undefined ? '' : `${code(problem.field)} `;
  return `${where}${field}${sentence(problem.message)}`;
}

function entries(items: readonly string[]): string[] {
  const shown = items.slice(0, MAX_ENTRIES).map((item) => `- ${item}`);
  const rest = items.length - shown.length;
  return rest > 0 ? [...shown, `- and ${rest} more; run \`greenroom check\` to see all`] : shown;
}

function engineers(findings: readonly Finding[]): string[] {
  if (findings.length === 0) return [];
  const rows = findings.map((f) => {
    const verdict = f.exception === undefined ? f.severity : `let pass by exception ${code(f.exception)}`;
    return `- ${code(f.rule)} ${verdict}: ${code(`${f.object.kind}/${f.object.name}`)} ${code(f.field)}`;
  });
  return ['', '<details><summary>For engineers</summary>', '', ...rows.slice(0, 2 * MAX_ENTRIES), '', '</details>'];
}

function cut(text: string): string {
  if (text.length <= MAX_COMMENT) return text;
  const lines = text.slice(0, MAX_COMMENT).split('\n').slice(0, -1);
  return `${lines.join('\n').toWellFormed()}\n\n(cut: the whole list is in the check)\n`;
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

import { EXIT_CODES, formatProblem } from '../../core/errors.ts';
import { findingLine } from '../../report/comment.ts';
import type { PreviewState } from '../../report/state.ts';
import { count, dayAndTime, printable } from '../../report/text.ts';
import { type Status, titleOf } from '../../status/status.ts';
import type { SyncResult } from '../../sync/sync.ts';

/** Exit code for the state of a pull request. */
export function exitCodeOf(state: PreviewState): number {
  switch (state.state) {
    case 'denied':
      return EXIT_CODES.denied;
    case 'invalid':
      return EXIT_CODES['invalid-input'];
    case 'unknown':
      return EXIT_CODES.unreachable;
    case 'problem':
      return EXIT_CODES[state.cause?.code ?? 'failed'];
    default:
      return 0;
  }
}

/** A result for `--format json`. */
export function resultData({ change, ...result }: SyncResult) {
  return {
    ...result,
    change: [...change].map(([path, text]) => ({ path, action: text === null ? 'delete' : 'write' })),
  };
}

/** A result for people: a headline, then details. */
export function resultLines(result: SyncResult, dryRun: boolean): string {
  const subject = `${result.repository}#${result.number}`;
  const lines = [`${result.name ?? subject}: ${headline(result, dryRun)}`, ...details(result.state)];
  if (dryRun) {
    for (const [path, text] of result.change) lines.push(`  ${text === null ? 'delete' : 'write '} ${path}`);
  }
  return `${lines.join('\n')}\n`;
}

function headline({ state, status, effect, change, commit }: SyncResult, dryRun: boolean): string {
  const verb = { create: 'add', update: 'update', remove: 'remove', none: 'no change' }[effect];
  const files = change.size === 0 ? '' : ` (${count(change.size, 'file')})`;
  const where = dryRun && change.size > 0 ? ', dry run' : commit === null ? '' : `, commit ${commit.slice(0, 7)}`;
  return `${verb}${files}${where}; ${stateText(state, status)}${lostText(state)}`;
}

/** What becomes of a running preview whose images lost their evidence. */
function lostText(state: PreviewState): string {
  const live = 'live' in state ? state.live : null;
  if (!live?.lost) return '';
  const end = live.lost.endsEarly ? `, so it ends ${dayAndTime(live.expires)}` : '';
  return `; the images of what runs lost their evidence${end}`;
}

function stateText(state: PreviewState, status: Status | null): string {
  switch (state.state) {
    case 'committed':
      return `${state.preview.url ?? 'committed'} until ${dayAndTime(state.preview.expires)}${seenText(status)}`;
    case 'denied':
      return 'refused by the rules';
    case 'invalid':
      return 'preview.yaml is not right';
    case 'queued':
      return `waiting: ${state.sentence}`;
    case 'waiting':
      return `waiting for the image ${state.image}${state.note === undefined ? '' : `: ${state.note}`}`;
    case 'review':
      return `${state.decision === 'open' ? 'waits for review' : state.decision}: ${state.url}`;
    case 'problem':
      return state.where === 'commit' ? 'it could not be put in place' : 'a problem on our side';
    case 'no-file':
      return `no preview.yaml at the head${state.misnamed === undefined ? '' : `; found ${state.misnamed}, which has to be preview.yaml in the top folder`}`;
    case 'none':
      return `${state.reason}: ${state.sentence}`;
    case 'unknown':
      return `unknown, so left alone: ${state.reason}`;
  }
}

/** Only observed states; that it was committed is already in the text. */
function seenText(status: Status | null): string {
  return status === null || status.state === 'committed' ? '' : `, ${titleOf(status)}`;
}

function details(state: PreviewState): string[] {
  if (state.state === 'waiting') return buildLines(state);
  if (state.state === 'invalid') return state.problems.map((problem) => `  ${formatProblem(problem)}`);
  if (state.state === 'problem' && state.cause !== undefined) return [state.cause.message.replace(/^/gm, '  ')];
  if (state.state === 'denied' || state.state === 'committed') return state.findings.map((f) => `  ${findingLine(f)}`);
  return [];
}

/** Lines about the build, from the forge; empty if it reported nothing. */
function buildLines({ build }: Extract<PreviewState, { state: 'waiting' }>): string[] {
  if (build === undefined || (build.todo === null && build.next === null)) return [];
  const page = build.url === null ? '' : ` ${build.url}`;
  return [`  ${printable([build.sentence, build.todo].filter(Boolean).join(' '), 900)}${page}`];
}

import { formatDuration } from '../model/scalars.ts';
import type { Answered, Reply } from './answered.ts';
import { repliesOf } from './markers.ts';
import type { ReportOptions } from './state.ts';
import { code, dayAndTime, sentence } from './text.ts';

/** Maximum number of replies shown at once. */
const MAX_REPLIES = 5;

/** All commands with a short description. */
const COMMANDS: readonly (readonly [string, string])[] = [
  ['/preview status', 'checks everything again, and names the time of the check'],
  ['/preview extend 4h', 'moves its end by that time; without a time, as far as the platform allows'],
  ['/preview keep', 'moves its end as far as the platform allows'],
  ['/preview stop', 'removes it until somebody starts it or pushes'],
  ['/preview start', 'starts it again'],
  ['/preview retry', 'tries again what failed'],
  ['/preview help', 'shows this list'],
];

/**
 * The part of the comment with the replies to commands: the new ones, or the last ones about the same commit; null if
 * there are none. Replies to strangers never replace others.
 *
 * @param previous our present comment
 */
export function repliesText(previous: string | null, headSha: string, options: ReportOptions): string | null {
  const { replies } = options;
  const last = repliesOf(previous, headSha);
  if (replies === undefined || (last !== null && isOfStrangers(replies))) return last;
  return replyLines(replies, options).join('\n') || null;
}

/** Whether all of them go to people without write permission. */
export function isOfStrangers(replies: readonly Reply[]): boolean {
  return replies.length > 0 && replies.every(({ answered }) => answered.kind === 'not-allowed');
}

/** Equal lines are shown once. */
function replyLines(replies: readonly Reply[], options: ReportOptions): string[] {
  const lines = replies.map(({ to, answered }) => {
    const whom = to === null ? '' : `${code(to)}: `;
    return `- ${whom}${words(answered, options)}`;
  });
  const said = [...new Set(lines)].slice(-MAX_REPLIES);
  const list = replies.some(({ answered: { kind } }) => kind === 'help' || kind === 'misspelt')
    ? ['', ...COMMANDS.map(([command, what]) => `- ${code(command)} ${what}`)]
    : [];
  return said.length === 0 ? [] : ['Answers to commands:', '', ...said, ...list];
}

const YEAR = 365 * 86_400;

/** @param seconds as requested, without a limit */
function askedWords(seconds: number): string {
  return seconds > YEAR ? 'more than a year' : code(formatDuration(seconds));
}

function words(answered: Answered, { max, contact }: Pick<ReportOptions, 'max' | 'contact'>): string {
  const most = `${formatDuration(max)} from now is the most`;
  switch (answered.kind) {
    case 'help':
      return 'these are the commands, each at the start of a line of a comment, for people with write permission.';
    case 'looked':
      return `everything was checked again; this comment shows the state of ${dayAndTime(answered.at)}.`;
    case 'capped':
      return `you asked for ${askedWords(answered.asked)}; ${most}, so it ends ${dayAndTime(answered.until)}.`;
    case 'longest':
      return `it cannot be kept longer: ${most}, and it ends ${dayAndTime(answered.until)}.`;
    case 'nothing-to-extend':
      return answered.live
        ? 'the running preview shows an earlier commit, and its end does not change; first the latest commit must be accepted.'
        : 'there is nothing to keep longer yet; the preview has not started.';
    case 'stopped-already':
      return `it is stopped already; ${code('/preview start')} starts it again.`;
    case 'no-preview':
      return `nothing was done. ${sentence(answered.why)}`;
    case 'misspelt': {
      const meant = answered.meant === null ? '' : ` Did you mean ${code(answered.meant)}?`;
      return `${code(`/preview ${answered.text}`.trim())} was not understood.${meant}`;
    }
    case 'not-allowed':
      return `commands count from people with write permission to this repository; ask one of them, or ${sentence(contact)}.`;
  }
}

import { formatTime } from '../../core/clock.ts';
import type { Wait } from '../../forge/limits.ts';
import { count } from '../../report/text.ts';
import type { Io } from './io.ts';

/** What is over sooner, or ends about when the last one that was told of does, is not worth a line. */
const WORTH_A_LINE = { limit: 1, throttle: 10 };
const SAME_SECONDS = 30;

/** Says on stderr that GitHub's limits hold the command up: how long, until when, and why; many that wait at once say it once. */
export function sayWaits(io: Pick<Io, 'err' | 'interactive'>): (wait: Wait) => void {
  let said = 0;
  return ({ reason, call, seconds, until }) => {
    // The error says it.
    if (reason === 'closed') return;
    if (seconds < WORTH_A_LINE[reason] || until <= said + SAME_SECONDS) return;
    said = until;
    const why = reason === 'limit' ? "GitHub's rate limit is used up" : "to keep below GitHub's limits for changes";
    // A line of progress may stand there.
    const clear = io.interactive ? '\r\u001b[K' : '';
    const time = count(Math.ceil(seconds), 'second');
    io.err(`${clear}greenroom: waiting ${time}, until ${formatTime(Math.ceil(until))}: ${why} (${call})\n`);
  };
}

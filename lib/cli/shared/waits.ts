import { formatTime } from '../../core/clock.ts';
import type { RequestPause } from '../../forge/limits.ts';
import { count } from '../../report/text.ts';
import type { Io } from './io.ts';

/** In seconds. Shorter waits, and waits that end at about the same time as the last reported one, are not printed. */
const WORTH_A_LINE = { limit: 1, throttle: 10 };
const SAME_SECONDS = 30;

/**
 * Prints on stderr that GitHub's rate limits delay the command: how long, until when and why. Parallel waits print
 * once.
 */
export function sayWaits(io: Pick<Io, 'err' | 'interactive'>): (wait: RequestPause) => void {
  let said = 0;
  return ({ reason, call, seconds, until }) => {
    // The error message already tells.
    if (reason === 'closed') return;
    if (seconds < WORTH_A_LINE[reason] || until <= said + SAME_SECONDS) return;
    said = until;
    const why = reason === 'limit' ? "GitHub's rate limit is used up" : "to keep below GitHub's limits for changes";
    // Clear a progress line.
    const clear = io.interactive ? '\r\u001b[K' : '';
    const time = count(Math.ceil(seconds), 'second');
    io.err(`${clear}greenroom: waiting ${time}, until ${formatTime(Math.ceil(until))}: ${why} (${call})\n`);
  };
}

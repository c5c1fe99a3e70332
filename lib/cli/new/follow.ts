import type { Clock } from '../../core/clock.ts';
import { EXIT_CODES, GreenroomError } from '../../core/errors.ts';
import { printable, roughDuration } from '../../core/text.ts';
import { titleOf } from '../../status/status.ts';
import type { Progress } from '../../sync/progress.ts';

/** What following a pull request takes; everything that takes time or says something is handed in. */
export interface Following {
  readonly look: () => Promise<Progress>;
  readonly pause: (seconds: number) => Promise<void>;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  /** Seconds after which it is given up. */
  readonly limit: number;
  /** What has to happen before anybody looks at the pull request, as the end of a sentence; null for nothing. */
  readonly before: string | null;
}

/** How it ended: `ready`, what has to be changed first, or what it still waited for. */
export interface Followed {
  readonly outcome: 'ready' | 'stopped' | 'timeout';
  readonly sentence: string;
  readonly exitCode: number;
}

/** Seconds between two looks. */
const EVERY = 10;

/** Looks again and again until the preview answers, somebody has to change something, or the time is up. */
export async function follow({ look, pause, clock, say, limit, before }: Following): Promise<Followed> {
  const until = clock() + limit;
  let said = '';
  for (;;) {
    const step = stepOf(await patiently(look), before);
    if ('outcome' in step) return step;
    if (step.waitsFor !== said) say(`waiting: ${step.waitsFor}\n`);
    said = step.waitsFor;
    const left = until - clock();
    if (left <= 0) {
      const sentence = `Stopped after ${roughDuration(limit)} of waiting: ${said}. Run the same command again to go on.`;
      return { outcome: 'timeout', sentence, exitCode: EXIT_CODES.unreachable };
    }
    await pause(Math.min(EVERY, left));
  }
}

/** A forge that is away for a moment ends no wait. */
async function patiently(look: Following['look']): Promise<Progress> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof GreenroomError) || error.code !== 'unreachable') throw error;
    return { stage: 'unknown', reason: error.message };
  }
}

type Step = Followed | { readonly waitsFor: string };

/** States of a comment that the maker has to act on, with the exit code of the same state in `sync`. */
const STOPS: Readonly<Record<string, number>> = { denied: EXIT_CODES.denied, invalid: EXIT_CODES['invalid-input'] };

/** Reasons for no preview that pass without the maker. */
const PASSING = ['none/not-registered'];

function stepOf(progress: Progress, before: string | null): Step {
  switch (progress.stage) {
    case 'unknown':
      return { waitsFor: `no answer about the pull request (${printable(progress.reason, 200)})` };
    case 'closed':
      return stopped('The pull request was closed; it gets no preview.');
    case 'unseen':
      return { waitsFor: before ?? 'greenroom has not looked at the pull request yet' };
    case 'told': {
      const { state, headline } = progress;
      const isOver = Object.hasOwn(STOPS, state) || (/^(none|no-file)/.test(state) && !PASSING.includes(state));
      if (isOver || state === 'review/declined') return stopped(`${headline}. Its comment says more.`, STOPS[state]);
      return { waitsFor: state === 'none/not-registered' && before !== null ? before : headline };
    }
    case 'committed':
      return ofStatus(progress.preview);
  }
}

function ofStatus({ status, url }: Extract<Progress, { stage: 'committed' }>['preview']): Step {
  if (status === null) return { waitsFor: 'no answer about what was seen of the preview' };
  const sentence = [status.sentence, status.todo].filter(Boolean).join(' ');
  if (status.state === 'ready') {
    return { outcome: 'ready', sentence: url === null ? sentence : `${sentence} ${url}`, exitCode: 0 };
  }
  const words = printable(`${titleOf(status)}: ${sentence}`, 900);
  const isTheirs = status.turn === 'maker' || status.state === 'build-failed' || status.state === 'gone';
  return isTheirs ? stopped(words) : { waitsFor: words.replace(/\.$/, '') };
}

function stopped(sentence: string, exitCode = EXIT_CODES.failed): Followed {
  return { outcome: 'stopped', sentence, exitCode };
}

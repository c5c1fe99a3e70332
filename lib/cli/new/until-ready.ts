import type { Clock } from '../../core/clock.ts';
import { EXIT_CODES, GreenroomError } from '../../core/errors.ts';
import { printable, roughDuration } from '../../core/text.ts';
import { titleOf } from '../../status/status.ts';
import type { Progress } from '../../sync/progress.ts';

/** Input for following a pull request. Everything that waits or prints is injected. */
export interface UntilReadyInput {
  readonly look: () => Promise<Progress>;
  readonly pause: (seconds: number) => Promise<void>;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  /** Maximum seconds to wait. */
  readonly limit: number;
  /** What must happen before the pull request is handled, as the end of a sentence; null if nothing. */
  readonly before: string | null;
}

/** The result: ready, stopped because something must change first, or timed out. */
export interface WaitOutcome {
  readonly outcome: 'ready' | 'stopped' | 'timeout';
  readonly sentence: string;
  readonly exitCode: number;
}

/** Seconds between two checks. */
const EVERY = 10;

/** Checks repeatedly until the preview answers, somebody must change something, or the time is over. */
export async function untilReady({ look, pause, clock, say, limit, before }: UntilReadyInput): Promise<WaitOutcome> {
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

/** Does not stop waiting if the forge is unreachable for a moment. */
async function patiently(look: UntilReadyInput['look']): Promise<Progress> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof GreenroomError) || error.code !== 'unreachable') throw error;
    return { stage: 'unknown', reason: error.message };
  }
}

type Step = WaitOutcome | { readonly waitsFor: string };

/** States of a comment that need the maker, with the exit code of the same state in `sync`. */
const STOPS: Readonly<Record<string, number>> = { denied: EXIT_CODES.denied, invalid: EXIT_CODES['invalid-input'] };

/** Reasons for having no preview that end without the maker. */
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

function stopped(sentence: string, exitCode = EXIT_CODES.failed): WaitOutcome {
  return { outcome: 'stopped', sentence, exitCode };
}

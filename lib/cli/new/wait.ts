import { setTimeout } from 'node:timers/promises';
import { InvalidArgumentError } from 'commander';
import { systemClock } from '../../core/clock.ts';
import type { RepositoryRef } from '../../core/repository.ts';
import { duration, durationSeconds } from '../../model/scalars.ts';
import { progressOf } from '../../sync/progress.ts';
import { type ClientOptions, openClients } from '../shared/clients.ts';
import type { Io } from '../shared/io.ts';
import { Cancelled } from './person.ts';
import { untilReady, type WaitOutcome } from './until-ready.ts';

/** Parses `--timeout`; returns seconds. */
export function timeoutArgument(text: string): number {
  if (!duration.safeParse(text).success) throw new InvalidArgumentError('It takes a time such as 15m or 1h.');
  return durationSeconds(text);
}

export interface WaitRequest {
  readonly repository: RepositoryRef;
  readonly number: number;
  /** Seconds. */
  readonly limit: number;
  /** What must happen before the pull request is handled; null if nothing. */
  readonly before: string | null;
}

/**
 * Follows a pull request until its preview answers, and prints on stderr what it waits for.
 *
 * @throws {Cancelled} on Ctrl+C
 */
export async function waitForPreview(
  { repository, number, limit, before }: WaitRequest,
  options: ClientOptions,
  io: Io,
): Promise<WaitOutcome> {
  const withContext = await openClients(options, io);
  const stop = new AbortController();
  let onInterrupt = () => {};
  const interrupted = new Promise<never>((_, reject) => {
    onInterrupt = () => {
      stop.abort();
      reject(new Cancelled());
    };
    process.once('SIGINT', onInterrupt);
  });
  const ready = untilReady({
    look: () => withContext((context) => progressOf(context, repository, number)),
    pause: (seconds) => setTimeout(seconds * 1000, undefined, { signal: stop.signal }),
    clock: systemClock,
    say: io.err,
    limit,
    before,
  });
  try {
    return await Promise.race([ready, interrupted]);
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

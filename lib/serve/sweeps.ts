import { performance } from 'node:perf_hooks';
import type { Clock } from '../core/clock.ts';
import type { SyncContext } from '../sync/plan/base.ts';
import { sweep } from '../sync/sweep/sweep.ts';
import type { Writer } from '../sync/writer.ts';
import { type Journal, since } from './journal.ts';
import type { Metrics } from './metrics.ts';
import type { Previews } from './previews.ts';
import { keyOfResult } from './work.ts';

export interface SweepsOptions {
  readonly withContext: <T>(work: (context: SyncContext) => Promise<T>) => Promise<T>;
  /** Seconds between the end of a sweep and the next one; null for no sweeps. */
  readonly every: number | null;
  readonly dryRun: boolean;
  readonly clock: Clock;
  /** A number from 0 up to 1. */
  readonly random: () => number;
  readonly writer: Writer;
  readonly journal: Journal;
  readonly metrics: Metrics;
  readonly previews: Previews;
}

/** Sweeps one after the other: regularly, and when something asks for one. */
export class Sweeps {
  readonly #options: SweepsOptions;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  /** Whether something changed during the running sweep. */
  #isAskedAgain = false;

  constructor(options: SweepsOptions) {
    this.#options = options;
  }

  /** The running sweep; it never rejects. */
  get running(): Promise<void> | undefined {
    return this.#running;
  }

  /** Sweeps now, or once more after the running sweep. False if sweeps are done elsewhere. */
  now(): boolean {
    if (this.#options.every === null) return false;
    if (this.#running !== undefined) this.#isAskedAgain = true;
    else if (!this.#isStopped) this.#start();
    return true;
  }

  /** Starts no more sweeps. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#isAskedAgain = false;
    this.#running = this.#sweep().finally(() => {
      this.#running = undefined;
      if (this.#isStopped) return;
      if (this.#isAskedAgain) return this.#start();
      const { every, random } = this.#options;
      this.#timer = setTimeout(() => this.#start(), every! * 1000 * (0.9 + 0.2 * random()));
    });
  }

  async #sweep(): Promise<void> {
    const started = performance.now();
    const { withContext, dryRun, clock, writer, journal, metrics, previews } = this.#options;
    try {
      const { results, failures, unknown, held, toConfirm, alarms, problems } = await withContext((context) =>
        sweep(context, { dryRun, writer }),
      );
      const byKey = results.map((result) => [keyOfResult(result), result] as const);
      metrics.count(previews.replace(byKey, clock()));
      const changed = results.filter(({ effect }) => effect !== 'none').length;
      const isWhole = failures.length + unknown.length + held.length + alarms.length + problems.length === 0;
      metrics.sweeps.inc({ outcome: isWhole ? 'done' : 'in-part' });
      metrics.lastSweep.setToCurrentTime();
      metrics.held.set(held.length);
      metrics.alarms.set(alarms.length);
      metrics.problems.set(problems.length);
      for (const { subject, error } of failures) journal.failed('sweep', error, { about: subject });
      for (const what of unknown) journal.write({ level: 'warn', event: 'sweep', unknown: what });
      const messages = [...problems, ...alarms, ...toConfirm];
      for (const message of messages) journal.write({ level: 'error', event: 'sweep', message });
      for (const { name, sentence } of held) {
        journal.write({ level: 'warn', event: 'sweep', held: `${name} ${sentence}` });
      }
      journal.write({ level: 'info', event: 'sweep', previews: results.length, changed, ms: since(started) });
    } catch (error) {
      metrics.sweeps.inc({ outcome: 'failed' });
      metrics.problems.set(1);
      journal.failed('sweep', error, { ms: since(started) });
    }
    metrics.sweepSeconds.observe((performance.now() - started) / 1000);
  }
}

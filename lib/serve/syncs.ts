import { performance } from 'node:perf_hooks';
import type { Clock } from '../core/clock.ts';
import { GreenroomError } from '../core/errors.ts';
import type { PullTrigger } from '../forge/webhook.ts';
import type { SyncContext } from '../sync/plan/base.ts';
import type { Tell } from '../sync/publish.ts';
import { failureOnOurSide } from '../sync/sweep/silence.ts';
import type { SyncResult } from '../sync/sync.ts';
import { Teller } from '../sync/teller.ts';
import { handleTrigger } from '../sync/trigger.ts';
import type { Writer } from '../sync/writer.ts';
import type { Closed } from './closed.ts';
import { type Journal, since } from './journal.ts';
import type { Metrics } from './metrics.ts';
import type { Previews } from './previews.ts';
import type { KeyedQueue } from './queue.ts';
import type { Retries } from './retries.ts';
import { keyOf, subjectOf, type Work } from './work.ts';

export interface SyncsOptions {
  readonly withContext: <T>(work: (context: SyncContext) => Promise<T>) => Promise<T>;
  readonly dryRun: boolean;
  /** Whether the address of a new commit is probed again later. */
  readonly looks: boolean;
  readonly clock: Clock;
  readonly queue: Pick<KeyedQueue<Work>, 'add'>;
  readonly retries: Retries<Work>;
  readonly lookAgain: Retries<PullTrigger>;
  readonly closed: Closed;
  readonly writer: Writer;
  readonly journal: Journal;
  readonly metrics: Metrics;
  readonly previews: Previews;
}

type Outcome = 'queued' | 'joined' | 'full';

/** Syncs pull requests, retries what failed for a moment, and probes new previews again. */
export class Syncs {
  readonly #options: SyncsOptions;
  readonly #teller = new Teller();
  /** First report of each pull request that is not handled yet, in unix seconds. */
  readonly #toldAt = new Map<string, number>();
  #isStopped = false;

  constructor(options: SyncsOptions) {
    this.#options = options;
  }

  /** Adds a pull request that the forge told of. */
  add(trigger: PullTrigger): Outcome {
    const key = keyOf(trigger);
    const outcome = this.#options.queue.add(key, trigger);
    if (outcome !== 'full' && !this.#toldAt.has(key)) this.#toldAt.set(key, this.#options.clock());
    return outcome;
  }

  /** Adds a pull request because of a report about its preview: nobody waits for the sync. */
  addReported(work: Work): Outcome {
    return this.#options.queue.add(keyOf(work), work);
  }

  /** Retries nothing any more. */
  stop(): void {
    this.#isStopped = true;
    this.#options.retries.stop();
    this.#options.lookAgain.stop();
  }

  /** The work of the queue. It never rejects. */
  async sync(work: Work, release: () => void): Promise<void> {
    const { journal, metrics } = this.#options;
    const about = subjectOf(work);
    const started = performance.now();
    const toldAt = this.#toldAt.get(keyOf(work)) ?? this.#options.clock();
    try {
      const result = await this.#handle(work, toldAt, release);
      const { effect, commit, notes } = result ?? { effect: 'none', commit: null, notes: [] };
      const state = result?.state.state ?? 'nothing-asked';
      metrics.syncs.inc({ state });
      journal.write({ level: 'info', event: 'sync', about, state, effect, commit, ms: since(started) });
      if (result !== null) this.#note(work, toldAt, result);
      for (const note of notes) journal.write({ level: 'warn', event: 'sync', about, note });
      if (result?.isPassing) this.#retryPassing(work);
      else this.#done(work);
      if (result !== null) this.#lookAgain(work, result);
    } catch (error) {
      journal.failed('sync', error, { about, ms: since(started) });
      if (error instanceof GreenroomError && error.code === 'unreachable') this.#retryLater(work, error.until);
      else this.#toldAt.delete(keyOf(work));
    }
    metrics.syncSeconds.observe((performance.now() - started) / 1000);
  }

  #handle(work: Work, toldAt: number, release: () => void): Promise<SyncResult | null> {
    const { withContext, dryRun, writer, closed } = this.#options;
    const { reported } = work;
    // A report that waits to be written must not delay other syncs.
    const tell: Tell = (pull, write) => {
      release();
      return this.#teller.tell(subjectOf(pull), write);
    };
    const late = () => closed.late(toldAt);
    const options = { dryRun, writer, tell, late, look: true, ...(reported === undefined ? {} : { reported }) };
    return withContext((context) => handleTrigger(context, work, options));
  }

  /** Counts a result, and logs the cause of a problem on our side; makers see only a short sentence. */
  #note(work: Work, toldAt: number, result: SyncResult): void {
    const { journal, metrics, previews, clock } = this.#options;
    const took = previews.note(keyOf(work), result, toldAt, clock());
    if (took !== null) metrics.count([took]);
    const message = failureOnOurSide(result.state);
    if (message === null) return;
    const code = result.state.state === 'problem' ? (result.state.cause?.code ?? 'failed') : 'unreachable';
    metrics.failures.inc({ code });
    journal.write({ level: 'error', event: 'sync', about: subjectOf(work), code, message });
  }

  #done(work: Work): void {
    this.#options.retries.done(keyOf(work));
    this.#toldAt.delete(keyOf(work));
  }

  /** Probes the address of a new commit again, a limited number of times, since it needs time to answer. */
  #lookAgain(work: Work, { state, status }: SyncResult): void {
    const { looks, lookAgain } = this.#options;
    const isYoung = status !== null && ['committed', 'starting', 'ready-older'].includes(status.state);
    const hasAddress = state.state === 'committed' && state.preview.url !== null;
    const { repository, number } = work;
    if (looks && !this.#isStopped && isYoung && hasAddress) lookAgain.later(keyOf(work), { repository, number });
    else lookAgain.done(keyOf(work));
  }

  /** Retries what was done in part. A command was carried out by then, so the retry is a plain sync. */
  #retryPassing({ commentId: _, ...work }: Work): void {
    const { closed } = this.#options;
    this.#retryLater(work, closed.isNow ? closed.until : undefined);
  }

  /** Retries a temporary failure before the next sweep. */
  #retryLater(work: Work, until?: number): void {
    if (this.#isStopped) return;
    const { retries, journal, metrics } = this.#options;
    const seconds = retries.later(keyOf(work), work, until);
    const about = subjectOf(work);
    if (seconds === null) {
      this.#toldAt.delete(keyOf(work));
      journal.write({ level: 'warn', event: 'retry', about, note: 'left to the next sweep' });
    } else {
      metrics.retries.inc();
      journal.write({ level: 'info', event: 'retry', about, seconds: Math.round(seconds) });
    }
  }
}

import { GreenroomError } from '../core/errors.ts';
import type { ChangeSet } from '../core/fileset.ts';
import { Pool } from '../core/pool.ts';
import type { ApplyOptions } from '../gitops/apply.ts';
import { type Base, readBase, type SyncContext } from './plan/base.ts';
import { messageOf } from './plan/message.ts';
import type { PreviewPlan } from './plan/plan-preview.ts';
import { type Ahead, hasLimits } from './plan/slots.ts';
import { raceOptions } from './race.ts';

/** What a job wants, planned on a state that it shares with others. */
export interface Wanted<T> {
  /** Null commits nothing. */
  readonly plan: PreviewPlan | null;
  readonly value: T;
}

/**
 * Plans on a state of the apps repo. It is called again after every lost race: what it carries over from an earlier call has
 * to hold on the new base.
 *
 * @param ahead what others of the same commit take and free
 */
export type Job<T> = (base: Base, ahead: Ahead) => Promise<Wanted<T>>;

export interface Written<T> {
  /** The commit that carried its change; null for none. */
  readonly commit: string | null;
  readonly value: T;
}

interface Waiting {
  readonly context: SyncContext;
  readonly job: Job<unknown>;
  readonly options: ApplyOptions;
  attempts: number;
  /** With how many it goes into one commit, at most: fewer where that was refused. */
  groupSize: number;
  readonly resolve: (written: Written<unknown>) => void;
  readonly reject: (error: unknown) => void;
}

interface Planned {
  readonly entry: Waiting;
  readonly plan: PreviewPlan;
  readonly value: unknown;
}

/** A commit that was not made, or of which nobody knows. */
interface Lost {
  readonly reason: Error;
  readonly kind: 'conflict' | 'no-answer' | 'refused';
}

/** Changes in one commit, at most: as many previews as a sweep takes. */
const MAX_GROUP = 50;
const SIDE_BY_SIDE = 8;
const ATTEMPTS = 12;
const FIRST_WAIT = 40;
const LONGEST_WAIT = 2000;

/**
 * The one writer of a process to the apps repo's branch. What is wanted while a commit is under way, or while the forge's
 * limit for commits has to be waited for, is one commit after it: planned together, on a head that is read only when
 * the commit can go out. Whoever comes alone commits at once. Other processes share the branch by its compare-and-swap.
 */
export class Writer {
  readonly #pool: Pool;
  #waiting: Waiting[] = [];
  #isRunning = false;
  /** Ends when whoever writes now has written. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @param sideBySide pull requests that are read at once @default 8 */
  constructor(sideBySide = SIDE_BY_SIDE) {
    this.#pool = new Pool(sideBySide);
  }

  /**
   * @throws GreenroomError `unreachable` when every attempt was lost; any error of the job, and any error of the commit
   * that trying again cannot help, as it is
   */
  write<T>(context: SyncContext, job: Job<T>, options: Partial<ApplyOptions> = {}): Promise<Written<T>> {
    const written = new Promise<Written<unknown>>((resolve, reject) => {
      this.#waiting.push({
        context,
        job,
        options: raceOptions(options),
        attempts: 0,
        groupSize: MAX_GROUP,
        resolve,
        reject,
      });
    });
    if (!this.#isRunning) void this.#run();
    return written as Promise<Written<T>>;
  }

  /** For other ways to commit: nothing else of this process does meanwhile. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting[0] !== undefined) await this.alone(() => this.#round());
    this.#isRunning = false;
  }

  async #round(): Promise<void> {
    const { context, options } = this.#waiting[0]!;
    let group: Waiting[] = [];
    try {
      // Others join until the turn is there.
      await context.repo.ready?.();
      group = this.#waiting.splice(0, this.#waiting[0]!.groupSize);
      const base = await readBase(context);
      const planned = await this.#plan(group, base);
      const lost = await this.#commit(context, base, planned);
      if (lost === null) return;
      const entries = planned.map(({ entry }) => entry);
      this.#waiting.unshift(...entries.filter((entry) => again(entry, lost, entries.length, context)));
      const attempt = Math.max(0, ...planned.map(({ entry }) => entry.attempts));
      // Full jitter: writers that met once do not meet again.
      await options.sleep(options.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt));
    } catch (error) {
      // Before anybody was taken along, whoever is first has the failure.
      const failed = group.length > 0 ? group : this.#waiting.splice(0, MAX_GROUP);
      for (const entry of failed) entry.reject(error);
    }
  }

  /** Plans all, answers those that change nothing, and gives the others. */
  async #plan(group: readonly Waiting[], base: Base): Promise<Planned[]> {
    const planned: Planned[] = [];
    const ahead = { added: [] as NonNullable<PreviewPlan['record']>[], removed: new Set<string>() };
    const taken = new Set<string>();
    const planOne = async (entry: Waiting) => {
      let wanted: Wanted<unknown>;
      try {
        wanted = await entry.job(base, ahead);
      } catch (error) {
        return entry.reject(error);
      }
      const { plan, value } = wanted;
      if (plan === null || plan.change.size === 0) return entry.resolve({ commit: null, value });
      // A name that passes from one repository to another takes two commits.
      if (taken.has(plan.name)) return void this.#waiting.push(entry);
      taken.add(plan.name);
      if (plan.effect === 'create' && plan.record !== null) ahead.added.push(plan.record);
      if (plan.effect === 'remove') ahead.removed.add(plan.name);
      planned.push({ entry, plan, value });
    };
    // What takes a place has to see who took one before it.
    const pool = hasLimits(base.platform) ? new Pool(1) : this.#pool;
    await Promise.all(group.map((entry) => pool.run(() => planOne(entry))));
    return planned;
  }

  /** Commits what was planned and answers. Gives why the race was lost, or null. */
  async #commit({ repo }: SyncContext, base: Base, planned: readonly Planned[]): Promise<Lost | null> {
    if (planned.length === 0) return null;
    const plans = planned.map(({ plan }) => plan);
    try {
      const { status, ...result } = await repo.commit({
        expectedHead: base.head,
        change: merge(plans),
        message: messageOf(plans),
      });
      if (status === 'conflict') return { reason: new Error('other writers were faster each time'), kind: 'conflict' };
      const { head } = result as { head: string };
      for (const { entry, value } of planned) entry.resolve({ commit: head, value });
      return null;
    } catch (error) {
      if (!(error instanceof GreenroomError) || error.until !== undefined) throw error;
      // When the answer was lost, the next plan tells whether the commit was made.
      if (error.code === 'unreachable') return { reason: error, kind: 'no-answer' };
      if (planned.length === 1) throw error;
      return { reason: error, kind: 'refused' };
    }
  }
}

/** Whether it is tried again; else it is told why not. @param size with how many it was in one commit */
function again(entry: Waiting, { reason, kind }: Lost, size: number, { repo }: SyncContext): boolean {
  const { attempts = ATTEMPTS } = entry.options;
  // One that is refused is found by halves and holds up no other; so is what is too much for one answer.
  const isTooMuch = kind === 'refused' || (kind === 'no-answer' && entry.attempts > 0);
  if (isTooMuch) entry.groupSize = Math.ceil(size / 2);
  if (kind !== 'refused') entry.attempts += 1;
  if (entry.attempts < attempts) return true;
  const message = `${repo.description}: no commit after ${attempts} attempts (${reason.message}); it is safe to run again`;
  entry.reject(new GreenroomError('unreachable', message, { cause: reason }));
  return false;
}

export function merge(plans: readonly PreviewPlan[]): ChangeSet {
  return new Map(plans.flatMap((plan) => [...plan.change]));
}

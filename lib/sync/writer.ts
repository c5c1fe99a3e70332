import { GreenroomError } from '../core/errors.ts';
import type { ChangeSet } from '../core/fileset.ts';
import { Pool } from '../core/pool.ts';
import type { ApplyOptions } from '../gitops/apply.ts';
import { type Base, readBase, type SyncContext } from './plan/base.ts';
import { commitMessageOf } from './plan/message.ts';
import type { PreviewPlan } from './plan/plan-preview.ts';
import { type EarlierPlans, hasLimits } from './plan/slots.ts';
import { raceOptions } from './race.ts';

/** The result of a job, planned on a base that it shares with other jobs. */
export interface JobResult<T> {
  /** Null if there is nothing to commit. */
  readonly plan: PreviewPlan | null;
  readonly value: T;
}

/**
 * Plans on one state of the apps repo. It is called again after each lost race: whatever it keeps from an earlier call
 * must also be valid on the new base.
 *
 * @param ahead slots that other plans of the same commit take and free
 */
export type Job<T> = (base: Base, ahead: EarlierPlans) => Promise<JobResult<T>>;

export interface Written<T> {
  /** The commit with its change; null if there is none. */
  readonly commit: string | null;
  readonly value: T;
}

interface Waiting {
  readonly context: SyncContext;
  readonly job: Job<unknown>;
  readonly options: ApplyOptions;
  attempts: number;
  /** Maximum number of plans in its commit: smaller after a refused commit. */
  groupSize: number;
  readonly resolve: (written: Written<unknown>) => void;
  readonly reject: (error: unknown) => void;
}

interface Planned {
  readonly entry: Waiting;
  readonly plan: PreviewPlan;
  readonly value: unknown;
}

/** A commit that was not made, or whose result is not known. */
interface Lost {
  readonly reason: Error;
  readonly kind: 'conflict' | 'no-answer' | 'refused';
}

interface LostPart extends Lost {
  /** Plans of the lost commit. */
  readonly part: readonly Planned[];
  /** These, and those of the parts after it. */
  readonly left: readonly Planned[];
}

const LATE: Lost = { reason: new Error('other writers were faster each time'), kind: 'conflict' };

/** Maximum number of plans in one commit, as in a sweep. */
const MAX_GROUP = 50;
const SIDE_BY_SIDE = 8;
const ATTEMPTS = 12;
const FIRST_WAIT = 40;
const LONGEST_WAIT = 2000;

/**
 * The only writer of a process to the apps repo's branch. Jobs that arrive while a commit is in progress, or while the
 * forge's rate limit for commits delays it, share the next commit. They are planned together, on a head that is read
 * only when the commit can be sent. A single job commits immediately. Other processes use compare-and-swap on the
 * branch.
 */
export class Writer {
  readonly #pool: Pool;
  #waiting: Waiting[] = [];
  #isRunning = false;
  /** Resolves when the current write is done. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @param sideBySide maximum number of pull requests planned in parallel @default 8 */
  constructor(sideBySide = SIDE_BY_SIDE) {
    this.#pool = new Pool(sideBySide);
  }

  /**
   * @throws GreenroomError `unreachable` if every attempt lost; any error of the job; any error of the commit that a
   *   retry cannot help
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

  /** For commits by other code: nothing else in this process commits meanwhile. */
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
      // Other jobs can join until the commit can be sent.
      await context.repo.ready?.();
      group = this.#waiting.splice(0, this.#waiting[0]!.groupSize);
      const base = await readBase(context);
      const planned = await this.#plan(group, base);
      const isLate = planned.length > 1 && (await hasMoved(context, base));
      const lost = isLate ? { ...LATE, part: planned, left: planned } : await this.#commitParts(context, base, planned);
      if (lost === null) return;
      const entries = lost.left.map(({ entry }) => entry);
      this.#waiting.unshift(...entries.filter((entry) => again(entry, lost, context)));
      const attempt = Math.max(0, ...entries.map(({ attempts }) => attempts));
      // Full jitter: writers that collided once should not collide again.
      await options.sleep(options.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt));
    } catch (error) {
      // If no group was formed yet, all waiting jobs that would be in it fail.
      const failed = group.length > 0 ? group : this.#waiting.splice(0, MAX_GROUP);
      for (const entry of failed) entry.reject(error);
    }
  }

  /** Runs all jobs, resolves those without a change, and returns the others. */
  async #plan(group: readonly Waiting[], base: Base): Promise<Planned[]> {
    const planned: Planned[] = [];
    const ahead = { added: [] as NonNullable<PreviewPlan['record']>[], removed: new Set<string>() };
    const taken = new Set<string>();
    const planOne = async (entry: Waiting) => {
      let wanted: JobResult<unknown>;
      try {
        wanted = await entry.job(base, ahead);
      } catch (error) {
        return entry.reject(error);
      }
      const { plan, value } = wanted;
      if (plan === null || plan.change.size === 0) return entry.resolve({ commit: null, value });
      // If a name passes from one repository to another, that takes two commits.
      if (taken.has(plan.name)) return void this.#waiting.push(entry);
      taken.add(plan.name);
      if (plan.effect === 'create' && plan.record !== null) ahead.added.push(plan.record);
      if (plan.effect === 'remove') ahead.removed.add(plan.name);
      planned.push({ entry, plan, value });
    };
    // With limits each plan must see the slots taken before it, so they run one by one.
    const pool = hasLimits(base.platform) ? new Pool(1) : this.#pool;
    await Promise.all(group.map((entry) => pool.run(() => planOne(entry))));
    return planned;
  }

  /** Commits the plans part by part, and resolves their jobs. Returns what is left if a part is lost, otherwise null. */
  async #commitParts(context: SyncContext, base: Base, planned: readonly Planned[]): Promise<LostPart | null> {
    if (planned.length === 0) return null;
    let { head } = base;
    let left = planned;
    for (const part of partsOf(planned, base, context)) {
      const made = await this.#commit(context, head, part);
      if (typeof made === 'object') return { ...made, part, left };
      head = made;
      left = left.slice(part.length);
    }
    return null;
  }

  /** Commits a part and resolves its jobs. Returns the new head, or why there is none. */
  async #commit({ repo }: SyncContext, expectedHead: string | null, part: readonly Planned[]): Promise<string | Lost> {
    const plans = part.map(({ plan }) => plan);
    try {
      const { status, ...result } = await repo.commit({
        expectedHead,
        change: mergedChanges(plans),
        message: commitMessageOf(plans),
      });
      if (status === 'conflict') return LATE;
      const { head } = result as { head: string };
      for (const { entry, value } of part) entry.resolve({ commit: head, value });
      return head;
    } catch (error) {
      if (!(error instanceof GreenroomError) || error.until !== undefined) throw error;
      // If the answer was lost, the next plan shows whether the commit was made.
      if (error.code === 'unreachable') return { reason: error, kind: 'no-answer' };
      return { reason: error, kind: 'refused' };
    }
  }
}

/**
 * Divides plans into commits of one request each. A large commit takes more requests than its parts, all of them in the
 * time in which another process may commit. But it is one of the few commits of a minute, so the parts may take only half
 * of those that are left.
 */
function partsOf(planned: readonly Planned[], { platform }: Base, { repo }: SyncContext): readonly Planned[][] {
  const room = repo.room?.();
  // One plan may take the slot that another one frees.
  if (room === undefined || hasLimits(platform)) return [[...planned]];
  const parts: Planned[][] = [[]];
  let files = 0;
  for (const one of planned) {
    const { size } = one.plan.change;
    if (files > 0 && files + size > room.files) {
      parts.push([]);
      files = 0;
    }
    parts.at(-1)!.push(one);
    files += size;
  }
  return parts.length * 2 <= room.commits ? parts : [[...planned]];
}

/** Whether to try again; otherwise the job is rejected. */
function again(entry: Waiting, { reason, kind, part }: LostPart, { repo }: SyncContext): boolean {
  if (kind === 'refused' && part.length === 1) {
    if (part[0]!.entry !== entry) return true;
    entry.reject(reason);
    return false;
  }
  const { attempts = ATTEMPTS } = entry.options;
  // Halve the group to find the refused change, so that it blocks no other. A commit too large to be answered is halved
  // too.
  const isTooMuch = kind === 'refused' || (kind === 'no-answer' && entry.attempts > 0);
  if (isTooMuch) entry.groupSize = Math.ceil(part.length / 2);
  if (kind !== 'refused') entry.attempts += 1;
  if (entry.attempts < attempts) return true;
  const message = `${repo.description}: no commit after ${attempts} attempts (${reason.message}); it is safe to run again`;
  entry.reject(new GreenroomError('unreachable', message, { cause: reason }));
  return false;
}

/**
 * Whether another process committed while a group was planned. Where commits are limited, a refused one delays the next
 * by the pause between two changes; to look at the branch first delays it by one request.
 */
async function hasMoved({ repo }: SyncContext, base: Base): Promise<boolean> {
  return repo.ready !== undefined && (await repo.read([])).head !== base.head;
}

export function mergedChanges(plans: readonly PreviewPlan[]): ChangeSet {
  return new Map(plans.flatMap((plan) => [...plan.change]));
}

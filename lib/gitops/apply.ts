import { GreenroomError } from '../core/errors.ts';
import type { ChangeSet } from '../core/fileset.ts';
import type { AppsRepo } from './apps-repo.ts';

/** One attempt's plan, made against one head. */
export interface Planned<T> {
  readonly head: string | null;
  /** Empty if the repository is already as wanted. */
  readonly change: ChangeSet;
  readonly message: string;
  /** Further results of the planner, passed on to the caller. */
  readonly value: T;
}

/**
 * Reads everything again (repository and pull request) and plans. It is called again after every lost race, so it must
 * not reuse anything from an earlier call. `attempt` counts from 1.
 */
export type Planner<T> = (attempt: number) => Promise<Planned<T>>;

export interface ApplyOptions {
  /** @default 12 */
  readonly attempts?: number;
  /** A number from 0 up to 1. */
  readonly random: () => number;
  /** Waits for so many milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<void>;
}

export interface Applied<T> {
  readonly status: 'committed' | 'unchanged';
  /** The head that contains the change. */
  readonly head: string | null;
  readonly change: ChangeSet;
  readonly value: T;
  readonly attempts: number;
}

const FIRST_WAIT = 40;
const LONGEST_WAIT = 2000;

/**
 * Plans and commits until a commit succeeds on exactly the head it was planned on. An empty plan commits nothing. If the
 * answer to a commit is lost, the next plan shows whether it was applied: then nothing is left to do. A rate limit with
 * a known end is not retried.
 *
 * @throws GreenroomError `unreachable` if every attempt failed; errors of the planner, and errors of the commit that a
 * retry cannot fix, are passed on unchanged
 */
export async function apply<T>(
  repo: Pick<AppsRepo, 'commit' | 'description'>,
  planner: Planner<T>,
  { attempts = 12, random, sleep }: ApplyOptions,
): Promise<Applied<T>> {
  let lost: unknown;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const { head, change, message, value } = await planner(attempt);
    if (change.size === 0) return { status: 'unchanged', head, change, value, attempts: attempt };
    try {
      const result = await repo.commit({ expectedHead: head, change, message });
      if (result.status === 'committed')
        return { status: 'committed', head: result.head, change, value, attempts: attempt };
    } catch (error) {
      if (!(error instanceof GreenroomError) || error.code !== 'unreachable' || error.until !== undefined) throw error;
      lost = error;
    }
    // Full jitter, so that writers that collided once do not collide again.
    if (attempt < attempts) await sleep(random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt));
  }
  const reason = lost instanceof Error ? lost.message : 'other writers were faster each time';
  throw new GreenroomError(
    'unreachable',
    `${repo.description}: no commit after ${attempts} attempts (${reason}); it is safe to run again`,
    { cause: lost },
  );
}

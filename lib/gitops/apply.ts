import { GreenroomError } from '../core/errors.ts';
import type { ChangeSet } from '../core/fileset.ts';
import type { AppsRepo } from './apps-repo.ts';

/** One attempt's plan, made against one head. */
export interface Planned<T> {
  readonly head: string | null;
  /** Empty when the repository is as it should be. */
  readonly change: ChangeSet;
  readonly message: string;
  /** What else the planner found out: handed through to the result. */
  readonly value: T;
}

/**
 * Reads everything anew (repository and pull request) and plans. It is called again after every lost race, so nothing
 * may be carried over from an earlier call. `attempt` counts from 1.
 */
export type Planner<T> = (attempt: number) => Promise<Planned<T>>;

export interface ApplyOptions {
  /** @default 12 */
  readonly attempts?: number;
  /** A number from 0 up to 1. */
  readonly random: () => number;
  /** Waits for milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<void>;
}

export interface Applied<T> {
  readonly status: 'committed' | 'unchanged';
  /** The head that holds what was wanted. */
  readonly head: string | null;
  readonly change: ChangeSet;
  readonly value: T;
  readonly attempts: number;
}

const FIRST_WAIT = 40;
const LONGEST_WAIT = 2000;

/**
 * Plans and commits until the commit lands on the very head that it was planned against. An empty plan commits nothing.
 * When the answer to a commit is lost, the next plan tells whether it had been applied: then there is nothing left to do.
 * A refusal for a time that is known is no lost answer: it is not tried again.
 *
 * @throws GreenroomError `unreachable` when every attempt was lost; any error of the planner, and any error of the
 * commit that trying again cannot help, as it is
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
    // Full jitter: writers that met once do not meet again.
    if (attempt < attempts) await sleep(random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt));
  }
  const reason = lost instanceof Error ? lost.message : 'other writers were faster each time';
  throw new GreenroomError(
    'unreachable',
    `${repo.description}: no commit after ${attempts} attempts (${reason}); it is safe to run again`,
    { cause: lost },
  );
}

import { GreenroomError } from '../../core/errors.ts';
import type { PullRequest } from '../../forge/forge.ts';
import type { ApplyOptions } from '../../gitops/apply.ts';
import type { SyncContext } from '../plan/base.ts';
import type { PreviewPlan } from '../plan/plan-preview.ts';
import type { Writer } from '../writer.ts';

export interface SweepOptions {
  /** Plan and say, write nothing anywhere. @default false */
  readonly dryRun?: boolean;
  /** Remove however many there are to remove, and move or end what a change of the platform displaces. @default false */
  readonly allowRemovals?: boolean;
  /** Previews a commit, at most. @default 50 */
  readonly batchSize?: number;
  readonly apply?: Partial<ApplyOptions>;
  /** The one that all work of a process shares. @default - one of its own */
  readonly writer?: Writer;
  /** Called as the work goes on. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Failure {
  readonly subject: string;
  readonly error: GreenroomError;
  /** What could not be committed. @default - it did not come to a plan */
  readonly plan?: PreviewPlan;
}

export interface Held {
  readonly name: string;
  /** `is removed: ...`, `moves from the cluster a to b, ...` */
  readonly sentence: string;
}

/** One sweep: what its steps work with. */
export interface SweepRun {
  readonly context: SyncContext;
  readonly options: SweepOptions;
  readonly writer: Writer;
  /** What went wrong so far. */
  readonly failures: Failure[];
}

/** Runs work whose failure is the failure of this subject alone. */
export async function collect(
  { failures }: Pick<SweepRun, 'failures'>,
  subject: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof GreenroomError)) throw error;
    failures.push({ subject, error });
  }
}

export const subjectOf = (pull: PullRequest) => `${pull.repository.path}#${pull.number}`;

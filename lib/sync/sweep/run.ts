import { GreenroomError } from '../../core/errors.ts';
import type { PullRequest } from '../../forge/forge.ts';
import type { ApplyOptions } from '../../gitops/apply.ts';
import type { SyncContext } from '../plan/base.ts';
import type { PreviewPlan } from '../plan/plan-preview.ts';
import type { Writer } from '../writer.ts';

export interface SweepOptions {
  /** Plan and report only; write nothing. @default false */
  readonly dryRun?: boolean;
  /** Ignore the removal limit, and move or end previews that a change of the platform displaces. @default false */
  readonly allowRemovals?: boolean;
  /** Maximum number of previews in one commit. @default 50 */
  readonly batchSize?: number;
  readonly apply?: Partial<ApplyOptions>;
  /** The writer that the whole process shares. @default - a new one */
  readonly writer?: Writer;
  /** Called with the progress. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Failure {
  readonly subject: string;
  readonly error: GreenroomError;
  /** The plan that could not be committed. @default - none was made */
  readonly plan?: PreviewPlan;
}

export interface HeldBack {
  readonly name: string;
  /** `is removed: ...`, `moves from the cluster a to b, ...` */
  readonly sentence: string;
  /** Whether a change of the platform's settings causes it. @default false */
  readonly isDisplaced?: boolean;
}

/** Data of one sweep, shared by its steps. */
export interface SweepRun {
  readonly context: SyncContext;
  readonly options: SweepOptions;
  readonly writer: Writer;
  /** Failures so far. */
  readonly failures: Failure[];
}

/** Runs work; if it fails, only this subject fails. */
export async function collectFailure(
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

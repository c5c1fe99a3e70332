import { GreenroomError } from '../../core/errors.ts';
import { RECORDS_GLOB } from '../../model/layout.ts';
import { recordedPullRequest } from '../../model/record.ts';
import type { PreviewState } from '../../report/state.ts';
import { count } from '../../report/text.ts';
import { type Base, readRecords, type SyncContext } from '../plan/base.ts';
import { publishPlatformProblem, publishProblem } from '../publish.ts';
import type { Failure, SweepRun } from './run.ts';

/** Maximum number of names in one sentence. */
const NAMED = 5;

interface Told {
  readonly repository: string;
  readonly number: number;
  readonly state: PreviewState;
}

/**
 * Problems on our side that stopped pull requests: one sentence for each cause, for the platform team. Makers only see
 * a short sentence without the cause. Contains untrusted text.
 */
export function problemsOf(results: readonly Told[], failures: readonly Failure[]): readonly string[] {
  const subjects = new Map<string, string[]>();
  const add = (cause: string, subject: string) => subjects.set(cause, [...(subjects.get(cause) ?? []), subject]);
  for (const { repository, number, state } of results) {
    const cause = failureOnOurSide(state);
    if (cause !== null) add(cause, `${repository}#${number}`);
  }
  for (const { subject, error } of failures) add(error.message, subject);
  return [...subjects].map(([cause, all]) => {
    const more = all.length > NAMED ? ` and ${count(all.length - NAMED, 'other')}` : '';
    return `${all.slice(0, NAMED).join(', ')}${more}: ${cause.replaceAll('\n', '; ')}`;
  });
}

/** Null if nothing failed on our side. */
export function failureOnOurSide(state: PreviewState): string | null {
  if (state.state === 'problem') return state.cause?.message ?? null;
  return state.state === 'unknown' && state.told !== undefined ? state.reason : null;
}

/** Reports failed commits to their makers, without the cause; the operator of the sweep sees the cause. */
export async function tellOfFailures({ context, failures }: SweepRun, base: Base): Promise<void> {
  for (const { plan } of failures) if (plan !== undefined) await publishProblem(context, base, plan);
}

/**
 * Reports to makers that the platform's settings cannot be read, so their pushes wait. Without settings it is not known
 * which pull requests are eligible, but those with a preview are. If the preview already shows the head, nothing is
 * written.
 *
 * @param error why the settings could not be read
 */
export async function tellWhoWaits(context: SyncContext, error: unknown): Promise<void> {
  if (!(error instanceof GreenroomError) || !error.isPlatforms || error.code === 'unreachable') return;
  try {
    for (const { record } of await readRecords(context.repo, [RECORDS_GLOB])) {
      if (record === null) continue;
      const { repositoryId } = record.identity;
      const { path, number } = recordedPullRequest(record);
      const lookup = await context.forge.pullRequestById(repositoryId, number, { path });
      if (lookup.status === 'unknown' || lookup.value.head.sha === record.headSha) continue;
      await publishPlatformProblem(context, lookup.value.repository, number, error);
    }
  } catch (failure) {
    // The caller gets the first error.
    if (!(failure instanceof GreenroomError)) throw failure;
  }
}

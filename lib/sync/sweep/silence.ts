import { GreenroomError } from '../../core/errors.ts';
import { RECORDS_GLOB } from '../../model/layout.ts';
import { recordedPullRequest } from '../../model/record.ts';
import type { PreviewState } from '../../report/state.ts';
import { count } from '../../report/text.ts';
import { type Base, readRecords, type SyncContext } from '../plan/base.ts';
import { publishPlatformProblem, publishProblem } from '../publish.ts';
import type { Failure, SweepRun } from './run.ts';

/** Names in one sentence, at most. */
const NAMED = 5;

interface Told {
  readonly repository: string;
  readonly number: number;
  readonly state: PreviewState;
}

/**
 * Why pull requests could not be handled for a reason on our side: a sentence for each cause, for the platform team. What
 * makers read of it is calm and names no cause. Holds foreign text.
 */
export function problemsOf(results: readonly Told[], failures: readonly Failure[]): readonly string[] {
  const subjects = new Map<string, string[]>();
  const add = (cause: string, subject: string) => subjects.set(cause, [...(subjects.get(cause) ?? []), subject]);
  for (const { repository, number, state } of results) {
    const cause = causeOf(state);
    if (cause !== null) add(cause, `${repository}#${number}`);
  }
  for (const { subject, error } of failures) add(error.message, subject);
  return [...subjects].map(([cause, all]) => {
    const more = all.length > NAMED ? ` and ${count(all.length - NAMED, 'other')}` : '';
    return `${all.slice(0, NAMED).join(', ')}${more}: ${cause.replaceAll('\n', '; ')}`;
  });
}

/** Null where nothing failed on our side. */
export function causeOf(state: PreviewState): string | null {
  if (state.state === 'problem') return state.cause?.message ?? null;
  return state.state === 'unknown' && state.told !== undefined ? state.reason : null;
}

/** Makers whose preview was planned and could not be committed read so; who runs the sweep reads why. */
export async function tellOfFailures({ context, failures }: SweepRun, base: Base): Promise<void> {
  for (const { plan } of failures) if (plan !== undefined) await publishProblem(context, base, plan);
}

/**
 * Makers whose pushes a sweep would have handled, had the platform's side been readable. Whose pull requests count is not
 * known then, but those that have a preview do; what that shows already needs no word.
 *
 * @param error why it could not be read
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
    // What is thrown to who runs it is the first error.
    if (!(failure instanceof GreenroomError)) throw failure;
  }
}

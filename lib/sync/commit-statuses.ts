import { GreenroomError } from '../core/errors.ts';
import type { StatedCommit } from '../gitops/apps-repo.ts';
import { reconcilerOf } from '../reconcilers/index.ts';
import type { StatusesWritten } from '../reconcilers/reconciler.ts';
import type { RecordedCall } from '../status/call.ts';
import { parseKept } from '../status/kept.ts';
import { cleanWords, NOT_REPEATED, type Observation } from '../status/observation.ts';
import type { Base, SyncContext } from './plan/base.ts';
import type { PreviewPlan } from './plan/plan-preview.ts';
import { callOfRecorded } from './recorded-call.ts';

/** The head follows from the record at the commit, so any will do to parse the description. */
const ANY_HEAD = '0'.repeat(40);

/** Seconds until a reconciler has tried a commit and written that it failed: it may look for commits only now and then. */
const TRIED_SECONDS = 10 * 60;
/** A failure that lasts is written again in each half hour; seconds until its absence means that it did not last. */
const FAILURE_SECONDS = 40 * 60;

/**
 * What the reconciler reports about a preview by commit statuses of the apps repo, if the platform lets it write them.
 * Only texts depend on it: without an answer, nothing was reported.
 */
export async function toldByCommitStatus(
  context: Pick<SyncContext, 'repo'>,
  base: Pick<Base, 'platform' | 'now' | 'commitStatuses'>,
  { name, pull, state, effect }: Pick<PreviewPlan, 'name' | 'pull' | 'state' | 'effect'>,
): Promise<readonly Observation[]> {
  const { platform, now, commitStatuses } = base;
  if (platform.status.commitStatuses === undefined || effect !== 'none' || state.state !== 'committed') return [];
  const { cluster, headSha } = state.preview;
  const written = reconcilerOf(platform).commitStatuses;
  try {
    const commits = aboutOf(await commitStatuses(), name, written);
    const told = written.form === 'line' ? latestLine(commits, now) : lastingFailure(commits, now);
    if (told === null && written.form === 'failures') return [notRepeated(headSha, now)];
    if (told === null || cluster === undefined) return [];
    const recorded = { ...told, cluster, preview: name, sentAt: told.observation.at };
    const call = await callOfRecorded(context, recorded);
    const isIts = call?.repositoryId === pull.repository.id && call.number === pull.number;
    return isIts ? [call.observation] : [];
  } catch (error) {
    if (error instanceof GreenroomError) return [];
    throw error;
  }
}

type Told = Pick<RecordedCall, 'revision' | 'observation'>;

const aboutOf = (commits: readonly StatedCommit[], preview: string, { isAbout }: StatusesWritten): StatedCommit[] =>
  commits.map((commit) => ({
    ...commit,
    statuses: commit.statuses.filter(({ context }) => isAbout(context, preview)),
  }));

/** The latest by its own time: a failure is written on the commit that failed, the others on the latest one. */
function latestLine(commits: readonly StatedCommit[], now: number): Told | null {
  const told = commits.flatMap(({ oid, statuses }) =>
    statuses.flatMap(({ description }): Told[] => {
      const seen = parseKept(description, ANY_HEAD, now)?.seen;
      if (seen?.source !== 'reconciler') return [];
      const { headSha: _, ...observation } = seen;
      return [{ revision: oid, observation }];
    }),
  );
  return told.reduce<Told | null>(
    (latest, one) => (latest !== null && latest.observation.at >= one.observation.at ? latest : one),
    null,
  );
}

/** A failure that was written lately, with no newer commit that was tried since and did not fail. */
function lastingFailure(commits: readonly StatedCommit[], now: number): Told | null {
  for (const { oid, committedAt, statuses } of commits) {
    const failures = statuses.filter(({ isFailure, createdAt }) => isFailure && now - createdAt < FAILURE_SECONDS);
    const [latest] = failures.sort((a, b) => b.createdAt - a.createdAt);
    if (latest !== undefined) {
      // It lasts until now, and is more than an answer of the address, which may be that of an earlier commit.
      const failed = { source: 'reconciler', at: now, condition: 'not-working', reason: 'not-applied' } as const;
      const words = cleanWords(latest.description);
      return { revision: oid, observation: { ...failed, ...(words === undefined ? {} : { words }) } };
    }
    if (now - committedAt > TRIED_SECONDS) return null;
  }
  return null;
}

/** Says something only after a failure was reported, see `merge.ts`. */
function notRepeated(headSha: string, now: number): Observation {
  return { source: 'reconciler', headSha, at: now, condition: 'starting', reason: NOT_REPEATED };
}

/** Why the statuses cannot be read, for the platform team, who asked for them; empty if they can. */
export async function commitStatusNotes({
  platform,
  commitStatuses,
}: Pick<Base, 'platform' | 'commitStatuses'>): Promise<string[]> {
  if (platform.status.commitStatuses === undefined) return [];
  try {
    await commitStatuses();
    return [];
  } catch (error) {
    if (error instanceof GreenroomError) return [`status.commitStatuses: ${error.message}`];
    throw error;
  }
}

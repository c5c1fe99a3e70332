import { GreenroomError } from '../core/errors.ts';
import { commitStatusName } from '../model/commit-status.ts';
import { parseKept } from '../status/kept.ts';
import type { Observation } from '../status/observation.ts';
import type { Base, SyncContext } from './plan/base.ts';
import type { PreviewPlan } from './plan/plan-preview.ts';
import { callOfRecorded } from './recorded-call.ts';

/** The head follows from the record at the commit, so any will do to parse the description. */
const ANY_HEAD = '0'.repeat(40);

/**
 * What the reconciler reports about a preview by a commit status of the apps repo, if the platform lets it write them. Its
 * description has the format of `keptLine`. Only texts depend on it: without an answer, nothing was reported.
 */
export async function toldByCommitStatus(
  context: Pick<SyncContext, 'repo'>,
  base: Pick<Base, 'platform' | 'now' | 'commitStatuses'>,
  { name, pull, state, effect }: Pick<PreviewPlan, 'name' | 'pull' | 'state' | 'effect'>,
): Promise<readonly Observation[]> {
  const cluster = state.state === 'committed' ? state.preview.cluster : undefined;
  const { platform, now, commitStatuses } = base;
  if (platform.status.commitStatuses === undefined || effect !== 'none' || cluster === undefined) return [];
  try {
    const found = (await commitStatuses()).find(({ context: each }) => each === commitStatusName(name));
    const seen = found === undefined ? undefined : parseKept(found.description, ANY_HEAD, now)?.seen;
    if (found === undefined || seen?.source !== 'reconciler') return [];
    const { headSha: _, ...observation } = seen;
    const recorded = { cluster, preview: name, revision: found.oid, sentAt: seen.at, observation };
    const call = await callOfRecorded(context, recorded);
    const isIts = call?.repositoryId === pull.repository.id && call.number === pull.number;
    return isIts ? [call.observation] : [];
  } catch (error) {
    if (error instanceof GreenroomError) return [];
    throw error;
  }
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

import { GreenroomError } from '../core/errors.ts';
import { previewFolder, RECORD_FILE, repoOfName } from '../model/layout.ts';
import { parseRecord } from '../model/record.ts';
import type { RecordedCall, StatusCall } from '../status/call.ts';
import type { SyncContext } from './plan/base.ts';

/**
 * Finds the pull request and head commit for a call that names only a commit of the apps repo. The record at that
 * commit tells what was applied, even if the apps repo has newer commits.
 *
 * @returns null if the apps repo has no such preview at that commit, or no such commit
 * @throws GreenroomError `unreachable` if the apps repo does not answer
 */
export async function callOfRecorded(
  { repo }: Pick<SyncContext, 'repo'>,
  { cluster, preview, revision, sentAt, observation }: RecordedCall,
): Promise<StatusCall | null> {
  const path = `${previewFolder(cluster, repoOfName(preview), preview)}/${RECORD_FILE}`;
  const state = await repo.read([path], revision).catch((error: unknown) => {
    if (error instanceof GreenroomError && error.code !== 'unreachable') return null;
    throw error;
  });
  const record = parseRecord(state?.files.get(path) ?? '');
  if (record?.name !== preview || record.cluster !== cluster) return null;
  const { repositoryId, repository, number } = record.identity;
  const { headSha } = record;
  return { cluster, preview, repositoryId, repository, number, sentAt, observation: { ...observation, headSha } };
}

import { GreenroomError } from '../core/errors.ts';
import { previewFolder, RECORD_FILE, repoOfName } from '../model/layout.ts';
import { parseRecord } from '../model/record.ts';
import type { RecordedCall, StatusCall } from '../status/call.ts';
import type { SyncContext } from './plan/base.ts';

/**
 * Which pull request and commit a call is about that names a commit of the apps repo alone. What was applied then is what
 * the record says there, however far the apps repo has come since.
 *
 * @returns null where the apps repo holds no such preview at that commit, or has no such commit
 * @throws GreenroomError `unreachable` where it gives no answer
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

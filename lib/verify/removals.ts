import { isExpired } from '../compile/lifetime.ts';
import { GreenroomError, type Problem } from '../core/errors.ts';
import type { Forge } from '../forge/forge.ts';
import { PREVIEW_FILE, RECORD_FILE } from '../model/layout.ts';
import { type PreviewRecord, parseRecord, recordedPullRequest } from '../model/record.ts';
import { refusalOf, stopOf } from '../sync/plan/eligibility.ts';
import type { AppsRepoChange } from './change.ts';

export interface Removals {
  /** Removed previews whose pull request still needs them. */
  readonly asks: readonly Problem[];
  /** What could not be verified because a server did not answer. */
  readonly unknown: readonly string[];
}

/** Checks previews that a change removes: the pull request must no longer need them. */
export async function verifyRemovals(change: AppsRepoChange): Promise<Removals> {
  const [asks, unknown]: [Problem[], string[]] = [[], []];
  for (const { file, record } of await removedRecords(change)) {
    const outcome = await wanted(await change.forge(), record, change);
    if (outcome === 'unknown') unknown.push(`${record.name}: whether its pull request still needs it`);
    if (outcome !== 'wanted') continue;
    const { repository, number } = record.identity;
    const message = `is removed, but ${repository}#${number} still needs it; the next sweep would add it again. If that is intended, run with --yes`;
    asks.push({ file, message });
  }
  return { asks, unknown };
}

/** The records that the change removes; a preview that is in another folder now was moved. */
async function removedRecords({ oldList, list, context, baseCommit }: AppsRepoChange) {
  if (oldList === null || baseCommit === null) return [];
  const isRecord = (path: string) => /^previews\/[^/]+\/[^/]+\/[^/]+\/preview\.json$/.test(path);
  const nameOf = (path: string) => path.split('/')[3];
  const kept = new Set([...list.keys()].filter(isRecord).map(nameOf));
  const gone = [...oldList.keys()].filter((path) => isRecord(path) && !kept.has(nameOf(path)));
  if (gone.length === 0) return [];
  const { files } = await context.repo.read(gone, baseCommit);
  return gone.flatMap((file) => {
    const record = parseRecord(files.get(file) ?? '');
    return record === null ? [] : [{ file: file.slice(0, -RECORD_FILE.length - 1), record }];
  });
}

async function wanted(
  forge: Forge,
  record: PreviewRecord,
  { head }: Pick<AppsRepoChange, 'head'>,
): Promise<'wanted' | 'over' | 'unknown'> {
  if (isExpired(record.expires, head.now)) return 'over';
  try {
    const { repositoryId, number } = record.identity;
    const lookup = await forge.pullRequestById(repositoryId, number, recordedPullRequest(record));
    if (lookup.status === 'unknown') return 'unknown';
    const pull = lookup.value;
    if ((refusalOf(pull, head.platform, head.registrations) ?? stopOf(pull)) !== null) return 'over';
    return (await forge.readFile(pull.repository, pull.head.sha, PREVIEW_FILE)) === null ? 'over' : 'wanted';
  } catch (error) {
    if (!(error instanceof GreenroomError) || error.code === 'failed') throw error;
    return error.code === 'unreachable' ? 'unknown' : 'wanted';
  }
}

import { isDeepStrictEqual } from 'node:util';
import { type ApplyOptions, apply, type Planned } from '../../gitops/apply.ts';
import type { AppsRepo } from '../../gitops/apps-repo.ts';
import { commitMessage } from '../../gitops/message.ts';
import { planChange } from '../../gitops/plan.ts';
import { RECORD_FILE } from '../../model/layout.ts';
import { parseRecord, recordedPullRequest } from '../../model/record.ts';
import type { Base, SyncContext } from '../plan/base.ts';
import { livePreview } from '../plan/live-preview.ts';
import { raceOptions } from '../race.ts';
import { asksForReview, proposeEnd } from '../review.ts';
import type { SyncResult } from '../sync.ts';
import type { Orphan } from './survey.ts';

/** The state on which the next batch is committed. */
export interface Ground {
  readonly head: string | null;
  /** Whether only this sweep has committed since its plans were made: its own batches touch other folders. */
  readonly isOurs: boolean;
}

/** Removes previews that have expired and whose pull request cannot be read. Returns the removed ones. */
export async function removeOrphans(
  context: SyncContext,
  base: Base,
  orphans: readonly Orphan[],
  options: { readonly apply?: Partial<ApplyOptions> },
): Promise<{ ended: readonly Orphan[]; ground: Ground }> {
  const untouched = { head: base.head, isOurs: true };
  if (orphans.length === 0) return { ended: [], ground: untouched };
  if (asksForReview(base)) {
    for (const orphan of orphans) {
      await proposeEnd(context, base, orphan.record, () => planOrphans(context.repo, [orphan]));
    }
    return { ended: orphans, ground: untouched };
  }
  let planned: string | null = null;
  const { value, head, attempts } = await apply(
    context.repo,
    async () => {
      const plan = await planOrphans(context.repo, orphans);
      planned = plan.head;
      return plan;
    },
    raceOptions(options.apply),
  );
  return { ended: value, ground: { head, isOurs: attempts === 1 && planned === base.head } };
}

async function planOrphans(repo: AppsRepo, orphans: readonly Orphan[]): Promise<Planned<readonly Orphan[]>> {
  const { head, files, irregular } = await repo.read(orphans.map(({ stored }) => `${stored.folder}/**`));
  // A record that was written again meanwhile is not the one that was checked.
  const ended = orphans.filter(({ stored, record }) =>
    isDeepStrictEqual(parseRecord(files.get(`${stored.folder}/${RECORD_FILE}`) ?? ''), record),
  );
  if (ended.length === 0) return { head, change: new Map(), message: '', value: ended };
  const folders = ended.map(({ stored }) => stored.folder);
  const isInside = (path: string) => folders.some((folder) => path.startsWith(`${folder}/`));
  const now = { files: new Map([...files].filter(([path]) => isInside(path))), irregular: irregular.filter(isInside) };
  return {
    head,
    change: planChange({ now, wanted: new Map(), folders }),
    message: commitMessage(
      `remove ${ended.length} expired`,
      ended.map(({ record }) => ({
        preview: record.name,
        pullRequest: recordedPullRequest(record),
        head: record.headSha,
        cause: { what: 'expired' },
      })),
    ),
    value: ended,
  };
}

export function orphanResult({ record }: Orphan): SyncResult {
  return {
    repository: record.identity.repository,
    number: record.identity.number,
    name: record.name,
    state: {
      state: 'none',
      reason: 'expired',
      sentence: 'Its time is up, and its pull request gives no answer.',
      removed: livePreview(record),
    },
    effect: 'remove',
    change: new Map(),
    commit: null,
    status: null,
    notes: [],
    unanswered: [],
    isPassing: false,
  };
}

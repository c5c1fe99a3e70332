import { formatTime } from '../../core/clock.ts';
import { GreenroomError } from '../../core/errors.ts';
import type { PullRequest } from '../../forge/forge.ts';
import { type PreviewRecord, recordedPullRequest } from '../../model/record.ts';
import type { Base, StoredRecord, SyncContext } from '../plan/base.ts';
import { endOf, isOver } from '../plan/clock.ts';
import { isProposal } from '../plan/eligibility.ts';
import { ListedRepositories, listContradictions } from './contradictions.ts';
import { findStrays, pullKey, type Stray } from './strays.ts';

/** One item to handle: a pull request, or an expired preview whose pull request cannot be read. */
export type Target = { readonly kind: 'pull'; readonly pull: PullRequest } | Orphan;

/** An expired preview whose pull request cannot be read. */
export interface Orphan {
  readonly kind: 'orphan';
  readonly stored: StoredRecord;
  readonly record: PreviewRecord;
}

/** All items to handle, and what could not be read. */
export interface Survey {
  readonly targets: readonly Target[];
  readonly unknown: readonly string[];
  /** Folders without a pull request, which a sweep removes. */
  readonly strays: readonly Stray[];
  /** Problems that a person must solve, since no sweep can. One sentence each. */
  readonly alarms: readonly string[];
  readonly live: number;
  /** Folders of all previews. */
  readonly folders: readonly string[];
}

/** Lists open pull requests, and reads the pull request of every preview that is not in the list. */
export async function takeSurvey(context: SyncContext, base: Base): Promise<Survey> {
  const unknown: string[] = [];
  const open = new Map<string, PullRequest>();
  const listed = new ListedRepositories();
  for (const source of base.platform.sources) {
    try {
      for await (const listing of context.forge.openPullRequests(source.owner, source.repos)) {
        for (const pull of listing.pulls) {
          if (!isProposal(context.repo, pull)) open.set(pullKey(pull.repository.id, pull.number), pull);
        }
        listed.repository(listing.repository, listing.complete);
        if (!listing.complete) unknown.push(`${listing.repository.path}: ${listing.reason}`);
      }
      listed.source(source);
    } catch (error) {
      if (!(error instanceof GreenroomError)) throw error;
      unknown.push(`${source.owner}: ${error.message}`);
    }
  }
  const records = await base.records();
  const lists = { open, isWhole: unknown.length === 0 };
  const { strays, pulls, alarms } = await findStrays(context, base, records, lists);
  const isStray = (stored: StoredRecord) => strays.some((stray) => stray.stored === stored);
  const gone: Target[] = pulls.map((pull) => ({ kind: 'pull', pull }));
  for (const stored of records) {
    const { record } = stored;
    if (record === null || isStray(stored)) continue;
    if (open.has(pullKey(record.identity.repositoryId, record.identity.number))) continue;
    const target = await targetOfRecord(context, base, stored, record, { unknown, alarms, listed });
    if (target !== null) gone.push(target);
  }
  const looked = gone.flatMap((target) => (target.kind === 'pull' ? [target.pull] : []));
  alarms.push(...listContradictions(looked, listed, base));
  const byAge = [...open.values()].sort((a, b) => a.createdAt - b.createdAt || a.number - b.number);
  return {
    targets: [...gone, ...byAge.map((pull): Target => ({ kind: 'pull', pull }))],
    unknown,
    strays,
    alarms,
    live: records.length,
    folders: records.map(({ folder }) => folder),
  };
}

/** The target for a preview whose pull request is not listed: only a certain answer, or its expiry, removes it. */
async function targetOfRecord(
  context: SyncContext,
  base: Base,
  stored: StoredRecord,
  record: PreviewRecord,
  { unknown, alarms, listed }: { unknown: string[]; alarms: string[]; listed: ListedRepositories },
): Promise<Target | null> {
  const { repositoryId, repository, number } = record.identity;
  let reason: string;
  try {
    const lookup = await context.forge.pullRequestById(repositoryId, number, recordedPullRequest(record));
    if (lookup.status === 'found') return { kind: 'pull', pull: lookup.value };
    reason = lookup.reason;
  } catch (error) {
    if (!(error instanceof GreenroomError)) throw error;
    reason = error.message;
  }
  const end = endOf(record, base);
  if (isOver(context.forge, end, base)) return { kind: 'orphan', stored, record };
  unknown.push(`${repository}#${number}: ${reason}; its preview is kept`);
  // Its repository answers, but has no such pull request: only a person can decide whether that is right.
  if (listed.isComplete(repository)) {
    alarms.push(
      `${stored.folder} shows ${repository}#${number}, which ${repository} does not have (${reason}). It is kept until ` +
        `${formatTime(end)}; remove the folder to end it now.`,
    );
  }
  return null;
}

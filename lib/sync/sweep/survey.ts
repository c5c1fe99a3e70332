import { isExpired } from '../../compile/lifetime.ts';
import { GreenroomError } from '../../core/errors.ts';
import type { PullRequest } from '../../forge/forge.ts';
import { type PreviewRecord, recordedPullRequest } from '../../model/record.ts';
import type { Base, StoredRecord, SyncContext } from '../plan/base.ts';
import { isProposal } from '../plan/eligibility.ts';

/** One thing to look at: a pull request, or a preview whose pull request gives no answer and whose time is up. */
export type Target = { readonly kind: 'pull'; readonly pull: PullRequest } | Orphan;

/** A preview whose pull request gives no answer and whose time is up. */
export interface Orphan {
  readonly kind: 'orphan';
  readonly stored: StoredRecord;
  readonly record: PreviewRecord;
}

/** What there is to look at, and what could not be asked. */
export interface Survey {
  readonly targets: readonly Target[];
  readonly unknown: readonly string[];
  readonly live: number;
  /** Of all previews. */
  readonly folders: readonly string[];
}

/** Lists open pull requests and asks after every preview whose pull request is not among them. */
export async function takeSurvey(context: SyncContext, base: Base): Promise<Survey> {
  const unknown: string[] = [];
  const open = new Map<string, PullRequest>();
  for (const source of base.platform.sources) {
    try {
      for await (const listing of context.forge.openPullRequests(source.owner, source.repos)) {
        for (const pull of listing.pulls) {
          if (!isProposal(context.repo, pull)) open.set(keyOf(pull.repository.id, pull.number), pull);
        }
        if (!listing.complete) unknown.push(`${listing.repository.path}: ${listing.reason}`);
      }
    } catch (error) {
      if (!(error instanceof GreenroomError)) throw error;
      unknown.push(`${source.owner}: ${error.message}`);
    }
  }
  const gone: Target[] = [];
  const records = await base.records();
  for (const stored of records) {
    const { record } = stored;
    if (record === null) {
      unknown.push(`${stored.folder}: its preview.json is out of shape; a sync of its pull request writes it anew`);
      continue;
    }
    if (open.has(keyOf(record.identity.repositoryId, record.identity.number))) continue;
    const target = await targetOfRecord(context, base, stored, record, unknown);
    if (target !== null) gone.push(target);
  }
  const byAge = [...open.values()].sort((a, b) => a.createdAt - b.createdAt || a.number - b.number);
  return {
    targets: [...gone, ...byAge.map((pull): Target => ({ kind: 'pull', pull }))],
    unknown,
    live: records.length,
    folders: records.map(({ folder }) => folder),
  };
}

/** A preview whose pull request is not among the open ones: only a positive answer, or its own end, removes it. */
async function targetOfRecord(
  context: SyncContext,
  base: Base,
  stored: StoredRecord,
  record: PreviewRecord,
  unknown: string[],
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
  if (isExpired(record.expires, base.now)) return { kind: 'orphan', stored, record };
  unknown.push(`${repository}#${number}: ${reason}; its preview is kept`);
  return null;
}

/** A pull request, wherever its repository lives by now. */
export const keyOf = (repositoryId: number, number: number) => `${repositoryId}#${number}`;

import type { PullTrigger } from '../forge/webhook.ts';
import { handleComment, syncAndAnswer } from './answer.ts';
import type { SyncContext } from './plan/base.ts';
import type { SyncOptions, SyncResult } from './sync.ts';

/**
 * Handles an event of a pull request. All events come this way, whether a receiver or a CI job passes them on. The
 * event is only a hint: everything else is read from the forge.
 *
 * @returns null for a comment without a command: it changes nothing, so nothing is synced
 */
export function handleTrigger(
  context: SyncContext,
  { repository, number, commentId, seen }: PullTrigger,
  given: Pick<SyncOptions, 'apply' | 'dryRun' | 'writer' | 'tell' | 'late' | 'look' | 'observed' | 'reported'> = {},
): Promise<SyncResult | null> {
  const options = { ...given, ...(seen === undefined ? {} : { seen }) };
  const isComment = commentId !== undefined && options.dryRun !== true;
  return isComment
    ? handleComment(context, repository, number, commentId, options)
    : syncAndAnswer(context, repository, number, options);
}

/** Merges two triggers of one pull request without losing anything of either. */
export function mergeTriggers(one: PullTrigger, other: PullTrigger): PullTrigger {
  const { repository, number } = other;
  const comment = one.commentId === other.commentId && one.commentId !== undefined ? { commentId: one.commentId } : {};
  // Deliveries arrive in any order: the forge's answers must be as recent as the newer of both.
  const [older, newer] = (one.seen?.updatedAt ?? 0) > (other.seen?.updatedAt ?? 0) ? [other, one] : [one, other];
  const commentUpdatedAt = Math.max(one.seen?.commentUpdatedAt ?? 0, other.seen?.commentUpdatedAt ?? 0);
  const seen = { ...older.seen, ...newer.seen, ...(commentUpdatedAt > 0 ? { commentUpdatedAt } : {}) };
  return { repository, number, ...comment, ...(Object.keys(seen).length > 0 ? { seen } : {}) };
}

import type { PullTrigger } from '../forge/webhook.ts';
import { handleComment, syncAndAnswer } from './answer.ts';
import type { SyncContext } from './plan/base.ts';
import type { SyncOptions, SyncResult } from './sync.ts';

/**
 * Does what something that happened to a pull request asks for. The one way from an event to a sync, whether a receiver
 * or a CI job brings it; what it says is a hint, and the forge is asked for everything else.
 *
 * @returns null for a comment that asks for nothing: it changes nothing, so there is nothing to sync either
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

/** Two triggers of one pull request as one that misses nothing of either. */
export function mergeTriggers(one: PullTrigger, other: PullTrigger): PullTrigger {
  const { repository, number } = other;
  const comment = one.commentId === other.commentId && one.commentId !== undefined ? { commentId: one.commentId } : {};
  // Deliveries come in any order: the newest of both is what has to be seen.
  const [older, newer] = (one.seen?.updatedAt ?? 0) > (other.seen?.updatedAt ?? 0) ? [other, one] : [one, other];
  const commentUpdatedAt = Math.max(one.seen?.commentUpdatedAt ?? 0, other.seen?.commentUpdatedAt ?? 0);
  const seen = { ...older.seen, ...newer.seen, ...(commentUpdatedAt > 0 ? { commentUpdatedAt } : {}) };
  return { repository, number, ...comment, ...(Object.keys(seen).length > 0 ? { seen } : {}) };
}

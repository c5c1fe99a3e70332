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
  { repository, number, commentId }: PullTrigger,
  options: Pick<SyncOptions, 'apply' | 'dryRun'> = {},
): Promise<SyncResult | null> {
  const isComment = commentId !== undefined && options.dryRun !== true;
  return isComment
    ? handleComment(context, repository, number, commentId, options)
    : syncAndAnswer(context, repository, number, options);
}

/** Two triggers of one pull request as one that misses nothing of either. */
export function mergeTriggers(one: PullTrigger, other: PullTrigger): PullTrigger {
  const { repository, number } = other;
  return one.commentId === other.commentId ? other : { repository, number };
}

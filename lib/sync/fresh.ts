import type { Lookup, PullComment, PullRequest } from '../forge/forge.ts';
import type { Seen } from '../forge/webhook.ts';

/** Seconds between one reading and the next, while an answer is older than what was told of. */
export const BACK_OFF: readonly number[] = [0.5, 1, 2, 4, 8];

/** An answer is older than what is known: to be asked again. */
export class Behind extends Error {}

/**
 * Whether an answer is older than what the forge told of. A pull request that is not there although something happened to
 * it is as old as can be.
 */
export function isBehind(lookup: Lookup<PullRequest>, { updatedAt, headSha }: Seen): boolean {
  if (updatedAt === undefined) return false;
  if (lookup.status === 'unknown') return true;
  const { updatedAt: shown, head } = lookup.value;
  return shown < updatedAt || (shown === updatedAt && headSha !== undefined && head.sha !== headSha);
}

/** The same of a comment: it is missing, or as it was before it was edited. */
export function lacksComment(comments: readonly PullComment[], id: number, { commentUpdatedAt }: Seen): boolean {
  if (commentUpdatedAt === undefined) return false;
  const shown = comments.find((comment) => comment.id === id);
  return shown === undefined || (shown.updatedAt ?? commentUpdatedAt) < commentUpdatedAt;
}

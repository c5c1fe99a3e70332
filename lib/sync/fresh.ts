import type { Lookup, PullComment, PullRequest } from '../forge/forge.ts';
import type { EventState } from '../forge/webhook.ts';

/** Seconds to wait before each further attempt, while the forge's answer is older than the event. */
export const BACK_OFF: readonly number[] = [0.5, 1, 2, 4, 8];

/** The forge's answer is older than the event: ask again. */
export class Behind extends Error {}

/**
 * Whether an answer is older than the event that the forge reported. A missing pull request also counts as outdated:
 * the event shows that it exists.
 */
export function isBehind(lookup: Lookup<PullRequest>, { updatedAt, headSha }: EventState): boolean {
  if (updatedAt === undefined) return false;
  if (lookup.status === 'unknown') return true;
  const { updatedAt: shown, head } = lookup.value;
  return shown < updatedAt || (shown === updatedAt && headSha !== undefined && head.sha !== headSha);
}

/** The same for a comment: it is missing, or still shows the text before an edit. */
export function lacksComment(comments: readonly PullComment[], id: number, { commentUpdatedAt }: EventState): boolean {
  if (commentUpdatedAt === undefined) return false;
  const shown = comments.find((comment) => comment.id === id);
  return shown === undefined || (shown.updatedAt ?? commentUpdatedAt) < commentUpdatedAt;
}

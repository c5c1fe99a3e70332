import { GreenroomError } from '../core/errors.ts';
import type { RepositoryRef } from '../core/repository.ts';
import type { CommandReaction, Override, PullComment, PullRequest } from '../forge/forge.ts';
import type { Reply } from '../report/answered.ts';
import { decide } from './commands/decide.ts';
import { isUnanswered } from './commands/parse.ts';
import { BACK_OFF, lacksComment } from './fresh.ts';
import { readBase, type SyncContext } from './plan/base.ts';
import { isProposal, refusalOf } from './plan/eligibility.ts';
import { publishPlatformProblem } from './publish.ts';
import { raceOptions } from './race.ts';
import { type SyncOptions, type SyncResult, syncPullRequest } from './sync.ts';

/**
 * Carries out what a comment asks for, once, and answers it. Earlier unanswered comments come first. The trigger is
 * only a hint: the comment, its author, who ticked a box in our comment, and their permissions are all read from the
 * forge.
 *
 * The override is stored at the head commit first, then the preview is synced, then the comment is answered. If a run
 * stops in between, the next delivery or sweep continues, and nothing is done twice.
 *
 * @returns null if there is nothing to do: no command, already answered, written by a bot, or the comment was deleted
 * @throws GreenroomError as `syncPullRequest`; the comment then stays unanswered and is tried again
 */
export async function handleComment(
  context: SyncContext,
  repository: RepositoryRef,
  number: number,
  commentId: number,
  options: Pick<SyncOptions, 'apply' | 'writer' | 'tell' | 'late' | 'seen' | 'look' | 'observed' | 'reported'> = {},
): Promise<SyncResult | null> {
  const lookup = await context.forge.pullRequest(repository, number);
  if (lookup.status === 'unknown') {
    if (lookup.isPassing) throw new GreenroomError('unreachable', lookup.reason);
    return null;
  }
  const pull = lookup.value;
  if (isProposal(context.repo, pull)) return null;
  const comments = await readComments(context, pull, commentId, options);
  const open = comments.filter((comment) => isUnanswered(comment, context.clock()));
  if (!open.some(({ id }) => id === commentId)) return null;
  const base = await readBase(context).catch(async (error: unknown) => {
    await publishPlatformProblem(context, repository, number, error);
    throw error;
  });
  const refusal = refusalOf(pull, base.platform, base.registrations);
  if (refusal?.reason === 'not-a-source') return null;

  // All of them, oldest first: deliveries may arrive in any order, and the last command wins.
  const answers: { readonly id: number; readonly answer: CommandReaction }[] = [];
  const replies: Reply[] = [];
  let look = options.look ?? false;
  let override: Override | null = pull.override;
  const inOrder = [...open].sort(
    (a, b) => Number(a.isOurs) - Number(b.isOurs) || a.createdAt - b.createdAt || a.id - b.id,
  );
  // If an earlier run stopped before it answered, it has decided all comments up to the one of the stored override.
  const decided = inOrder.findIndex(({ id, isOurs }) => !isOurs && id === pull.override?.commentId);
  for (const [i, comment] of inOrder.entries()) {
    const asked = { pull: { ...pull, override }, comment, isDecided: i <= decided, refusal: refusal?.sentence ?? null };
    const decision = await decide(context, base, asked);
    override = decision.override ?? override;
    replies.push(...decision.replies);
    look ||= decision.look;
    // Our own comment is answered by writing it again without ticked boxes.
    if (!comment.isOurs) answers.push({ id: comment.id, answer: decision.answer });
  }
  const known = override === null ? {} : { known: { headSha: pull.head.sha, override } };
  const said = { ...known, replies, look, boxesAnswered: true };
  const result = await syncPullRequest(context, repository, number, { ...options, ...said });
  // The reply could not be written: the next run writes it, and answers then. An unknown preview has no reply to wait for.
  const isUnsaid = result.isPassing && result.state.state !== 'unknown' && replies.length > 0;
  if (!isUnsaid) for (const { id, answer } of answers) await context.forge.answer(pull, id, answer);
  return { ...result, unanswered: [] };
}

/** Reads the comments until the forge shows the triggering one, for a limited time. */
async function readComments(
  { forge }: SyncContext,
  pull: PullRequest,
  commentId: number,
  { apply, seen = {} }: Pick<SyncOptions, 'apply' | 'seen'>,
): Promise<readonly PullComment[]> {
  let comments = await forge.comments(pull);
  for (const seconds of BACK_OFF) {
    if (!lacksComment(comments, commentId, seen)) break;
    await raceOptions(apply).sleep(seconds * 1000);
    comments = await forge.comments(pull);
  }
  return comments;
}

/**
 * Syncs, then carries out all unanswered commands. A delivery about a comment needs this, and it also covers deliveries
 * that got lost.
 */
export async function syncAndAnswer(
  context: SyncContext,
  repository: RepositoryRef,
  number: number,
  options: Pick<
    SyncOptions,
    'apply' | 'dryRun' | 'writer' | 'tell' | 'late' | 'seen' | 'look' | 'observed' | 'reported'
  > = {},
): Promise<SyncResult> {
  const result = await syncPullRequest(context, repository, number, options);
  return (await handleUnanswered(context, result, options)) ?? result;
}

/** Handles the unanswered comments that a sync or a sweep has found, since a delivery can get lost. */
export async function handleUnanswered(
  context: SyncContext,
  { repository, number, unanswered }: SyncResult,
  options: Pick<SyncOptions, 'apply' | 'writer' | 'tell' | 'late' | 'seen' | 'look' | 'observed' | 'reported'> = {},
): Promise<SyncResult | null> {
  const [first] = unanswered;
  return first === undefined ? null : handleComment(context, { path: repository }, number, first, options);
}

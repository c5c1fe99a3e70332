import type { RepositoryRef } from '../core/repository.ts';
import type { Answer, Override, PullComment, PullRequest } from '../forge/forge.ts';
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
 * Does what a comment asks for, once, and answers it; earlier ones without an answer first. Whatever woke this up is a
 * hint: the comment, who wrote it or ticked a box in ours, and what they may do are all read from the forge.
 *
 * What was asked for is remembered at the head commit first, then the preview follows, then the comment is answered: a
 * run that stops in between is made up for by the next delivery or sweep, and does nothing twice.
 *
 * @returns null when there is nothing to do: no command, an answered one, a bot's, a comment that is gone
 * @throws GreenroomError as `syncPullRequest`; the comment then stays without an answer, and is tried again
 */
export async function handleComment(
  context: SyncContext,
  repository: RepositoryRef,
  number: number,
  commentId: number,
  options: Pick<SyncOptions, 'apply' | 'writer' | 'tell' | 'late' | 'seen' | 'look' | 'observed' | 'reported'> = {},
): Promise<SyncResult | null> {
  const lookup = await context.forge.pullRequest(repository, number);
  if (lookup.status === 'unknown') return null;
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

  // All of them, oldest first: deliveries may come in any order, and the last word counts.
  const answers: { readonly id: number; readonly answer: Answer }[] = [];
  const replies: Reply[] = [];
  let look = options.look ?? false;
  let override: Override | null = pull.override;
  const inOrder = [...open].sort(
    (a, b) => Number(a.isOurs) - Number(b.isOurs) || a.createdAt - b.createdAt || a.id - b.id,
  );
  // A run that did not come to its answers has decided all up to the one that is remembered.
  const decided = inOrder.findIndex(({ id, isOurs }) => !isOurs && id === pull.override?.commentId);
  for (const [i, comment] of inOrder.entries()) {
    const asked = { pull: { ...pull, override }, comment, isDecided: i <= decided, refusal: refusal?.sentence ?? null };
    const decision = await decide(context, base, asked);
    override = decision.override ?? override;
    replies.push(...decision.replies);
    look ||= decision.look;
    // Our own comment is answered by being written anew, with no box ticked.
    if (!comment.isOurs) answers.push({ id: comment.id, answer: decision.answer });
  }
  const known = override === null ? {} : { known: { headSha: pull.head.sha, override } };
  const said = { ...known, replies, look, boxesAnswered: true };
  const result = await syncPullRequest(context, repository, number, { ...options, ...said });
  for (const { id, answer } of answers) await context.forge.answer(pull, id, answer);
  return { ...result, unanswered: [] };
}

/** As they are shown once the comment that was told of is among them, or for as long as that is waited for. */
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
 * A sync, and then whatever was asked for by comment and has no answer yet: what a delivery about a comment is to do, and
 * what makes up for one that got lost.
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

/** Handles what a sync or a sweep has found without an answer, since a delivery can get lost. */
export async function handleUnanswered(
  context: SyncContext,
  { repository, number, unanswered }: SyncResult,
  options: Pick<SyncOptions, 'apply' | 'writer' | 'tell' | 'late' | 'seen' | 'look' | 'observed' | 'reported'> = {},
): Promise<SyncResult | null> {
  const [first] = unanswered;
  return first === undefined ? null : handleComment(context, { path: repository }, number, first, options);
}

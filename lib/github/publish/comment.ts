import { GreenroomError } from '../../core/errors.ts';
import type { PullRequestReport } from '../../forge/forge.ts';
import type { GitHubClient } from '../http/client.ts';
import type { Thread } from './thread.ts';

const ADD = `mutation AddComment($subjectId: ID!, $body: String!) {
  addComment(input: { subjectId: $subjectId, body: $body }) { commentEdge { node { id } } }
}`;

const UPDATE = `mutation UpdateComment($id: ID!, $body: String!) {
  updateIssueComment(input: { id: $id, body: $body }) { issueComment { id } }
}`;

const DELETE = `mutation DeleteComment($id: ID!) {
  deleteIssueComment(input: { id: $id }) { clientMutationId }
}`;

/**
 * Writes the one comment, or edits it in place; it is known by its marker and by its author. When two of us wrote one at
 * the same time, the first stays.
 */
export async function publishComment(
  client: GitHubClient,
  { subject, comments }: Thread,
  { comment, marker }: Pick<PullRequestReport, 'comment' | 'marker'>,
): Promise<void> {
  const [own, ...others] = comments.filter(({ isOurs, body }) => isOurs && body.startsWith(marker));
  const body = comment(own?.body ?? null);
  if (body !== null && body !== own?.body) {
    await write(client, own === undefined ? [ADD, { subjectId: subject, body }] : [UPDATE, { id: own.nodeId, body }]);
  }
  for (const { nodeId } of others) await write(client, [DELETE, { id: nodeId }]);
}

/** Sends a notice that was not sent yet. */
export async function publishNotice(
  client: GitHubClient,
  { subject, comments }: Thread,
  { marker, body }: NonNullable<PullRequestReport['notice']>,
): Promise<void> {
  if (comments.some((comment) => comment.isOurs && comment.body.startsWith(marker))) return;
  await write(client, [ADD, { subjectId: subject, body }]);
}

async function write(client: GitHubClient, [mutation, variables]: [string, Record<string, string>]): Promise<void> {
  const { errors } = await client.mutate(mutation, variables);
  if (errors.length > 0) throw new GreenroomError('failed', `the comment was refused: ${errors[0]!.message}`);
}

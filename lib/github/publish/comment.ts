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

/** The text of our comment, found by its marker and author; null for none. */
export function ownComment({ comments }: Thread, marker: string): string | null {
  return own(comments, marker)[0]?.body ?? null;
}

/** Writes our comment, or edits it in place. If two processes wrote one at the same time, the first one stays. */
export async function publishComment(
  client: GitHubClient,
  { subject, comments }: Thread,
  marker: string,
  body: string | null,
): Promise<void> {
  const [first, ...others] = own(comments, marker);
  if (body !== null && body !== first?.body) {
    await write(
      client,
      first === undefined ? [ADD, { subjectId: subject, body }] : [UPDATE, { id: first.nodeId, body }],
    );
  }
  for (const { nodeId } of others) await write(client, [DELETE, { id: nodeId }]);
}

const own = (comments: Thread['comments'], marker: string) =>
  comments.filter(({ isOurs, body }) => isOurs && body.startsWith(marker));

/** Sends a notice unless it was sent before. */
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

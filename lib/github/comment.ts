import { GreenroomError } from '../core/errors.ts';
import type { PullRequest } from '../forge/forge.ts';
import type { GitHubClient } from './client.ts';

const LIST = `query ListComments($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    databaseId
    pullRequest(number: $number) {
      id
      comments(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor } nodes { id body viewerDidAuthor }
      }
    }
  }
}`;

const ADD = `mutation AddComment($subjectId: ID!, $body: String!) {
  addComment(input: { subjectId: $subjectId, body: $body }) { commentEdge { node { id } } }
}`;

const UPDATE = `mutation UpdateComment($id: ID!, $body: String!) {
  updateIssueComment(input: { id: $id, body: $body }) { issueComment { id } }
}`;

interface CommentNode {
  readonly id: string;
  readonly body: string;
  readonly viewerDidAuthor: boolean;
}

interface PullNode {
  readonly id: string;
  readonly comments: {
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    readonly nodes: readonly (CommentNode | null)[] | null;
  };
}

interface ListAnswer {
  readonly repository: { readonly databaseId: number | null; readonly pullRequest: PullNode | null } | null;
}

/**
 * Writes the one comment of its kind, or edits it in place. It is known by its first line, the marker, and by its
 * author: anyone can copy a marker.
 */
export async function publishComment(client: GitHubClient, pull: PullRequest, body: string): Promise<void> {
  const { subject, own } = await findComment(client, pull, body.split('\n', 1)[0]!);
  if (own?.body === body) return;
  const { errors } =
    own === null
      ? await client.mutate(ADD, { subjectId: subject, body })
      : await client.mutate(UPDATE, { id: own.id, body });
  if (errors.length > 0) throw new GreenroomError('failed', `the comment was refused: ${errors[0]!.message}`);
}

async function findComment(
  client: GitHubClient,
  pull: PullRequest,
  marker: string,
): Promise<{ subject: string; own: CommentNode | null }> {
  let after: string | null = null;
  for (;;) {
    const { id, comments }: PullNode = await commentsPage(client, pull, after);
    const own = comments.nodes?.find((node) => node?.viewerDidAuthor && node.body.startsWith(marker));
    if (own) return { subject: id, own };
    if (!comments.pageInfo.hasNextPage) return { subject: id, own: null };
    after = comments.pageInfo.endCursor;
    if (after === null) throw new GreenroomError('unreachable', 'a page of comments is missing');
  }
}

async function commentsPage(client: GitHubClient, pull: PullRequest, after: string | null): Promise<PullNode> {
  const { owner, name, id } = pull.repository;
  const { data, errors } = await client.query<ListAnswer>(LIST, { owner, name, number: pull.number, after });
  const found = data?.repository?.pullRequest;
  if (found && data?.repository?.databaseId === id && errors.length === 0) return found;
  const reason = errors[0]?.message ?? 'it is not where it was';
  throw new GreenroomError('unreachable', `comments of ${owner}/${name}#${pull.number}: ${reason}`);
}

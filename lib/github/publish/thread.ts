import { parseTime } from '../../core/clock.ts';
import { GreenroomError } from '../../core/errors.ts';
import { namesOf } from '../../core/repository.ts';
import type { Account, PullComment, PullRequest } from '../../forge/forge.ts';
import type { GitHubClient } from '../http/client.ts';

const LIST = `query ListComments($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    databaseId
    pullRequest(number: $number) {
      id
      comments(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id fullDatabaseId body createdAt viewerDidAuthor
          author { __typename login } editor { __typename login }
          reactionGroups { content viewerHasReacted }
        }
      }
    }
  }
}`;

interface ActorNode {
  readonly __typename: string;
  readonly login: string;
}

interface CommentNode {
  readonly id: string;
  /** 64 bits, as text; `databaseId` has only 32. */
  readonly fullDatabaseId: string | null;
  readonly body: string;
  readonly createdAt: string;
  readonly viewerDidAuthor: boolean;
  readonly author: ActorNode | null;
  readonly editor: ActorNode | null;
  readonly reactionGroups: readonly { readonly content: string; readonly viewerHasReacted: boolean }[] | null;
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

export interface ThreadComment extends PullComment {
  /** GraphQL's id. */
  readonly nodeId: string;
}

/** All comments of a pull request. */
export interface Thread {
  /** GraphQL's id of the pull request. */
  readonly subject: string;
  readonly comments: readonly ThreadComment[];
}

/** @throws GreenroomError `unreachable` also when another repository has the name by now */
export async function readThread(client: GitHubClient, pull: PullRequest): Promise<Thread> {
  const comments: ThreadComment[] = [];
  for (let after: string | null = null; ; ) {
    const page: PullNode = await readPage(client, pull, after);
    comments.push(...(page.comments.nodes ?? []).flatMap((node) => (node === null ? [] : (commentOf(node) ?? []))));
    const { hasNextPage, endCursor } = page.comments.pageInfo;
    if (!hasNextPage) return { subject: page.id, comments };
    if (endCursor === null) throw new GreenroomError('unreachable', 'a page of comments is missing');
    after = endCursor;
  }
}

async function readPage(client: GitHubClient, pull: PullRequest, after: string | null): Promise<PullNode> {
  const { owner, name } = namesOf(pull.repository);
  const { id, path } = pull.repository;
  const { data, errors } = await client.query<ListAnswer>(LIST, { owner, name, number: pull.number, after });
  const found = data?.repository?.pullRequest;
  if (found && data?.repository?.databaseId === id && errors.length === 0) return found;
  const reason = errors[0]?.message ?? 'it is not where it was';
  throw new GreenroomError('unreachable', `comments of ${path}#${pull.number}: ${reason}`);
}

/** Reactions that are answers; a person who uses our account may have left others. */
const ANSWERS = new Set(['THUMBS_UP', 'THUMBS_DOWN', 'CONFUSED']);

function commentOf(node: CommentNode): ThreadComment | null {
  const createdAt = parseTime(node.createdAt);
  const id = Number(node.fullDatabaseId ?? Number.NaN);
  if (!Number.isSafeInteger(id) || createdAt === undefined) return null;
  return {
    id,
    nodeId: node.id,
    body: node.body,
    // Anyone can copy a marker, and a person may write by our account: it takes both.
    isOurs: node.viewerDidAuthor && node.body.startsWith('<!-- greenroom:'),
    author: accountOf(node.author),
    editor: accountOf(node.editor),
    createdAt,
    isAnswered: (node.reactionGroups ?? []).some((group) => group.viewerHasReacted && ANSWERS.has(group.content)),
  };
}

function accountOf(node: ActorNode | null): Account | null {
  return node === null ? null : { login: node.login, isBot: node.__typename !== 'User' };
}

/** Whether it may ask for something that was not done yet; in doubt, yes. */
export function isWaiting({ body, isAnswered, isOurs }: PullComment): boolean {
  return isOurs ? /^- \[[xX]\]/m.test(body) : !isAnswered && /^\/preview/m.test(body);
}

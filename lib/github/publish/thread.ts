import { parseTime } from '../../core/clock.ts';
import { GreenroomError } from '../../core/errors.ts';
import { namesOf } from '../../core/repository.ts';
import type { Account, PullComment, PullRequest } from '../../forge/forge.ts';
import type { GitHubClient } from '../http/client.ts';
import { type Page, pagesOf } from '../http/pages.ts';

const COMMENT_FIELDS = `pageInfo { hasNextPage endCursor }
  nodes {
    id fullDatabaseId body createdAt updatedAt viewerDidAuthor viewerCanUpdate
    author { __typename login } editor { __typename login }
    reactionGroups { content viewerHasReacted }
  }`;

/** Fields that fetch the thread together with the pull request. */
export const THREAD_FIELDS = `id thread: comments(first: 100) { ${COMMENT_FIELDS} }`;

const LIST = `query ListComments($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    databaseId
    pullRequest(number: $number) {
      id comments(first: 100, after: $after) { ${COMMENT_FIELDS} }
    }
  }
}`;

interface ActorNode {
  readonly __typename: string;
  readonly login: string;
}

interface CommentNode {
  readonly id: string;
  /** 64 bits, as a string; `databaseId` has only 32. */
  readonly fullDatabaseId: string | null;
  readonly body: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly viewerDidAuthor: boolean;
  readonly viewerCanUpdate: boolean;
  readonly author: ActorNode | null;
  readonly editor: ActorNode | null;
  readonly reactionGroups: readonly { readonly content: string; readonly viewerHasReacted: boolean }[] | null;
}

interface CommentsPage extends Page {
  readonly nodes: readonly (CommentNode | null)[] | null;
}

interface PullCommentsNode {
  readonly id: string;
  readonly comments: CommentsPage;
}

export interface ThreadNode {
  readonly id: string;
  readonly thread?: CommentsPage | null;
}

interface ListAnswer {
  readonly repository: { readonly databaseId: number | null; readonly pullRequest: PullCommentsNode | null } | null;
}

export interface ThreadComment extends PullComment {
  /** GraphQL's id. */
  readonly nodeId: string;
  /** Whether another account wrote it with our marker and we can edit it: see {@link takenOver}. */
  readonly isForeign: boolean;
}

/** All comments of a pull request. */
export interface Thread {
  /** GraphQL's id of the pull request. */
  readonly subject: string;
  readonly comments: readonly ThreadComment[];
}

/** @throws GreenroomError `unreachable` also if another repository has the name now */
export async function readThread(client: GitHubClient, pull: PullRequest): Promise<Thread> {
  const comments: ThreadComment[] = [];
  let subject = '';
  const ask = (after: string | null) => readPage(client, pull, after);
  for await (const { id, nodes } of pagesOf('comments', ask)) {
    subject = id;
    comments.push(...commentsOf(nodes));
  }
  return { subject, comments };
}

/**
 * Counts comments of our earlier account as ours, after a change from a token to an App or back. Anyone can copy the
 * marker, so the author must be a bot or somebody with write access. If we wrote one ourselves, the others are copies.
 */
export async function takenOver(thread: Thread, mayWrite: (login: string) => Promise<boolean>): Promise<Thread> {
  if (!thread.comments.some(({ isForeign }) => isForeign)) return thread;
  const answers = new Map<string, Promise<boolean>>();
  const isTrusted = ({ author }: ThreadComment): boolean | Promise<boolean> => {
    if (author === null || author.isBot) return author !== null;
    const answer = answers.get(author.login) ?? mayWrite(author.login);
    answers.set(author.login, answer);
    return answer;
  };
  const kindOf = ({ body }: ThreadComment) => body.split('\n', 1)[0];
  const own = new Set(thread.comments.filter(({ isOurs }) => isOurs).map(kindOf));
  const comments = thread.comments.map(async (comment) =>
    comment.isForeign && !own.has(kindOf(comment)) ? { ...comment, isOurs: await isTrusted(comment) } : comment,
  );
  return { ...thread, comments: await Promise.all(comments) };
}

/** The prefetched thread; undefined if it has more than one page. */
export function prefetchedThread({ id, thread }: ThreadNode): Thread | undefined {
  return thread && !thread.pageInfo.hasNextPage ? { subject: id, comments: commentsOf(thread.nodes) } : undefined;
}

function commentsOf(nodes: CommentsPage['nodes']): ThreadComment[] {
  return (nodes ?? []).flatMap((node) => (node === null ? [] : (commentOf(node) ?? [])));
}

async function readPage(client: GitHubClient, pull: PullRequest, after: string | null) {
  const { owner, name } = namesOf(pull.repository);
  const { id, path } = pull.repository;
  const { data, errors } = await client.query<ListAnswer>(LIST, { owner, name, number: pull.number, after });
  const found = data?.repository?.pullRequest;
  if (found && data?.repository?.databaseId === id && errors.length === 0) return { id: found.id, ...found.comments };
  const reason = errors[0]?.message ?? 'it is not where it was';
  throw new GreenroomError('unreachable', `comments of ${path}#${pull.number}: ${reason}`);
}

/** Reactions that are answers; a person who uses our account may have added others. */
const ANSWERS = new Set(['THUMBS_UP', 'THUMBS_DOWN', 'CONFUSED']);

function commentOf(node: CommentNode): ThreadComment | null {
  const createdAt = parseTime(node.createdAt);
  const updatedAt = parseTime(node.updatedAt);
  const id = Number(node.fullDatabaseId ?? Number.NaN);
  const isMarked = node.body.startsWith('<!-- greenroom:');
  if (!Number.isSafeInteger(id) || createdAt === undefined) return null;
  return {
    id,
    nodeId: node.id,
    body: node.body,
    // Both are needed: anyone can copy a marker, and a person may write comments with our account.
    isOurs: node.viewerDidAuthor && isMarked,
    isForeign: !node.viewerDidAuthor && isMarked && node.viewerCanUpdate,
    author: accountOf(node.author),
    editor: accountOf(node.editor),
    createdAt,
    ...(updatedAt === undefined ? {} : { updatedAt }),
    isAnswered: (node.reactionGroups ?? []).some((group) => group.viewerHasReacted && ANSWERS.has(group.content)),
  };
}

function accountOf(node: ActorNode | null): Account | null {
  return node === null ? null : { login: node.login, isBot: node.__typename !== 'User' };
}

/** Whether it may contain a command that was not carried out yet; in doubt, yes. */
export function isWaiting({ body, isAnswered, isOurs }: PullComment): boolean {
  return isOurs ? /^- \[[xX]\]/m.test(body) : !isAnswered && /^\/preview/im.test(body);
}

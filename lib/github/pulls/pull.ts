import { parseTime } from '../../core/clock.ts';
import type { PullRequest } from '../../forge/forge.ts';
import { PREVIEW_FILE } from '../../model/layout.ts';
import { OVERRIDE_FIELDS, type OverrideNode, overrideOf } from './override.ts';
import type { PreviewEntry } from './preview-files.ts';

/** Fields of a GraphQL PullRequest that {@link pullOf} needs. */
export const PULL_FIELDS = `number title state isDraft createdAt updatedAt closedAt headRefName headRefOid baseRefName
  author { __typename login } headRepository { databaseId }
  labels(first: 100) { totalCount nodes { name } }
  commits(last: 1) { nodes { commit { oid committedDate ${OVERRIDE_FIELDS}
    associatedPullRequests(first: 50) { nodes { number state headRefOid baseRepository { databaseId } } } } } }`;

/** The fields of a listing: it fetches more, so that a sweep need not query each pull request. */
export const LISTED_FIELDS = `${PULL_FIELDS}
  comments(first: 100) { totalCount nodes { id updatedAt } }
  preview: commits(last: 1) {
    nodes { commit { oid file(path: ${JSON.stringify(PREVIEW_FILE)}) { mode oid object { ... on Blob { byteSize } } } } }
  }`;

/** Fields that fetch the preview file together with its pull request. */
export const PREVIEW_FIELDS = `preview: commits(last: 1) {
    nodes { commit { oid file(path: ${JSON.stringify(PREVIEW_FILE)}) { mode oid object { ... on Blob { byteSize text } } } } }
  }`;

export const REPOSITORY_FIELDS = 'databaseId name isPrivate owner { login }';

export interface RepositoryNode {
  readonly databaseId: number | null;
  readonly name: string;
  readonly isPrivate?: boolean;
  readonly owner: { readonly login: string };
}

export interface PullNode {
  readonly number: number;
  readonly title: string;
  readonly state: 'OPEN' | 'CLOSED' | 'MERGED';
  readonly isDraft: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly closedAt: string | null;
  readonly headRefName: string;
  readonly headRefOid: string;
  readonly baseRefName: string;
  readonly author: { readonly __typename: string; readonly login: string } | null;
  readonly headRepository: { readonly databaseId: number | null } | null;
  readonly labels: {
    readonly totalCount: number;
    readonly nodes: readonly ({ readonly name: string } | null)[];
  } | null;
  readonly commits: { readonly nodes: readonly ({ readonly commit: HeadCommitNode } | null)[] | null };
}

export interface ListedNode extends PullNode, WithPreview {
  readonly comments: {
    readonly totalCount: number;
    readonly nodes: readonly ({ readonly id: string; readonly updatedAt: string } | null)[] | null;
  } | null;
}

export interface WithPreview {
  readonly headRefOid: string;
  readonly preview: {
    readonly nodes:
      | readonly ({ readonly commit: { readonly oid: string; readonly file?: FileNode | null } } | null)[]
      | null;
  } | null;
}

interface FileNode {
  readonly mode: number;
  readonly oid: string;
  readonly object: { readonly byteSize?: number; readonly text?: string | null } | null;
}

interface HeadCommitNode {
  readonly oid: string;
  readonly committedDate: string;
  readonly status: OverrideNode | null;
  readonly associatedPullRequests?: { readonly nodes: readonly (AssociatedNode | null)[] | null } | null;
}

interface AssociatedNode {
  readonly number: number;
  readonly state: PullNode['state'];
  readonly headRefOid: string;
  readonly baseRepository: { readonly databaseId: number | null } | null;
}

/** A pull request from GraphQL, or null if the answer is incomplete. */
export function pullOf(repository: RepositoryNode, node: PullNode): PullRequest | null {
  const [createdAt, updatedAt] = [parseTime(node.createdAt), parseTime(node.updatedAt)];
  const closedAt = node.closedAt === null ? null : parseTime(node.closedAt);
  const isKnownState = node.state === 'OPEN' || node.state === 'CLOSED' || node.state === 'MERGED';
  if (repository.databaseId === null || createdAt === undefined || updatedAt === undefined || !isKnownState)
    return null;
  if ((node.labels?.totalCount ?? 0) > (node.labels?.nodes.length ?? 0)) return null;
  const head = node.commits.nodes?.find((entry) => entry?.commit.oid === node.headRefOid)?.commit;
  return {
    repository: { id: repository.databaseId, path: `${repository.owner.login}/${repository.name}` },
    number: node.number,
    ...(repository.isPrivate === true ? { isPrivate: true } : {}),
    state: node.state === 'OPEN' ? 'open' : 'closed',
    merged: node.state === 'MERGED',
    draft: node.isDraft,
    labels: (node.labels?.nodes ?? []).flatMap((label) => label?.name ?? []),
    head: {
      sha: node.headRefOid,
      ref: node.headRefName,
      repositoryId: node.headRepository?.databaseId ?? null,
      committedAt: head === undefined ? null : (parseTime(head.committedDate) ?? null),
    },
    // GitHub shows deleted accounts under this name.
    author: node.author?.login ?? 'ghost',
    isByBot: node.author?.__typename === 'Bot',
    base: node.baseRefName,
    title: node.title,
    createdAt,
    updatedAt,
    closedAt: node.state === 'OPEN' ? null : (closedAt ?? updatedAt),
    override: overrideOf(head?.status ?? null, node.number),
  };
}

/** The statuses of the head commit, one for each context. */
export function statusesOf({ commits, headRefOid }: PullNode): OverrideNode['contexts'] {
  return commits.nodes?.find((entry) => entry?.commit.oid === headRefOid)?.commit.status?.contexts ?? [];
}

/**
 * Numbers of the repository's open pull requests that have this head commit. GitHub also lists pull requests that only
 * contain the commit; they are left out.
 *
 * @param repositoryId the repository that they belong to
 */
export function openAtHead(node: PullNode, repositoryId: number): readonly number[] {
  const commit = node.commits.nodes?.find((entry) => entry?.commit.oid === node.headRefOid)?.commit;
  return (commit?.associatedPullRequests?.nodes ?? []).flatMap((pull) =>
    pull?.state === 'OPEN' && pull.headRefOid === node.headRefOid && pull.baseRepository?.databaseId === repositoryId
      ? pull.number
      : [],
  );
}

/** A text that changes whenever a comment is written, edited or removed; undefined if not all comments were fetched. */
export function threadOf({ comments }: ListedNode): string | undefined {
  const nodes = comments?.nodes;
  if (!comments || !nodes || nodes.length !== comments.totalCount) return undefined;
  return nodes.map((node) => `${node?.id} ${node?.updatedAt}`).join('\n');
}

function fileOf({ preview, headRefOid }: WithPreview): FileNode | null | undefined {
  return preview?.nodes?.find((node) => node?.commit.oid === headRefOid)?.commit.file;
}

/** The text of the preview file, if it was fetched. */
export function previewTextOf(node: WithPreview): string | undefined {
  return fileOf(node)?.object?.text ?? undefined;
}

/** Null if there is no file; undefined if it was not fetched. */
export function previewEntryOf(node: WithPreview): PreviewEntry | undefined {
  const file = fileOf(node);
  if (file === undefined || file === null) return file;
  return { oid: file.oid, mode: file.mode, size: file.object?.byteSize ?? Number.POSITIVE_INFINITY };
}

import { formatTime, parseTime } from '../../core/clock.ts';
import { GreenroomError } from '../../core/errors.ts';
import { namesOf, type RepositoryRef } from '../../core/repository.ts';
import type { RecentCommit, StatedCommit } from '../../gitops/apps-repo.ts';
import type { GraphQLError } from '../http/answer.ts';
import type { GitHubClient } from '../http/client.ts';
import { withAdvice } from '../http/refusals.ts';

const HEAD = `query ReadHead($owner: String!, $name: String!, $ref: String!) {
  repository(owner: $owner, name: $name) { isEmpty ref(qualifiedName: $ref) { target { oid } } }
}`;

const HISTORY = `query ReadHistory($owner: String!, $name: String!, $ref: String!, $since: GitTimestamp!) {
  repository(owner: $owner, name: $name) {
    ref(qualifiedName: $ref) { target { ... on Commit { history(first: 100, since: $since) { nodes { oid message } } } } }
  }
}`;

const STATUSES = `query ReadCommitStatuses($owner: String!, $name: String!, $ref: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    ref(qualifiedName: $ref) { target { ... on Commit { history(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { oid committedDate status { contexts { context state description createdAt } } }
    } } } }
  }
}`;

const MOVE = `mutation MoveBranch($input: UpdateRefsInput!) {
  updateRefs(input: $input) { clientMutationId }
}`;

interface HeadAnswer {
  readonly repository: {
    readonly isEmpty: boolean;
    readonly ref: { readonly target: { readonly oid: string } | null } | null;
  } | null;
}

interface HistoryAnswer {
  readonly repository: {
    readonly ref: {
      readonly target: { readonly history?: { readonly nodes: readonly (RecentCommit | null)[] | null } } | null;
    } | null;
  } | null;
}

interface StatusNode {
  readonly oid: string;
  readonly committedDate: string;
  readonly status: { readonly contexts: readonly StatusContext[] } | null;
}

interface StatusContext {
  readonly context: string;
  readonly state: string;
  readonly description: string | null;
  readonly createdAt: string;
}

interface StatusPage {
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly nodes: readonly (StatusNode | null)[] | null;
}

interface StatusesAnswer {
  readonly repository: {
    readonly ref: { readonly target: { readonly history?: StatusPage } | null } | null;
  } | null;
}

/** Null if the branch was moved; otherwise the reason why not. */
export type MoveRefusal = { readonly reason: string } | null;

/** A branch of a repository on GitHub: its head, its history, and moving it. */
export class Branch {
  readonly #client: GitHubClient;
  readonly #repository: RepositoryRef;
  readonly #description: string;
  /** Whether the server has `updateRefs`, which is in the public schema since April 2024. */
  #hasUpdateRefs = true;

  constructor(client: GitHubClient, repository: RepositoryRef, description: string) {
    this.#client = client;
    this.#repository = repository;
    this.#description = description;
  }

  async head(branch: string): Promise<{ head: string | null; isEmpty: boolean }> {
    const { owner, name } = namesOf(this.#repository);
    const variables = { owner, name, ref: `refs/heads/${branch}` };
    const { data, errors } = await this.#client.query<HeadAnswer>(HEAD, variables);
    if (!data?.repository) {
      const reason = errors[0]?.message ?? 'no answer';
      throw new GreenroomError('unreachable', `${this.#description} cannot be read: ${reason}`);
    }
    return { head: data.repository.ref?.target?.oid ?? null, isEmpty: data.repository.isEmpty };
  }

  /** Whether the branch is at exactly this commit. */
  async isAt(branch: string, oid: string): Promise<boolean> {
    return (await this.head(branch)).head === oid;
  }

  /** @param since unix seconds */
  async history(branch: string, since: number): Promise<readonly RecentCommit[]> {
    const { owner, name } = namesOf(this.#repository);
    const variables = { owner, name, ref: `refs/heads/${branch}`, since: formatTime(since) };
    const { data, errors } = await this.#client.query<HistoryAnswer>(HISTORY, variables);
    if (!data?.repository || errors.length > 0) {
      throw new GreenroomError('unreachable', `${this.#description} cannot be read: ${reasons(errors)}`);
    }
    return (data.repository.ref?.target?.history?.nodes ?? []).filter((node) => node !== null);
  }

  /**
   * The latest hundred commits with their statuses, newest first, and one more page if all of these are newer than a time.
   *
   * @param since unix seconds
   */
  async statuses(branch: string, since: number): Promise<readonly StatedCommit[]> {
    const first = await this.#statusPage(branch, null);
    const { hasNextPage = false, endCursor = null } = first?.pageInfo ?? {};
    const commits = statedOf(first);
    const isCut = hasNextPage && commits.every(({ committedAt }) => committedAt > since);
    return isCut ? [...commits, ...statedOf(await this.#statusPage(branch, endCursor))] : commits;
  }

  async #statusPage(branch: string, after: string | null): Promise<StatusPage | undefined> {
    const { owner, name } = namesOf(this.#repository);
    const variables = { owner, name, ref: `refs/heads/${branch}`, after };
    const { data, errors } = await this.#client.query<StatusesAnswer>(STATUSES, variables);
    if (!data?.repository || errors.length > 0) {
      throw new GreenroomError('unreachable', `statuses of ${this.#description} cannot be read: ${reasons(errors)}`);
    }
    return data.repository.ref?.target?.history;
  }

  /**
   * Moves the branch from exactly `expected` to `next`.
   *
   * Servers without `updateRefs` only offer a fast-forward, so the branch is read right before. The race that remains is
   * described in docs/decisions/0201.
   *
   * @param repositoryId the repository's node id
   * @throws Outdated if it had to wait, and the branch was moved meanwhile
   */
  async compareAndSwap(repositoryId: string, branch: string, expected: string, next: string): Promise<MoveRefusal> {
    const name = `refs/heads/${branch}`;
    if (this.#hasUpdateRefs) {
      const input = { repositoryId, refUpdates: [{ name, beforeOid: expected, afterOid: next }] };
      const { data, errors } = await this.#client.mutate<{ updateRefs: object | null }>(MOVE, { input }, () =>
        this.isAt(branch, expected),
      );
      if (data?.updateRefs && errors.length === 0) return null;
      this.#hasUpdateRefs = !lacks(errors, 'updateRefs', 'UpdateRefsInput');
      if (this.#hasUpdateRefs) return { reason: reasons(errors) };
    }
    if ((await this.head(branch)).head !== expected) return { reason: `${branch} moved` };
    const { owner, name: repo } = namesOf(this.#repository);
    const { status, data } = await this.#client.rest<{ message?: string }>(
      'PATCH /repos/{owner}/{repo}/git/refs/{ref}',
      { owner, repo, ref: `heads/${branch}`, sha: next, force: false },
      [409, 422],
    );
    return status >= 400 ? { reason: withAdvice(data.message ?? `status ${status}`) } : null;
  }
}

function statedOf(page: StatusPage | undefined): StatedCommit[] {
  return (page?.nodes ?? []).flatMap((node) => {
    if (node === null) return [];
    const statuses = (node.status?.contexts ?? []).map(({ context, state, description, createdAt }) => ({
      ...{ context, description: description ?? '' },
      isFailure: state === 'FAILURE' || state === 'ERROR',
      createdAt: parseTime(createdAt) ?? 0,
    }));
    return [{ oid: node.oid, committedAt: parseTime(node.committedDate) ?? 0, statuses }];
  });
}

/** Whether the server's schema lacks a mutation: the error names the field, its input type, or both. */
export function lacks(errors: readonly GraphQLError[], field: string, input: string): boolean {
  return errors.some(
    ({ message }) => message.includes(`'${field}' doesn't exist`) || message.startsWith(`${input} isn't a defined`),
  );
}

export function reasons(errors: readonly GraphQLError[]): string {
  return errors.map(({ message }) => message).join('; ') || 'no reason given';
}

import { GreenroomError } from '../../core/errors.ts';
import { namesOf, type RepositoryRef } from '../../core/repository.ts';
import type { PullRequest, RepositoryPulls } from '../../forge/forge.ts';
import type { GitHubClient, GraphQLAnswer } from '../http/client.ts';
import type { PreviewHead } from './preview-files.ts';
import {
  LISTED_FIELDS,
  type ListedNode,
  previewEntryOf,
  pullOf,
  REPOSITORY_FIELDS,
  type RepositoryNode,
  threadOf,
} from './pull.ts';

const PULLS = `query ListPulls($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    ${REPOSITORY_FIELDS}
    pullRequests(states: [OPEN], first: 50, after: $after, orderBy: { field: CREATED_AT, direction: ASC }) {
      totalCount pageInfo { hasNextPage endCursor } nodes { ${LISTED_FIELDS} }
    }
  }
}`;

const REPOSITORIES = `query ListRepositories($owner: String!, $after: String) {
  repositoryOwner(login: $owner) {
    repositories(first: 100, after: $after, ownerAffiliations: [OWNER], orderBy: { field: NAME, direction: ASC }) {
      totalCount pageInfo { hasNextPage endCursor } nodes { name pullRequests(states: [OPEN]) { totalCount } }
    }
  }
}`;

interface Connection<T> {
  readonly totalCount: number;
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly nodes: readonly (T | null)[] | null;
}

export interface ListedRepository {
  readonly name: string;
  readonly pullRequests: { readonly totalCount: number };
}

interface PullsAnswer {
  readonly repository: (RepositoryNode & { readonly pullRequests: Connection<ListedNode> }) | null;
}

interface PullsPage {
  readonly page: Connection<ListedNode>;
  readonly pulls: readonly PullRequest[];
  readonly heads: readonly PreviewHead[];
}

interface RepositoriesAnswer {
  readonly repositoryOwner: {
    readonly repositories: Connection<ListedRepository>;
  } | null;
}

export interface ListingOptions {
  /** Called with the heads of each page, before the next is asked for. */
  readonly onHeads: (repository: RepositoryRef, heads: readonly PreviewHead[]) => Promise<void>;
  /** @param thread changes whenever a comment is written, edited or removed */
  readonly onThread: (pull: PullRequest, thread: string) => void;
}

/** What is open, a page at a time; only a list that came to its end is complete. */
export class Listing {
  readonly #client: GitHubClient;
  readonly #options: ListingOptions;

  constructor(client: GitHubClient, options: ListingOptions) {
    this.#client = client;
    this.#options = options;
  }

  /**
   * The owner's repositories.
   *
   * @throws GreenroomError `unreachable` when the list is cut short
   */
  async *repositories(owner: string): AsyncGenerator<ListedRepository> {
    let seen = 0;
    for (let after: string | null = null; ; ) {
      const answer: GraphQLAnswer<RepositoriesAnswer> = await this.#client
        .for(owner)
        .query(REPOSITORIES, { owner, after });
      const { data, errors } = answer;
      const page = data?.repositoryOwner?.repositories;
      const nodes = page?.nodes?.filter((node) => node !== null) ?? [];
      seen += nodes.length;
      const ends = page !== undefined && !page.pageInfo.hasNextPage;
      if (
        page === undefined ||
        errors.length > 0 ||
        (ends ? seen < page.totalCount : page.pageInfo.endCursor === null)
      ) {
        const reason = errors[0]?.message ?? (page === undefined ? 'no such owner' : 'a page is missing');
        throw new GreenroomError('unreachable', `${this.#client.description}, repositories of ${owner}: ${reason}`);
      }
      yield* nodes;
      if (ends) return;
      after = page.pageInfo.endCursor;
    }
  }

  /** A failure is part of the answer: what came until then is no complete list. */
  async openPulls(repository: RepositoryRef): Promise<RepositoryPulls> {
    const pulls: PullRequest[] = [];
    const incomplete = (reason: string): RepositoryPulls => ({ repository, pulls, complete: false, reason });
    for (let after: string | null = null; ; ) {
      let answer: PullsPage | string;
      try {
        answer = await this.#pullsPage(repository, after);
      } catch (error) {
        if (error instanceof GreenroomError) return incomplete(error.message);
        throw error;
      }
      if (typeof answer === 'string') return incomplete(answer);
      pulls.push(...answer.pulls);
      await this.#options.onHeads(repository, answer.heads);
      const { hasNextPage, endCursor } = answer.page.pageInfo;
      if (!hasNextPage) {
        return pulls.length < answer.page.totalCount
          ? incomplete(`${answer.page.totalCount} pull requests are open, ${pulls.length} came`)
          : { repository, pulls, complete: true };
      }
      if (endCursor === null) return incomplete('a page is missing');
      after = endCursor;
    }
  }

  /** A page, or why there is none. */
  async #pullsPage(repository: RepositoryRef, after: string | null): Promise<PullsPage | string> {
    const { owner, name } = namesOf(repository);
    const { data, errors } = await this.#client.for(owner).query<PullsAnswer>(PULLS, { owner, name, after });
    const found = data?.repository;
    if (!found || errors.length > 0) return errors[0]?.message ?? 'the answer is empty';
    const pulls: PullRequest[] = [];
    const heads: PreviewHead[] = [];
    for (const node of found.pullRequests.nodes ?? []) {
      const pull = node === null ? null : pullOf(found, node);
      if (node === null || pull === null) continue;
      pulls.push(pull);
      const [thread, entry] = [threadOf(node), previewEntryOf(node)];
      if (thread !== undefined) this.#options.onThread(pull, thread);
      if (entry !== undefined) heads.push({ sha: pull.head.sha, entry });
    }
    return { page: found.pullRequests, pulls, heads };
  }
}

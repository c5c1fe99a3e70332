import { GreenroomError } from '../../core/errors.ts';
import { namesOf, type RepositoryRef } from '../../core/repository.ts';
import type { PullRequest, RepositoryPulls } from '../../forge/forge.ts';
import type { GitHubClient } from '../http/client.ts';
import { pagesOf } from '../http/pages.ts';
import type { PreviewHead } from './preview-files.ts';
import {
  LISTED_FIELDS,
  type ListedNode,
  previewEntryOf,
  pullOf,
  REPOSITORY_FIELDS,
  type RepositoryNode,
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

interface PullsPage extends Connection<ListedNode> {
  readonly pulls: readonly PullRequest[];
  readonly heads: readonly PreviewHead[];
  /** Whether a pull request could not be parsed. The total count may not show that, as it can change between pages. */
  readonly isCut: boolean;
}

interface RepositoriesAnswer {
  readonly repositoryOwner: {
    readonly repositories: Connection<ListedRepository>;
  } | null;
}

export interface ListingOptions {
  /** Called with the heads of each page, before the next page is fetched. */
  readonly onHeads: (repository: RepositoryRef, heads: readonly PreviewHead[]) => Promise<void>;
  readonly onPull: (pull: PullRequest, node: ListedNode) => void;
}

/** Lists repositories and open pull requests page by page. Only a list that was read to its end is complete. */
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
   * @throws GreenroomError `unreachable` if the list is incomplete
   */
  async *repositories(owner: string): AsyncGenerator<ListedRepository> {
    const what = `${this.#client.description}, repositories of ${owner}`;
    const ask = async (after: string | null) => {
      const { data, errors } = await this.#client.for(owner).query<RepositoriesAnswer>(REPOSITORIES, { owner, after });
      const page = data?.repositoryOwner?.repositories;
      if (page !== undefined && errors.length === 0) return page;
      throw new GreenroomError('unreachable', `${what}: ${errors[0]?.message ?? 'no such owner'}`);
    };
    const seen = new Set<string>();
    let total = 0;
    let isCut = false;
    for await (const { nodes, totalCount } of pagesOf(what, ask)) {
      isCut ||= nodes === null || nodes.includes(null);
      total = totalCount;
      for (const node of nodes ?? []) {
        if (node === null || seen.has(node.name)) continue;
        seen.add(node.name);
        yield node;
      }
    }
    if (isCut || seen.size < total)
      throw new GreenroomError('unreachable', `${what}: ${total} exist, ${seen.size} could be read`);
  }

  /** A failure is part of the answer: the list is then incomplete. */
  async openPulls(repository: RepositoryRef): Promise<RepositoryPulls> {
    // The list may change between two pages, so a pull request may come twice: the later one is newer.
    const found = new Map<number, PullRequest>();
    let total = 0;
    let isCut = false;
    try {
      const pages = pagesOf('open pull requests', (after) => this.#pullsPage(repository, after));
      for await (const page of pages) {
        for (const pull of page.pulls) found.set(pull.number, pull);
        total = page.totalCount;
        isCut ||= page.isCut;
        await this.#options.onHeads(repository, page.heads);
      }
    } catch (error) {
      if (!(error instanceof GreenroomError)) throw error;
      return { repository, pulls: [...found.values()], complete: false, reason: error.message };
    }
    const pulls = [...found.values()];
    const reason = `${total} pull requests are open, ${pulls.length} could be read`;
    return isCut || pulls.length < total
      ? { repository, pulls, complete: false, reason }
      : { repository, pulls, complete: true };
  }

  async #pullsPage(repository: RepositoryRef, after: string | null): Promise<PullsPage> {
    const { owner, name } = namesOf(repository);
    const { data, errors } = await this.#client.for(owner).query<PullsAnswer>(PULLS, { owner, name, after });
    const found = data?.repository;
    if (!found || errors.length > 0) {
      throw new GreenroomError('unreachable', errors[0]?.message ?? 'the answer is empty');
    }
    const pulls: PullRequest[] = [];
    const heads: PreviewHead[] = [];
    let isCut = found.pullRequests.nodes === null;
    for (const node of found.pullRequests.nodes ?? []) {
      const pull = node === null ? null : pullOf(found, node);
      if (node === null || pull === null) {
        isCut = true;
        continue;
      }
      pulls.push(pull);
      this.#options.onPull(pull, node);
      const entry = previewEntryOf(node);
      if (entry !== undefined) heads.push({ sha: pull.head.sha, entry });
    }
    return { ...found.pullRequests, pulls, heads, isCut };
  }
}

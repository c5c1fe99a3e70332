import { GreenroomError } from '../../core/errors.ts';
import { namesOf } from '../../core/repository.ts';
import type { PullRequest, Suggestion } from '../../forge/forge.ts';
import type { GitHubClient } from '../http/client.ts';
import { pagesOf } from '../http/pages.ts';
import { hunksOf, isInDiff } from './diff-lines.ts';

const LIST = `query ListReviewThreads($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    databaseId
    pullRequest(number: $number) {
      reviewThreads(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor } nodes { comments(first: 1) { nodes { body viewerDidAuthor } } }
      }
    }
  }
}`;

interface ReviewThreadNode {
  readonly comments: {
    readonly nodes: readonly ({ readonly body: string; readonly viewerDidAuthor: boolean } | null)[] | null;
  };
}

interface Threads {
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly nodes: readonly (ReviewThreadNode | null)[] | null;
}

interface ListAnswer {
  readonly repository: {
    readonly databaseId: number | null;
    readonly pullRequest: { readonly reviewThreads: Threads } | null;
  } | null;
}

interface FileEntry {
  readonly filename?: unknown;
  readonly patch?: unknown;
}

/** Nobody reads more suggestions than this. */
const MAX_SUGGESTIONS = 10;
const FILES_A_PAGE = 100;
/** GitHub lists at most 3,000 files. */
const MAX_PAGES = 30;

/**
 * Writes review comments with a suggested change, each once: a resolved or outdated one is not written again. GitHub
 * accepts them only on lines of the diff; for other lines the preview comment has a link.
 */
export async function publishSuggestions(
  client: GitHubClient,
  pull: PullRequest,
  suggestions: readonly Suggestion[],
): Promise<void> {
  if (suggestions.length === 0) return;
  const made = await ownRemarks(client, pull);
  const missing = suggestions.filter(({ marker }) => !made.some((body) => body.startsWith(marker)));
  if (missing.length === 0) return;
  const patches = await readPatches(client, pull, new Set(missing.map(({ path }) => path)));
  const placed = missing.filter(({ path, startLine, endLine }) => {
    return isInDiff(hunksOf(patches.get(path) ?? ''), startLine, endLine);
  });
  for (const suggestion of placed.slice(0, MAX_SUGGESTIONS)) await remark(client, pull, suggestion);
}

async function ownRemarks(client: GitHubClient, pull: PullRequest): Promise<string[]> {
  const { owner, name } = namesOf(pull.repository);
  const { id, path } = pull.repository;
  const ask = async (after: string | null): Promise<Threads> => {
    const { data, errors } = await client.query<ListAnswer>(LIST, { owner, name, number: pull.number, after });
    const threads = data?.repository?.pullRequest?.reviewThreads;
    if (threads !== undefined && data?.repository?.databaseId === id && errors.length === 0) return threads;
    const reason = errors[0]?.message ?? 'it is not where it was';
    throw new GreenroomError('unreachable', `remarks of ${path}#${pull.number}: ${reason}`);
  };
  const bodies: string[] = [];
  for await (const { nodes } of pagesOf('remarks', ask)) {
    const first = (nodes ?? []).flatMap((thread) => thread?.comments.nodes?.[0] ?? []);
    bodies.push(...first.filter(({ viewerDidAuthor }) => viewerDidAuthor).map(({ body }) => body));
  }
  return bodies;
}

/** The diffs of the wanted files; a large or binary file has none. */
async function readPatches(client: GitHubClient, pull: PullRequest, wanted: ReadonlySet<string>) {
  const { owner, name: repo } = namesOf(pull.repository);
  const patches = new Map<string, string>();
  for (let page = 1; page <= MAX_PAGES && patches.size < wanted.size; page++) {
    const route = 'GET /repos/{owner}/{repo}/pulls/{pull_number}/files';
    const parameters = { owner, repo, pull_number: pull.number, per_page: FILES_A_PAGE, page };
    const { data } = await client.rest<unknown>(route, parameters);
    if (!Array.isArray(data)) throw new GreenroomError('unreachable', 'the list of changed files is malformed');
    for (const entry of data as (FileEntry | null)[]) {
      const { filename, patch } = entry ?? {};
      if (typeof filename === 'string' && wanted.has(filename))
        patches.set(filename, typeof patch === 'string' ? patch : '');
    }
    if (data.length < FILES_A_PAGE) break;
  }
  return patches;
}

/** One request for each: in a review, one invalid line makes GitHub refuse all comments. */
async function remark(client: GitHubClient, pull: PullRequest, suggestion: Suggestion): Promise<void> {
  const { owner, name: repo } = namesOf(pull.repository);
  const { path, startLine, endLine, body } = suggestion;
  const start = startLine === endLine ? {} : { start_line: startLine, start_side: 'RIGHT' };
  // 422: the head moved since the diff was read; the next commit gets a new report.
  await client.rest(
    'POST /repos/{owner}/{repo}/pulls/{pull_number}/comments',
    {
      owner,
      repo,
      pull_number: pull.number,
      commit_id: pull.head.sha,
      path,
      side: 'RIGHT',
      line: endLine,
      ...start,
      body,
    },
    [422],
  );
}

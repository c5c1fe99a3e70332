import { GreenroomError } from '../core/errors.ts';
import { MODE } from '../core/git/objects.ts';
import { namesOf, type RepositoryRef } from '../core/repository.ts';
import {
  kindOf,
  type NewBranch,
  type NewPull,
  type WorkEntry,
  type WorkPull,
  type WorkRepository,
  type Workshop,
} from '../forge/workshop.ts';
import type { GitHubClient } from './http/client.ts';
import type { RestRoute } from './http/permissions.ts';

interface PullBody {
  readonly number: number;
  readonly html_url: string;
  readonly state: 'open' | 'closed';
  readonly merged_at?: string | null;
}

/** GitHub for `greenroom new`. It uses REST only, since not every personal token may use GraphQL mutations. */
export class GitHubWorkshop implements Workshop {
  readonly #client: GitHubClient;

  constructor(client: GitHubClient) {
    this.#client = client;
  }

  async repository(repository: RepositoryRef): Promise<WorkRepository | null> {
    const { status, data } = await this.#ask<{ id: number; full_name: string; default_branch: string }>(
      'GET /repos/{owner}/{repo}',
      repository,
      {},
      [404],
    );
    if (status === 404) return null;
    const head = await this.head(repository, data.default_branch);
    return { id: data.id, path: data.full_name, branch: data.default_branch, head };
  }

  async createRepository(repository: RepositoryRef, description: string): Promise<void> {
    const { owner, name } = namesOf(repository);
    const body = { name, description, private: true, auto_init: true };
    const client = this.#client.for(owner);
    const made = await client.rest('POST /orgs/{org}/repos', { org: owner, ...body }, [403, 404, 422]);
    // A person, not an organization.
    const { status } = made.status === 404 ? await client.rest('POST /user/repos', body, [403, 404, 422]) : made;
    if (status < 400) return;
    const why = status === 422 ? 'the name is taken or not allowed' : 'this token may not create repositories there';
    throw new GreenroomError(
      'failed',
      `${repository.path} cannot be created: ${why}. Ask an owner of ${owner} for an empty private repository of that name, and run this again: it continues from there`,
    );
  }

  async head(repository: RepositoryRef, branch: string): Promise<string | null> {
    const route = 'GET /repos/{owner}/{repo}/git/ref/{ref}';
    // 409: the repository has no commit.
    const answer = await this.#ask<{ object: { sha: string } }>(
      route,
      repository,
      { ref: `heads/${branch}` },
      [404, 409],
    );
    return answer.status >= 400 ? null : answer.data.object.sha;
  }

  async entries(repository: RepositoryRef, commit: string): Promise<ReadonlyMap<string, WorkEntry>> {
    const { data } = await this.#ask<{
      truncated?: boolean;
      tree: readonly { path: string; type: string; mode: string; sha: string }[];
    }>('GET /repos/{owner}/{repo}/git/trees/{tree_sha}', repository, { tree_sha: commit, recursive: '1' });
    if (data.truncated === true) {
      throw new GreenroomError(
        'failed',
        `${repository.path} has more files than GitHub lists; write preview.yaml with --preview-only`,
      );
    }
    const files = data.tree.filter(({ type }) => type === 'blob');
    return new Map(files.map(({ path, sha, mode }) => [path, { id: sha, kind: kindOf(mode) }]));
  }

  async text(repository: RepositoryRef, id: string): Promise<string | null> {
    const route = 'GET /repos/{owner}/{repo}/git/blobs/{file_sha}';
    const found = await this.#ask<{ content?: unknown; encoding?: unknown }>(
      route,
      repository,
      { file_sha: id },
      [404],
    );
    if (found.status === 404) return null;
    const { content, encoding } = found.data;
    if (encoding !== 'base64' || typeof content !== 'string') {
      throw new GreenroomError('unreachable', `${repository.path}: file ${id} came damaged`);
    }
    const text = Buffer.from(content, 'base64').toString('utf8');
    return text.includes('\uFFFD') ? null : text;
  }

  async createBranch(repository: RepositoryRef, newBranch: NewBranch): Promise<void> {
    const { branch, parent, change, executable, message } = newBranch;
    if (parent === null) {
      throw new GreenroomError(
        'failed',
        `${repository.path} has no commit yet: add a README on its page, and run this again`,
      );
    }
    const base = await this.#ask<{ tree: { sha: string } }>(
      'GET /repos/{owner}/{repo}/git/commits/{commit_sha}',
      repository,
      { commit_sha: parent },
    );
    const tree = [...change].map(([path, content]) => {
      const mode = executable?.has(path) ? MODE.executable : MODE.file;
      return { path, mode, type: 'blob', ...(content === null ? { sha: null } : { content }) };
    });
    const made = await this.#ask<{ sha: string }>('POST /repos/{owner}/{repo}/git/trees', repository, {
      base_tree: base.data.tree.sha,
      tree,
    });
    const commit = await this.#ask<{ sha: string }>('POST /repos/{owner}/{repo}/git/commits', repository, {
      message,
      tree: made.data.sha,
      parents: [parent],
    });
    await this.#ask('POST /repos/{owner}/{repo}/git/refs', repository, {
      ref: `refs/heads/${branch}`,
      sha: commit.data.sha,
    });
  }

  async pullOf(repository: RepositoryRef, branch: string): Promise<WorkPull | null> {
    const { owner } = namesOf(repository);
    const query = { head: `${owner}:${branch}`, state: 'all', sort: 'created', direction: 'desc', per_page: 1 };
    const { data } = await this.#ask<readonly PullBody[]>('GET /repos/{owner}/{repo}/pulls', repository, query);
    return data[0] === undefined ? null : workPullOf(data[0]);
  }

  async openPull(repository: RepositoryRef, { branch, base, title, body }: NewPull): Promise<WorkPull> {
    const pull = { head: branch, base, title, body };
    return workPullOf((await this.#ask<PullBody>('POST /repos/{owner}/{repo}/pulls', repository, pull)).data);
  }

  async label(repository: RepositoryRef, number: number, labels: readonly string[]): Promise<void> {
    const route = 'POST /repos/{owner}/{repo}/issues/{issue_number}/labels';
    await this.#ask(route, repository, { issue_number: number, labels });
  }

  #ask<T>(route: RestRoute, repository: RepositoryRef, parameters: object, accepted: readonly number[] = []) {
    const { owner, name: repo } = namesOf(repository);
    return this.#client.for(owner).rest<T>(route, { owner, repo, ...parameters }, accepted);
  }
}

function workPullOf({ number, html_url, state, merged_at }: PullBody): WorkPull {
  return { number, url: html_url, state: state === 'open' ? 'open' : merged_at ? 'merged' : 'closed' };
}

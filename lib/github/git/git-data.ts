import { GreenroomError } from '../../core/errors.ts';
import type { ChangeSet } from '../../core/fileset.ts';
import { decodeTree, MODE, nameToText } from '../../core/git/objects.ts';
import { namesOf, type RepositoryRef } from '../../core/repository.ts';
import { type EditedTree, editTree } from '../../gitops/edit.ts';
import type { TreeSource } from '../../gitops/walk.ts';
import type { GitHubClient } from '../http/client.ts';
import type { EffectiveChange } from './change.ts';
import { type Commit, formatOf } from './objects.ts';

/** Entries of one request: from about 200 on, answers do not come, or come as 422 for the time that they took. */
const PART = 150;

/** A tree and a commit made by Git's own objects over REST; no branch is moved. */
export class GitData {
  readonly #client: GitHubClient;
  readonly #target: { readonly owner: string; readonly repo: string };
  readonly #source: TreeSource;

  constructor(client: GitHubClient, repository: RepositoryRef, source: TreeSource) {
    this.#client = client;
    const { owner, name: repo } = namesOf(repository);
    this.#target = { owner, repo };
    this.#source = source;
  }

  /**
   * A commit on top of another one, with that change. The tree is computed here as well: what the server made has to be
   * the same, or nothing comes of it.
   */
  async commit(
    parent: Commit,
    { additions, deletions }: Pick<EffectiveChange, 'additions' | 'deletions'>,
    message: string,
  ): Promise<Commit> {
    const change: ChangeSet = new Map([
      ...deletions.map((path) => [path, null] as const),
      ...additions.map(([path, content]) => [path, content] as const),
    ]);
    const edited = await editTree(formatOf(parent.oid), this.#source, parent.tree, change);
    const made = (await this.#overlay(parent, change)) === edited.root || (await this.#build(parent, edited));
    if (!made) throw this.#differs();
    const { data } = await this.#client.rest<{ sha?: string; tree?: { sha?: string } }>(
      'POST /repos/{owner}/{repo}/git/commits',
      { ...this.#target, message, tree: edited.root, parents: [parent.oid] },
    );
    if (data.sha === undefined || data.tree?.sha !== edited.root) throw this.#differs();
    return { oid: data.sha, tree: edited.root };
  }

  /**
   * The change laid over the parent's tree, in parts that the server has time for. What is of another kind there, a
   * server may refuse.
   */
  async #overlay(parent: Commit, change: ChangeSet): Promise<string | undefined> {
    const written = [...change].flatMap(([path, content]) => (content === null ? [] : [`${path}/`]));
    const tree = [...change]
      // What lies below a file that is written goes with its folder.
      .filter(([path, content]) => content !== null || !written.some((folder) => path.startsWith(folder)))
      .map(([path, content]) => ({
        path,
        mode: MODE.file,
        type: 'blob',
        ...(content === null ? { sha: null } : { content }),
      }));
    let base: string | undefined = parent.tree;
    for (let i = 0; i < tree.length && base !== undefined; i += PART) {
      base = await this.#post({ base_tree: base, tree: tree.slice(i, i + PART) });
    }
    return base;
  }

  /** Every tree on the way by its entries, from the deepest to the root: no server has anything to decide there. */
  async #build({ oid: commit }: Commit, { objects, root }: EditedTree): Promise<boolean> {
    const format = formatOf(commit);
    for (const [oid, data] of objects) {
      if (!data.toString('latin1', 0, 5).startsWith('tree ')) continue;
      const entries = decodeTree(format, data.subarray(data.indexOf(0) + 1)).values();
      const tree = [...entries].map(({ mode, name, oid: sha }) => {
        const blob = objects.get(sha);
        const isNewFile = mode === MODE.file && blob !== undefined;
        return {
          path: nameToText(name),
          mode: mode.padStart(6, '0'),
          type: mode === MODE.folder ? 'tree' : mode === MODE.submodule ? 'commit' : 'blob',
          ...(isNewFile ? { content: blob.toString('utf8', blob.indexOf(0) + 1) } : { sha }),
        };
      });
      if ((await this.#post({ tree })) !== oid) return false;
      if (oid === root) return true;
    }
    return false;
  }

  async #post(body: object): Promise<string | undefined> {
    const { status, data } = await this.#client.rest<{ sha?: string }>(
      'POST /repos/{owner}/{repo}/git/trees',
      { ...this.#target, ...body },
      [422],
    );
    return status === 422 ? undefined : data.sha;
  }

  #differs(): GreenroomError {
    const { owner, repo } = this.#target;
    return new GreenroomError(
      'failed',
      `${owner}/${repo} on ${this.#client.description}: the new tree differs from the plan; nothing was changed`,
    );
  }
}

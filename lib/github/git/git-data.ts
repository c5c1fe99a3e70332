import { GreenroomError } from '../../core/errors.ts';
import type { ChangeSet } from '../../core/fileset.ts';
import { decodeTree, MODE, nameToText } from '../../core/git/objects.ts';
import { namesOf, type RepositoryRef } from '../../core/repository.ts';
import { type EditedTree, editTree } from '../../gitops/edit.ts';
import type { TreeSource } from '../../gitops/walk.ts';
import type { GitHubClient } from '../http/client.ts';
import type { EffectiveChange } from './change.ts';
import { type Commit, formatOf } from './objects.ts';

/** Entries in one request: with about 200 or more, GitHub times out, or answers 422. */
const PART = 150;
/** Limit of the set of written folders. */
const MAX_WRITTEN = 5000;

/** Creates a tree and a commit from Git objects over REST. It moves no branch. */
export class GitData {
  readonly #client: GitHubClient;
  readonly #target: { readonly owner: string; readonly repo: string };
  readonly #source: TreeSource;
  /** Ids of new folders that the server has already: a retry after a lost race refers to them. */
  readonly #written = new Set<string>();

  constructor(client: GitHubClient, repository: RepositoryRef, source: TreeSource) {
    this.#client = client;
    const { owner, name: repo } = namesOf(repository);
    this.#target = { owner, repo };
    this.#source = source;
  }

  /**
   * A commit on top of `parent` with that change. The tree is computed here as well, and the server's tree must be the
   * same.
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
    await this.#write(parent, change, edited);
    const { data } = await this.#client.rest<{ sha?: string; tree?: { sha?: string } }>(
      'POST /repos/{owner}/{repo}/git/commits',
      { ...this.#target, message, tree: edited.root, parents: [parent.oid] },
    );
    if (data.sha === undefined || data.tree?.sha !== edited.root) throw this.#differs();
    return { oid: data.sha, tree: edited.root };
  }

  async #write(parent: Commit, change: ChangeSet, edited: EditedTree): Promise<void> {
    const known = new Map([...edited.newFolders].filter(([, oid]) => this.#written.has(oid)));
    const isMade =
      // The server may have deleted objects that no commit refers to.
      (known.size > 0 && (await this.#overlay(parent, change, known)) === edited.root) ||
      (await this.#overlay(parent, change)) === edited.root ||
      (await this.#build(parent, edited));
    if (!isMade) throw this.#differs();
    if (this.#written.size > MAX_WRITTEN) this.#written.clear();
    for (const oid of edited.newFolders.values()) this.#written.add(oid);
  }

  /**
   * Applies the change to the parent's tree, in parts that the server can handle in time. A server may refuse to replace
   * an entry of another kind.
   *
   * @param known ids of folders by path, used instead of the files in them
   */
  async #overlay(
    parent: Commit,
    change: ChangeSet,
    known: ReadonlyMap<string, string> = new Map(),
  ): Promise<string | undefined> {
    const written = [...change].flatMap(([path, content]) => (content === null ? [] : [`${path}/`]));
    const isIn = (path: string, folders: Iterable<string>) => [...folders].some((folder) => path.startsWith(folder));
    const whole = [...known.keys()].map((path) => `${path}/`);
    const files = [...change]
      // Writing a file removes the folder it replaces, with all files in it.
      .filter(([path, content]) => !isIn(path, whole) && (content !== null || !isIn(path, written)))
      .map(([path, content]) => ({
        path,
        mode: MODE.file,
        type: 'blob',
        ...(content === null ? { sha: null } : { content }),
      }));
    const folders = [...known].map(([path, sha]) => ({ path, mode: MODE.folder.padStart(6, '0'), type: 'tree', sha }));
    const tree = [...files, ...folders];
    let base: string | undefined = parent.tree;
    for (let i = 0; i < tree.length && base !== undefined; i += PART) {
      base = await this.#post({ base_tree: base, tree: tree.slice(i, i + PART) });
    }
    return base;
  }

  /** Sends every changed tree in full, from the deepest to the root, so the server has nothing to merge. */
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

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
/** Folders that are remembered as written, at most. */
const MAX_WRITTEN = 5000;

/** A tree and a commit made by Git's own objects over REST; no branch is moved. */
export class GitData {
  readonly #client: GitHubClient;
  readonly #target: { readonly owner: string; readonly repo: string };
  readonly #source: TreeSource;
  /** Ids of new folders that the server has: a commit that lost its race names them when it is made again. */
  readonly #written = new Set<string>();

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
      // A server may have forgotten what no commit holds.
      (known.size > 0 && (await this.#overlay(parent, change, known)) === edited.root) ||
      (await this.#overlay(parent, change)) === edited.root ||
      (await this.#build(parent, edited));
    if (!isMade) throw this.#differs();
    if (this.#written.size > MAX_WRITTEN) this.#written.clear();
    for (const oid of edited.newFolders.values()) this.#written.add(oid);
  }

  /**
   * The change laid over the parent's tree, in parts that the server has time for. What is of another kind there, a
   * server may refuse.
   *
   * @param known ids of folders, by path, that stand for the files in them
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
      // What lies below a file that is written goes with its folder.
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

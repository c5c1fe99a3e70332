import { GreenroomError } from '../../core/errors.ts';
import type { ChangeSet } from '../../core/fileset.ts';
import { decodeTree, MODE, nameToText } from '../../core/git/objects.ts';
import { namesOf, type RepositoryRef } from '../../core/repository.ts';
import { type EditedTree, editTree } from '../../gitops/edit.ts';
import type { TreeSource } from '../../gitops/walk.ts';
import type { Still } from '../http/change-queue.ts';
import type { GitHubClient } from '../http/client.ts';
import type { EffectiveChange } from './change.ts';
import { type Commit, formatOf } from './objects.ts';

/** Entries in one request: with about 200 or more, GitHub times out, or answers 422. */
const PART = 150;
/** GitHub's words, with status 422, for a request that took too long. */
const TIMED_OUT = /timed? ?out|too big|incrementally/i;
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
   *
   * @param still asked before the commit is made of its trees @default - not asked
   */
  async commit(
    parent: Commit,
    { additions, deletions }: Pick<EffectiveChange, 'additions' | 'deletions'>,
    message: string,
    still?: Still,
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
      [],
      still,
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
    return this.#layer(parent.tree, tree, PART);
  }

  /**
   * Adds the entries to a tree, in parts. A part that takes the server too long is halved, and so are all later ones.
   *
   * @param base undefined for a new tree
   * @param size maximum number of entries in a part
   * @returns undefined if the server refuses an entry
   * @throws GreenroomError `unreachable` if even one entry takes too long
   */
  async #layer(base: string | undefined, tree: readonly object[], size: number): Promise<string | undefined> {
    let made = base;
    for (let i = 0; i < tree.length; ) {
      const part = tree.slice(i, i + size);
      const { status, data } = await this.#client.rest<{ sha?: string; message?: string }>(
        'POST /repos/{owner}/{repo}/git/trees',
        { ...this.#target, ...(made !== undefined && { base_tree: made }), tree: part },
        [422],
      );
      if (status === 422 && TIMED_OUT.test(String(data.message))) {
        if (part.length === 1) throw this.#tooSlow();
        size = Math.ceil(part.length / 2);
        continue;
      }
      if (status === 422 || data.sha === undefined) return undefined;
      made = data.sha;
      i += part.length;
    }
    return made;
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
      if ((await this.#layer(undefined, tree, tree.length)) !== oid) return false;
      if (oid === root) return true;
    }
    return false;
  }

  #tooSlow(): GreenroomError {
    const { owner, repo } = this.#target;
    const message = `${owner}/${repo} on ${this.#client.description}: a tree with one change takes too long to create`;
    return new GreenroomError('unreachable', message);
  }

  #differs(): GreenroomError {
    const { owner, repo } = this.#target;
    return new GreenroomError(
      'failed',
      `${owner}/${repo} on ${this.#client.description}: the new tree differs from the plan; nothing was changed`,
    );
  }
}

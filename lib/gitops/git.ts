import type { Clock } from '../core/clock.ts';
import { GreenroomError } from '../core/errors.ts';
import type { ChangeSet } from '../core/fileset.ts';
import { compareStrings, fileSet } from '../core/fileset.ts';
import { encodeObject, MODE } from '../core/git/objects.ts';
import type { AppsRepo, CommitRequest, CommitResult, RepoState } from './apps-repo.ts';
import { checkPaths } from './check-paths.ts';
import type { EditedTree } from './edit.ts';
import { editTree } from './edit.ts';
import { parseGlob } from './glob.ts';
import type { GitRepository } from './repository.ts';
import type { Match, TreeSource, WalkLimits } from './walk.ts';
import { difference, walk } from './walk.ts';

/** Reads and moves the branch, in a local or a remote repository. */
export interface BranchAccess {
  readonly description: string;
  /** The branch's current commit, whose trees can then be read locally; null if the branch does not exist. */
  head(): Promise<string | null>;
  /** A cheap check whether the branch has moved, before objects are written; false if unknown. */
  isStale(expected: string | null): Promise<boolean>;
  /** Moves the branch if it is exactly at `expected`; returns false if it is not. */
  compareAndSwap(expected: string | null, next: string): Promise<boolean>;
  /** Fetches objects that were left out so far. */
  fetch(oids: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Reads and writes the objects of a repository. */
export type GitObjects = Pick<GitRepository, 'format' | 'objectsRead' | 'commit' | 'tree' | 'blob' | 'write' | 'close'>;

/** An apps repo that is read and written through git objects, without a checkout. Created by `openGitAppsRepo`. */
export class GitAppsRepo implements AppsRepo {
  readonly #repository: GitObjects;
  readonly #branch: BranchAccess;
  readonly #clock: Clock;
  readonly #limits: WalkLimits | undefined;

  /** @param limits of one {@link read}. @default - none */
  constructor(repository: GitObjects, branch: BranchAccess, clock: Clock, limits?: WalkLimits) {
    this.#repository = repository;
    this.#branch = branch;
    this.#clock = clock;
    this.#limits = limits;
  }

  get description(): string {
    return this.#branch.description;
  }

  /** How many objects were read so far: a measure of cost that does not depend on the machine. */
  get objectsRead(): number {
    return this.#repository.objectsRead;
  }

  async read(globs: readonly string[], at?: string | null): Promise<RepoState> {
    const parsed = globs.map(parseGlob);
    const head = at === undefined ? await this.#branch.head() : at;
    if (head === null) return { head, files: new Map(), irregular: [] };
    const commit = await this.#repository.commit(head);
    if (commit === undefined) {
      throw new GreenroomError(
        'unreachable',
        `${this.description} has no commit ${head} or no longer has it; run again`,
      );
    }
    const found = await walk(this.#repository.format, this.#repository.tree, commit.tree, parsed, this.#limits);
    const regular = found.filter((match) => match.regular);
    return {
      head,
      files: fileSet(await this.#contents(regular)),
      irregular: found
        .filter((match) => !match.regular)
        .map(({ path }) => path)
        .sort(compareStrings),
    };
  }

  async commit({ expectedHead, change, message }: CommitRequest): Promise<CommitResult> {
    checkPaths(change);
    if (await this.#branch.isStale(expectedHead)) return { status: 'conflict' };
    const parent = expectedHead === null ? null : await this.#parent(expectedHead);
    if (parent === undefined) return { status: 'conflict' };
    const edited = await editTree(this.#repository.format, this.#repository.tree, parent?.tree ?? null, change);
    if (parent !== null && edited.root === parent.tree) return { status: 'committed', head: parent.oid };
    await this.#verify(parent?.tree ?? null, edited, change);
    const commit = { tree: edited.root, parent: expectedHead, message, time: this.#clock() };
    const head = await this.#repository.write(edited.objects, commit);
    return (await this.#branch.compareAndSwap(expectedHead, head))
      ? { status: 'committed', head }
      : { status: 'conflict' };
  }

  async close(): Promise<void> {
    await this.#repository.close();
    await this.#branch.close();
  }

  /** The commit to build on. If it was not fetched yet, it may still be the branch's head. */
  async #parent(expected: string): ReturnType<GitRepository['commit']> {
    const known = await this.#repository.commit(expected);
    if (known !== undefined) return known;
    return (await this.#branch.head()) === expected ? this.#repository.commit(expected) : undefined;
  }

  async #contents(found: readonly Match[]): Promise<[string, string][]> {
    const read = (oid: string) => this.#repository.blob(oid);
    const texts = await Promise.all(found.map(({ oid }) => read(oid)));
    const missing = found.filter((_, i) => texts[i] === undefined);
    if (missing.length > 0) await this.#branch.fetch([...new Set(missing.map(({ oid }) => oid))]);
    return Promise.all(
      found.map(async ({ path, oid }, i): Promise<[string, string]> => {
        const text = texts[i] ?? (await read(oid));
        if (text === undefined)
          throw new GreenroomError('failed', `${this.description} is damaged: ${path} is missing`);
        return [path, text];
      }),
    );
  }

  /** Compares the trees again before the branch moves: they must differ only in the paths of the change. */
  async #verify(before: string | null, edited: EditedTree, change: ChangeSet): Promise<void> {
    const { format } = this.#repository;
    const source: TreeSource = async (oid) => {
      const made = edited.objects.get(oid);
      return made === undefined ? this.#repository.tree(oid) : made.subarray(made.indexOf(0) + 1);
    };
    for (const { path, after } of await difference(format, source, before, edited.root)) {
      const wanted = change.get(path);
      const asWanted =
        typeof wanted === 'string'
          ? after?.mode === MODE.file && after.oid === encodeObject(format, 'blob', Buffer.from(wanted)).oid
          : wanted === null && after === undefined;
      if (!asWanted)
        throw new GreenroomError('failed', `the new tree differs from the plan in ${path}; nothing was changed`);
    }
  }
}

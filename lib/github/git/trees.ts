import { GreenroomError } from '../../core/errors.ts';
import type { ChangeSet } from '../../core/fileset.ts';
import { encodeObject, encodeTree, isObjectId, MODE, textToName } from '../../core/git/objects.ts';
import { namesOf, type RepositoryRef } from '../../core/repository.ts';
import { editTree } from '../../gitops/edit.ts';
import type { Glob, SegmentPattern } from '../../gitops/glob.ts';
import { literalSegment, matches } from '../../gitops/glob.ts';
import type { GitHubClient } from '../http/client.ts';
import { type Commit, type CommitNode, type Entry, formatOf, type ObjectNode, ObjectStore } from './objects.ts';
import { BLOB, leadsOn, type Need, needsOf, tree } from './selection.ts';

/** A branch by name, the default branch, or a commit by its id. */
export type Revision = { readonly branch: string | undefined } | { readonly commit: string };

export interface RepositoryFacts {
  /** Node id. */
  readonly id: string;
  /** Its present name: GitHub leads from an old one to it. */
  readonly nameWithOwner: string;
  readonly isArchived: boolean;
}

/** What the next question about folders brings along, so that it costs no request of its own. */
export interface Companion {
  /** Writes the query, under a name of its own: its permissions may be others. */
  readonly write: typeof readTrees;
  /** Fields of a GraphQL Repository, under aliases that are no letter and a number. */
  readonly fields: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly take: (repository: object) => void;
}

export interface Opened {
  /** Null when there is no such branch or commit. */
  readonly commit: Commit | null;
  /** Name of the branch; undefined for a commit, and for a repository without a default branch. */
  readonly branch: string | undefined;
}

const MAX_ROUNDS = 40;
const MAX_ALIASES = 100;
/** More unknown folders than these in a known one are asked for by way of it: one question, whatever their number. */
const MAX_APART = 10;
/** Not known yet, at one depth: a hostile tree ends here. */
const MAX_FOLDERS = 5000;

/**
 * Trees and files of one repository. What was read once is not asked for again, until more was read than is kept.
 */
export class TreeReader {
  readonly #client: GitHubClient;
  readonly #repository: RepositoryRef;
  readonly #rootLevels: number;
  readonly #objects: ObjectStore;
  #companion: Companion | undefined;
  #facts: RepositoryFacts = { id: '', nameWithOwner: '', isArchived: false };

  /**
   * @param rootLevels how many levels of names come with a commit
   * @param maxBytes what is kept at most when the next question begins @default - as ObjectStore
   */
  constructor(client: GitHubClient, repository: RepositoryRef, rootLevels: number, maxBytes?: number) {
    this.#client = client;
    this.#repository = repository;
    this.#rootLevels = rootLevels;
    this.#objects = new ObjectStore(maxBytes);
  }

  /** What is kept now, in bytes, about. */
  get keptBytes(): number {
    return this.#objects.keptBytes;
  }

  /** What the latest answer about folders said of the repository itself. */
  get facts(): RepositoryFacts {
    return this.#facts;
  }

  bringAlong(companion: Companion): void {
    this.#companion = companion;
  }

  /** Finds a commit, and brings along what the globs will need. */
  async open(revision: Revision, globs: readonly Glob[], texts: boolean): Promise<Opened> {
    this.#objects.makeRoom();
    if ('commit' in revision) {
      const known = this.#objects.commit(revision.commit);
      if (known !== undefined) return { commit: known, branch: undefined };
    }
    const needs = globs.flatMap((glob) => [...needsOf('', glob.segments, glob.deep, texts)]);
    const rev =
      'commit' in revision ? revision.commit : revision.branch === undefined ? 'HEAD' : `refs/heads/${revision.branch}`;
    const { repository } = await this.#ask(needs, rev, this.#opening(revision));
    const found = (repository as { start?: unknown }).start;
    if ('commit' in revision)
      return { commit: this.#objects.absorbCommit(found as CommitNode | null), branch: undefined };
    const ref = found as { name: string; target: CommitNode | null } | null | undefined;
    return { commit: this.#objects.absorbCommit(ref?.target ?? null), branch: ref?.name ?? revision.branch };
  }

  /** Every entry that matches, by its path; folders match no glob. */
  async find(commit: Commit, globs: readonly Glob[], texts: boolean): Promise<Map<string, Entry>> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const found = new Map<string, Entry>();
      const needs: Need[] = [];
      const visit = (
        oid: string,
        path: string,
        segments: readonly SegmentPattern[],
        deep: boolean,
        isFew = false,
      ): void => {
        const entries = this.#objects.tree(oid);
        if (entries === undefined) {
          needs.push(...needsOf(path, segments, deep, texts, isFew));
          return;
        }
        const [first, ...rest] = segments;
        const matching = [...(first === undefined ? entries : entriesNamed(entries, first))];
        const unknown = matching.filter(
          ([, { mode, oid }]) => mode === MODE.folder && this.#objects.tree(oid) === undefined,
        );
        const together = unknown.length > MAX_APART && leadsOn(segments, deep);
        if (together) needs.push(...needsOf(path, segments, deep, texts));
        for (const [name, entry] of matching) {
          const full = path === '' ? name : `${path}/${name}`;
          if (entry.mode !== MODE.folder) {
            if (first === undefined || (rest.length === 0 && !deep)) found.set(full, entry);
          } else if ((rest.length > 0 || deep) && (this.#objects.tree(entry.oid) !== undefined || !together)) {
            visit(entry.oid, full, rest, deep, unknown.length <= MAX_APART);
          }
        }
      };
      for (const glob of globs) visit(commit.tree, '', glob.segments, glob.deep);
      if (needs.length === 0) return found;
      const unique = [...new Map(needs.map((need) => [`${need.path}\0${need.fields}`, need])).values()];
      if (unique.length > MAX_FOLDERS) {
        throw new GreenroomError('failed', `${this.#name()} at ${commit.oid} holds too many folders to be read`);
      }
      const asked = unique.length > MAX_ALIASES ? uppermost(unique) : unique;
      for (let i = 0; i < asked.length; i += MAX_ALIASES) {
        await this.#ask(asked.slice(i, i + MAX_ALIASES), commit.oid, '');
      }
    }
    throw new GreenroomError('unreachable', `${this.#name()} at ${commit.oid} could not be read to its end`);
  }

  /**
   * Contents by their ids.
   *
   * @param maxBytes a larger file is null @default - no limit
   */
  async contents(oids: readonly string[], maxBytes = Number.POSITIVE_INFINITY): Promise<Map<string, Buffer | null>> {
    const missing = [...new Set(oids)].filter(
      (oid) => this.#objects.blob(oid) === undefined && this.#objects.size(oid) === undefined,
    );
    for (let i = 0; i < missing.length; i += MAX_ALIASES)
      await this.#askObjects(missing.slice(i, i + MAX_ALIASES), BLOB);
    const contents = new Map<string, Buffer | null>();
    for (const oid of oids) {
      const tooLarge = (this.#objects.size(oid) ?? 0) > maxBytes;
      contents.set(oid, tooLarge ? null : (this.#objects.blob(oid) ?? (await this.#raw(oid))));
    }
    return contents;
  }

  /** A tree as Git stores it, without its header. */
  async treeData(oid: string): Promise<Buffer> {
    if (this.#objects.tree(oid) === undefined)
      await this.#askObjects(
        [oid],
        tree(1, () => false),
      );
    const entries = [...(this.#objects.tree(oid) ?? [])];
    const data = encodeTree(entries.map(([name, entry]) => ({ ...entry, name: textToName(name) })));
    if (encodeObject(formatOf(oid), 'tree', data).oid === oid) return data;
    throw new GreenroomError('unreachable', `${this.#name()}: folder ${oid} came damaged`);
  }

  /** What a commit that was made of a change holds: the next reading need not ask for it. */
  async learn(parent: Commit, made: Commit, change: ChangeSet): Promise<void> {
    const { objects, root } = await editTree(formatOf(made.oid), (oid) => this.treeData(oid), parent.tree, change);
    if (root === made.tree) this.#objects.learn(made, objects);
  }

  #opening(revision: Revision): string {
    const commit = `... on Commit { oid tree { ${tree(this.#rootLevels, () => false).slice('... on Tree { '.length)} }`;
    if ('commit' in revision) {
      if (!isObjectId(revision.commit)) throw new GreenroomError('failed', `${revision.commit} is not a commit id`);
      return `start: object(oid: "${revision.commit}") { ${commit} }`;
    }
    const ref =
      revision.branch === undefined
        ? 'defaultBranchRef'
        : `ref(qualifiedName: ${JSON.stringify(`refs/heads/${revision.branch}`)})`;
    return `start: ${ref} { name target { ${commit} } }`;
  }

  async #ask(needs: readonly Need[], rev: string, opening: string): Promise<{ repository: object }> {
    const companion = this.#companion;
    this.#companion = undefined;
    const { owner, name } = namesOf(this.#repository);
    const variables: Record<string, string> = { owner, name, ...companion?.variables };
    const fields = needs.map((need, i) => {
      variables[`e${i}`] = `${rev}:${need.path}`;
      return `o${i}: object(expression: $e${i}) { ${need.fields} }`;
    });
    const declared = Object.keys(variables).map((variable) => `$${variable}: String!`);
    const selection = ['id nameWithOwner isArchived', opening, ...fields, companion?.fields ?? ''].join(' ');
    const write = companion?.write ?? readTrees;
    const query = write(declared.join(', '), `repository(owner: $owner, name: $name) { ${selection} }`);
    const { data, errors } = await this.#client.query<{ repository: Record<string, unknown> | null }>(query, variables);
    if (!data?.repository) throw this.#gone(errors.map(({ message }) => message).join('; '));
    if (errors.length > 0) throw new GreenroomError('unreachable', `${this.#name()}: ${errors[0]!.message}`);
    this.#facts = data.repository as unknown as RepositoryFacts;
    for (const i of needs.keys()) this.#objects.absorb(data.repository[`o${i}`] as ObjectNode | null);
    companion?.take(data.repository);
    return { repository: data.repository };
  }

  async #askObjects(oids: readonly string[], selection: string): Promise<void> {
    const fields = oids.map((oid, i) => `o${i}: object(oid: "${oid}") { ${selection} }`).join(' ');
    const query = `query ReadObjects($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { id ${fields} } }`;
    const { owner, name } = namesOf(this.#repository);
    const { data, errors } = await this.#client.query<{ repository: Record<string, unknown> | null }>(query, {
      owner,
      name,
    });
    if (!data?.repository || errors.length > 0) {
      throw new GreenroomError('unreachable', `${this.#name()}: ${errors[0]?.message ?? 'no answer'}`);
    }
    for (const i of oids.keys()) this.#objects.absorb(data.repository[`o${i}`] as ObjectNode | null);
  }

  /** A file whose text did not come whole: binary, too long for GraphQL, or in another encoding. */
  async #raw(oid: string): Promise<Buffer> {
    const { owner, name: repo } = namesOf(this.#repository);
    const { data } = await this.#client.rest<{ content?: unknown; encoding?: unknown }>(
      'GET /repos/{owner}/{repo}/git/blobs/{file_sha}',
      { owner, repo, file_sha: oid },
    );
    const content = Buffer.from(String(data.content ?? ''), 'base64');
    if (data.encoding !== 'base64' || !this.#objects.keep(oid, content)) {
      throw new GreenroomError('unreachable', `${this.#name()}: file ${oid} came damaged`);
    }
    return content;
  }

  #gone(message: string): GreenroomError {
    return new GreenroomError(
      'unreachable',
      `${this.#name()} is not there, or the token may not read it: check the name, and that the token has the permission ` +
        `"Contents: read" there${message === '' ? '' : ` (${message})`}`,
    );
  }

  #name(): string {
    return `${this.#repository.path} on ${this.#client.description}`;
  }
}

function readTrees(declared: string, selection: string): string {
  return `query ReadTrees(${declared}) { ${selection} }`;
}

/** Of many questions those that tell which of the others make sense: most of a change may lie in folders that are new. */
function uppermost(needs: readonly Need[]): Need[] {
  const depth = ({ path }: Need) => (path === '' ? 0 : path.split('/').length);
  const least = Math.min(...needs.map(depth));
  return needs.filter((need) => depth(need) === least);
}

function entriesNamed(entries: ReadonlyMap<string, Entry>, pattern: SegmentPattern): [string, Entry][] {
  if (pattern.literal !== undefined) {
    const entry = entries.get(pattern.literal);
    return entry === undefined ? [] : [[pattern.literal, entry]];
  }
  const [prefix, suffix] = [pattern.prefix.toString(), pattern.suffix.toString()];
  return [...entries].filter(
    ([name]) =>
      name.length >= prefix.length + suffix.length &&
      name.startsWith(prefix) &&
      name.endsWith(suffix) &&
      matches(pattern, name),
  );
}

/** A glob of exactly this path, whatever characters it holds; `deep` for everything below it. */
export function exactly(path: string, deep = false): Glob {
  const segments = path.split('/').map(literalSegment);
  return { segments, deep };
}

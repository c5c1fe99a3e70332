import { GreenroomError } from '../../core/errors.ts';
import type { ChangeSet } from '../../core/fileset.ts';
import { encodeObject, encodeTree, isObjectId, MODE, textToName } from '../../core/git/objects.ts';
import { namesOf, type RepositoryRef } from '../../core/repository.ts';
import { editTree } from '../../gitops/edit.ts';
import type { Glob, SegmentPattern } from '../../gitops/glob.ts';
import { literalSegment, matches } from '../../gitops/glob.ts';
import type { GitHubClient } from '../http/client.ts';
import { type Commit, type CommitNode, type Entry, formatOf, ObjectCache, type ObjectNode } from './objects.ts';
import { BLOB, leadsOn, type ObjectQuery, queriesFor, tree } from './selection.ts';

/** A branch by name, the default branch, or a commit by its id. */
export type Revision = { readonly branch: string | undefined } | { readonly commit: string };

export interface RepositoryFacts {
  /** Node id. */
  readonly id: string;
  /** Its current name: GitHub redirects from an old one. */
  readonly nameWithOwner: string;
  readonly isArchived: boolean;
}

/** Extra fields for the next query about folders, to save a request. */
export interface Companion {
  /** Writes the query under its own operation name, since it may need other permissions. */
  readonly write: typeof readTrees;
  /** Fields of a GraphQL Repository. Aliases must not be a letter and a number. */
  readonly fields: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly take: (repository: object) => void;
}

export interface Opened {
  /** Null if there is no such branch or commit. */
  readonly commit: Commit | null;
  /** Name of the branch; undefined for a commit, and for a repository without a default branch. */
  readonly branch: string | undefined;
}

const MAX_ROUNDS = 40;
const MAX_ALIASES = 100;
/** If a folder has more unknown subfolders than this, one query for the folder replaces a query for each. */
const MAX_APART = 10;
/** Limit of unknown folders in one round, against hostile trees. */
const MAX_FOLDERS = 5000;

/** Reads trees and files of one repository, with a cache of limited size. */
export class TreeReader {
  readonly #client: GitHubClient;
  readonly #repository: RepositoryRef;
  readonly #rootLevels: number;
  readonly #objects: ObjectCache;
  #companion: Companion | undefined;
  #facts: RepositoryFacts = { id: '', nameWithOwner: '', isArchived: false };

  /**
   * @param rootLevels how many levels of names are fetched with a commit
   * @param maxBytes cache limit, enforced before each query @default - as ObjectCache
   */
  constructor(client: GitHubClient, repository: RepositoryRef, rootLevels: number, maxBytes?: number) {
    this.#client = client;
    this.#repository = repository;
    this.#rootLevels = rootLevels;
    this.#objects = new ObjectCache(maxBytes);
  }

  /** Approximate size of the cache in bytes. */
  get keptBytes(): number {
    return this.#objects.keptBytes;
  }

  /** Facts about the repository from the latest answer. */
  get facts(): RepositoryFacts {
    return this.#facts;
  }

  bringAlong(companion: Companion): void {
    this.#companion = companion;
  }

  /** Finds a commit, and prefetches what the globs need. */
  async open(revision: Revision, globs: readonly Glob[], texts: boolean): Promise<Opened> {
    this.#objects.makeRoom();
    if ('commit' in revision) {
      const known = this.#objects.commit(revision.commit);
      if (known !== undefined) return { commit: known, branch: undefined };
    }
    const queries = globs.flatMap((glob) => [...queriesFor('', glob.segments, glob.deep, texts)]);
    const rev =
      'commit' in revision ? revision.commit : revision.branch === undefined ? 'HEAD' : `refs/heads/${revision.branch}`;
    const { repository } = await this.#ask(queries, rev, this.#opening(revision));
    const found = (repository as { start?: unknown }).start;
    if ('commit' in revision)
      return { commit: this.#objects.absorbCommit(found as CommitNode | null), branch: undefined };
    const ref = found as { name: string; target: CommitNode | null } | null | undefined;
    return { commit: this.#objects.absorbCommit(ref?.target ?? null), branch: ref?.name ?? revision.branch };
  }

  /** Every entry that matches, by path. Folders never match. */
  async find(commit: Commit, globs: readonly Glob[], texts: boolean): Promise<Map<string, Entry>> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const found = new Map<string, Entry>();
      const queries: ObjectQuery[] = [];
      const visit = (
        oid: string,
        path: string,
        segments: readonly SegmentPattern[],
        deep: boolean,
        isFew = false,
      ): void => {
        const entries = this.#objects.tree(oid);
        if (entries === undefined) {
          queries.push(...queriesFor(path, segments, deep, texts, isFew));
          return;
        }
        const [first, ...rest] = segments;
        const matching = [...(first === undefined ? entries : entriesNamed(entries, first))];
        const unknown = matching.filter(
          ([, { mode, oid }]) => mode === MODE.folder && this.#objects.tree(oid) === undefined,
        );
        const together = unknown.length > MAX_APART && leadsOn(segments, deep);
        if (together) queries.push(...queriesFor(path, segments, deep, texts));
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
      if (queries.length === 0) return found;
      const unique = [...new Map(queries.map((query) => [`${query.path}\0${query.fields}`, query])).values()];
      if (unique.length > MAX_FOLDERS) {
        throw new GreenroomError('failed', `${this.#name()} at ${commit.oid} has too many folders to read`);
      }
      const asked = unique.length > MAX_ALIASES ? uppermost(unique) : unique;
      for (let i = 0; i < asked.length; i += MAX_ALIASES) {
        await this.#ask(asked.slice(i, i + MAX_ALIASES), commit.oid, '');
      }
    }
    throw new GreenroomError('unreachable', `${this.#name()} at ${commit.oid} could not be read to its end`);
  }

  /** File contents by id. @param maxBytes a larger file is null @default - no limit */
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

  /** A tree as Git stores it, without the header. */
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

  /** Adds the objects of a commit that we made to the cache. */
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

  async #ask(queries: readonly ObjectQuery[], rev: string, opening: string): Promise<{ repository: object }> {
    const companion = this.#companion;
    this.#companion = undefined;
    const { owner, name } = namesOf(this.#repository);
    const variables: Record<string, string> = { owner, name, ...companion?.variables };
    const fields = queries.map((query, i) => {
      variables[`e${i}`] = `${rev}:${query.path}`;
      return `o${i}: object(expression: $e${i}) { ${query.fields} }`;
    });
    const declared = Object.keys(variables).map((variable) => `$${variable}: String!`);
    const selection = ['id nameWithOwner isArchived', opening, ...fields, companion?.fields ?? ''].join(' ');
    const write = companion?.write ?? readTrees;
    const query = write(declared.join(', '), `repository(owner: $owner, name: $name) { ${selection} }`);
    const { data, errors } = await this.#client.query<{ repository: Record<string, unknown> | null }>(query, variables);
    if (!data?.repository) throw this.#gone(errors.map(({ message }) => message).join('; '));
    if (errors.length > 0) throw new GreenroomError('unreachable', `${this.#name()}: ${errors[0]!.message}`);
    this.#facts = data.repository as unknown as RepositoryFacts;
    for (const i of queries.keys()) this.#objects.absorb(data.repository[`o${i}`] as ObjectNode | null);
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

  /** A file that GraphQL cannot return in full: binary, too long, or in another encoding. */
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
      `${this.#name()} does not exist, or the token may not read it: check the name, and that the token has the permission ` +
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

/** The queries of the uppermost level: their answers show which deeper ones are needed. */
function uppermost(queries: readonly ObjectQuery[]): ObjectQuery[] {
  const depth = ({ path }: ObjectQuery) => (path === '' ? 0 : path.split('/').length);
  const least = Math.min(...queries.map(depth));
  return queries.filter((query) => depth(query) === least);
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

/** A glob of exactly this path, with any characters; `deep` for everything below it. */
export function exactly(path: string, deep = false): Glob {
  const segments = path.split('/').map(literalSegment);
  return { segments, deep };
}

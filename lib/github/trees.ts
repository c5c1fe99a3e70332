import { GreenroomError } from '../core/errors.ts';
import type { ObjectFormat } from '../core/git/objects.ts';
import {
  encodeObject,
  encodeTree,
  isFileMode,
  isObjectId,
  MODE,
  OBJECT_FORMATS,
  textToName,
} from '../core/git/objects.ts';
import type { RepositoryRef } from '../forge/forge.ts';
import type { Glob, SegmentPattern } from '../gitops/glob.ts';
import { literalSegment, matches } from '../gitops/glob.ts';
import type { GitHubClient } from './client.ts';
import { BLOB, type Need, needsOf, opensAtOnce, tree } from './selection.ts';

export interface Entry {
  readonly oid: string;
  /** As git writes it, e.g. `100644`. */
  readonly mode: string;
}

export interface Commit {
  readonly oid: string;
  readonly tree: string;
}

/** A GitObject as the queries of this folder ask for it. */
interface ObjectNode {
  readonly oid?: string;
  readonly text?: string | null;
  readonly byteSize?: number;
  readonly entries?: readonly { name: string; mode: number; oid: string; object?: ObjectNode | null }[] | null;
}

interface CommitNode {
  readonly oid: string;
  readonly tree?: ObjectNode;
}

/** A branch by name, the default branch, or a commit by its id. */
export type Revision = { readonly branch: string | undefined } | { readonly commit: string };

export interface RepositoryFacts {
  /** Node id. */
  readonly id: string;
  /** Its present name: GitHub leads from an old one to it. */
  readonly nameWithOwner: string;
  readonly isArchived: boolean;
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
/** What is kept from one question to the next, at most, in bytes: a process that runs for months reads many trees. */
const KEPT_BYTES = 64 * 1024 * 1024;
/** Of an entry of a tree in memory, about, beside its name. */
const ENTRY_BYTES = 150;
/** Not known yet, at one depth: a hostile tree ends here. */
const MAX_FOLDERS = 5000;

/**
 * Trees and files of one repository. Objects are known by their ids, which are checked against what came: an answer that
 * is cut, transcoded or from another moment can never pass for the file. What was read once is not asked for again, until
 * more was read than is kept.
 */
export class TreeReader {
  readonly #client: GitHubClient;
  readonly #repository: RepositoryRef;
  readonly #rootLevels: number;
  readonly #trees = new Map<string, ReadonlyMap<string, Entry>>();
  readonly #blobs = new Map<string, Buffer>();
  readonly #sizes = new Map<string, number>();
  readonly #commits = new Map<string, Commit>();
  readonly #maxBytes: number;
  #keptBytes = 0;
  #facts: RepositoryFacts = { id: '', nameWithOwner: '', isArchived: false };

  /**
   * @param rootLevels how many levels of names come with a commit
   * @param maxBytes what is kept at most when the next question begins
   */
  constructor(client: GitHubClient, repository: RepositoryRef, rootLevels: number, maxBytes = KEPT_BYTES) {
    this.#client = client;
    this.#repository = repository;
    this.#rootLevels = rootLevels;
    this.#maxBytes = maxBytes;
  }

  /** What is kept now, in bytes, about. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** What the latest answer about folders said of the repository itself. */
  get facts(): RepositoryFacts {
    return this.#facts;
  }

  /** Finds a commit, and brings along what the globs will need. */
  async open(revision: Revision, globs: readonly Glob[], texts: boolean): Promise<Opened> {
    this.#makeRoom();
    if ('commit' in revision) {
      const known = this.#commits.get(revision.commit);
      if (known !== undefined) return { commit: known, branch: undefined };
    }
    const needs = globs.flatMap((glob) => [...needsOf('', glob.segments, glob.deep, texts)]);
    const rev =
      'commit' in revision ? revision.commit : revision.branch === undefined ? 'HEAD' : `refs/heads/${revision.branch}`;
    const { repository } = await this.#ask(needs, rev, this.#opening(revision));
    const found = (repository as { start?: unknown }).start;
    if ('commit' in revision) return { commit: this.#absorbCommit(found as CommitNode | null), branch: undefined };
    const ref = found as { name: string; target: CommitNode | null } | null | undefined;
    return { commit: this.#absorbCommit(ref?.target ?? null), branch: ref?.name ?? revision.branch };
  }

  /** Every entry that matches, by its path; folders match no glob. */
  async find(commit: Commit, globs: readonly Glob[], texts: boolean): Promise<Map<string, Entry>> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const found = new Map<string, Entry>();
      const needs: Need[] = [];
      const visit = (oid: string, path: string, segments: readonly SegmentPattern[], deep: boolean): void => {
        const entries = this.#trees.get(oid);
        if (entries === undefined) {
          needs.push(...needsOf(path, segments, deep, texts));
          return;
        }
        const [first, ...rest] = segments;
        const matching = [...(first === undefined ? entries : namesOf(entries, first))];
        const unknown = matching.filter(([, { mode, oid }]) => mode === MODE.folder && !this.#trees.has(oid));
        const together = unknown.length > MAX_APART && opensAtOnce(segments, deep);
        if (together) needs.push(...needsOf(path, segments, deep, texts));
        for (const [name, entry] of matching) {
          const full = path === '' ? name : `${path}/${name}`;
          if (entry.mode !== MODE.folder) {
            if (first === undefined || (rest.length === 0 && !deep)) found.set(full, entry);
          } else if ((rest.length > 0 || deep) && (this.#trees.has(entry.oid) || !together)) {
            visit(entry.oid, full, rest, deep);
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
    const missing = [...new Set(oids)].filter((oid) => !this.#blobs.has(oid) && !this.#sizes.has(oid));
    for (let i = 0; i < missing.length; i += MAX_ALIASES)
      await this.#askObjects(missing.slice(i, i + MAX_ALIASES), BLOB);
    const contents = new Map<string, Buffer | null>();
    for (const oid of oids) {
      const tooLarge = (this.#sizes.get(oid) ?? 0) > maxBytes;
      contents.set(oid, tooLarge ? null : (this.#blobs.get(oid) ?? (await this.#raw(oid))));
    }
    return contents;
  }

  /** A tree as Git stores it, without its header. */
  async treeData(oid: string): Promise<Buffer> {
    if (!this.#trees.has(oid))
      await this.#askObjects(
        [oid],
        tree(1, () => false),
      );
    const entries = [...(this.#trees.get(oid) ?? [])];
    const data = encodeTree(entries.map(([name, entry]) => ({ ...entry, name: textToName(name) })));
    if (encodeObject(formatOf(oid), 'tree', data).oid === oid) return data;
    throw new GreenroomError('unreachable', `${this.#name()}: folder ${oid} came damaged`);
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
    const variables: Record<string, string> = { owner: this.#repository.owner, name: this.#repository.name };
    const fields = needs.map((need, i) => {
      variables[`e${i}`] = `${rev}:${need.path}`;
      return `o${i}: object(expression: $e${i}) { ${need.fields} }`;
    });
    const declared = ['$owner: String!', '$name: String!', ...needs.map((_, i) => `$e${i}: String!`)].join(', ');
    const query = `query ReadTrees(${declared}) { repository(owner: $owner, name: $name) { id nameWithOwner isArchived ${opening} ${fields.join(' ')} } }`;
    const { data, errors } = await this.#client.query<{ repository: Record<string, unknown> | null }>(query, variables);
    if (!data?.repository) throw this.#gone(errors.map(({ message }) => message).join('; '));
    if (errors.length > 0) throw new GreenroomError('unreachable', `${this.#name()}: ${errors[0]!.message}`);
    this.#facts = data.repository as unknown as RepositoryFacts;
    for (const i of needs.keys()) this.#absorb(data.repository[`o${i}`] as ObjectNode | null);
    return { repository: data.repository };
  }

  async #askObjects(oids: readonly string[], selection: string): Promise<void> {
    const fields = oids.map((oid, i) => `o${i}: object(oid: "${oid}") { ${selection} }`).join(' ');
    const query = `query ReadObjects($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { id ${fields} } }`;
    const { owner, name } = this.#repository;
    const { data, errors } = await this.#client.query<{ repository: Record<string, unknown> | null }>(query, {
      owner,
      name,
    });
    if (!data?.repository || errors.length > 0) {
      throw new GreenroomError('unreachable', `${this.#name()}: ${errors[0]?.message ?? 'no answer'}`);
    }
    for (const i of oids.keys()) this.#absorb(data.repository[`o${i}`] as ObjectNode | null);
  }

  /** A file whose text did not come whole: binary, too long for GraphQL, or in another encoding. */
  async #raw(oid: string): Promise<Buffer> {
    const { owner, name: repo } = this.#repository;
    const { data } = await this.#client.rest<{ content?: unknown; encoding?: unknown }>(
      'GET /repos/{owner}/{repo}/git/blobs/{file_sha}',
      { owner, repo, file_sha: oid },
    );
    const content = Buffer.from(String(data.content ?? ''), 'base64');
    if (data.encoding !== 'base64' || !this.#keep(oid, content)) {
      throw new GreenroomError('unreachable', `${this.#name()}: file ${oid} came damaged`);
    }
    return content;
  }

  #absorbCommit(node: CommitNode | null | undefined): Commit | null {
    if (node?.oid === undefined || node.tree?.oid === undefined) return null;
    this.#absorb(node.tree);
    const commit = { oid: node.oid, tree: node.tree.oid };
    this.#commits.set(commit.oid, commit);
    this.#keptBytes += ENTRY_BYTES;
    return commit;
  }

  #absorb(node: ObjectNode | null | undefined): void {
    if (node?.oid === undefined) return;
    if (node.byteSize !== undefined && !this.#sizes.has(node.oid)) {
      this.#sizes.set(node.oid, node.byteSize);
      this.#keptBytes += ENTRY_BYTES;
    }
    if (typeof node.text === 'string') this.#keep(node.oid, Buffer.from(node.text));
    if (!node.entries) return;
    if (!this.#trees.has(node.oid)) {
      const entries = new Map(node.entries.map(({ name, mode, oid }) => [name, { oid, mode: mode.toString(8) }]));
      this.#trees.set(node.oid, entries);
      this.#keptBytes += node.entries.reduce((sum, { name }) => sum + name.length + ENTRY_BYTES, ENTRY_BYTES);
    }
    for (const { object } of node.entries) this.#absorb(object);
  }

  #keep(oid: string, content: Buffer): boolean {
    if (encodeObject(formatOf(oid), 'blob', content).oid !== oid) return false;
    if (!this.#blobs.has(oid)) this.#keptBytes += content.length + ENTRY_BYTES;
    this.#blobs.set(oid, content);
    return true;
  }

  /** All at once: the next question brings back what it needs, and whoever is in the middle of one asks again as well. */
  #makeRoom(): void {
    if (this.#keptBytes <= this.#maxBytes) return;
    for (const kept of [this.#trees, this.#blobs, this.#sizes, this.#commits]) kept.clear();
    this.#keptBytes = 0;
  }

  #gone(message: string): GreenroomError {
    return new GreenroomError(
      'unreachable',
      `${this.#name()} is not there, or the token may not read it: check the name, and that the token has the permission ` +
        `"Contents: read" there${message === '' ? '' : ` (${message})`}`,
    );
  }

  #name(): string {
    return `${this.#repository.owner}/${this.#repository.name} on ${this.#client.description}`;
  }
}

export function formatOf(oid: string): ObjectFormat {
  return oid.length === 64 ? OBJECT_FORMATS.sha256 : OBJECT_FORMATS.sha1;
}

/** Of many questions those that tell which of the others make sense: most of a change may lie in folders that are new. */
function uppermost(needs: readonly Need[]): Need[] {
  const depth = ({ path }: Need) => (path === '' ? 0 : path.split('/').length);
  const least = Math.min(...needs.map(depth));
  return needs.filter((need) => depth(need) === least);
}

/** Whether a path is a regular file. */
export function isFile(entry: Entry): boolean {
  return isFileMode(entry.mode);
}

function namesOf(entries: ReadonlyMap<string, Entry>, pattern: SegmentPattern): [string, Entry][] {
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

import {
  decodeTree,
  encodeObject,
  isFileMode,
  nameToText,
  OBJECT_FORMATS,
  type ObjectFormat,
} from '../../core/git/objects.ts';

export interface Entry {
  readonly oid: string;
  /** As git writes it, e.g. `100644`. */
  readonly mode: string;
}

export interface Commit {
  readonly oid: string;
  readonly tree: string;
}

/** A GitObject with the fields that the queries of this folder select. */
export interface ObjectNode {
  readonly oid?: string;
  readonly text?: string | null;
  readonly byteSize?: number;
  readonly entries?: readonly { name: string; mode: number; oid: string; object?: ObjectNode | null }[] | null;
}

export interface CommitNode {
  readonly oid: string;
  readonly tree?: ObjectNode;
}

/** Cache limit in bytes: a process that runs for months reads many trees. */
const KEPT_BYTES = 64 * 1024 * 1024;
/** Rough memory use of a tree entry, without its name. */
const ENTRY_BYTES = 150;

/**
 * Cache of one repository's Git objects by id. File contents are checked against their ids, so a truncated, transcoded
 * or outdated answer is never taken for the file.
 */
export class ObjectCache {
  readonly #trees = new Map<string, ReadonlyMap<string, Entry>>();
  readonly #blobs = new Map<string, Buffer>();
  readonly #sizes = new Map<string, number>();
  readonly #commits = new Map<string, Commit>();
  readonly #maxBytes: number;
  #keptBytes = 0;

  /** @param maxBytes limit that {@link makeRoom} enforces @default 64 MiB */
  constructor(maxBytes = KEPT_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Approximate size in bytes. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  commit(oid: string): Commit | undefined {
    return this.#commits.get(oid);
  }

  /** Entries by name. */
  tree(oid: string): ReadonlyMap<string, Entry> | undefined {
    return this.#trees.get(oid);
  }

  blob(oid: string): Buffer | undefined {
    return this.#blobs.get(oid);
  }

  /** Size of a file in bytes. It may be known when the content is not. */
  size(oid: string): number | undefined {
    return this.#sizes.get(oid);
  }

  absorbCommit(node: CommitNode | null | undefined): Commit | null {
    if (node?.oid === undefined || node.tree?.oid === undefined) return null;
    this.absorb(node.tree);
    const commit = { oid: node.oid, tree: node.tree.oid };
    this.#commits.set(commit.oid, commit);
    this.#keptBytes += ENTRY_BYTES;
    return commit;
  }

  absorb(node: ObjectNode | null | undefined): void {
    if (node?.oid === undefined) return;
    if (node.byteSize !== undefined && !this.#sizes.has(node.oid)) {
      this.#sizes.set(node.oid, node.byteSize);
      this.#keptBytes += ENTRY_BYTES;
    }
    if (typeof node.text === 'string') this.keep(node.oid, Buffer.from(node.text));
    if (!node.entries) return;
    if (!this.#trees.has(node.oid)) {
      const entries = new Map(node.entries.map(({ name, mode, oid }) => [name, { oid, mode: mode.toString(8) }]));
      this.#trees.set(node.oid, entries);
      this.#keptBytes += node.entries.reduce((sum, { name }) => sum + name.length + ENTRY_BYTES, ENTRY_BYTES);
    }
    for (const { object } of node.entries) this.absorb(object);
  }

  /** @param objects trees and files by id, as Git stores them, including the header */
  learn(commit: Commit, objects: ReadonlyMap<string, Buffer>): void {
    this.#commits.set(commit.oid, commit);
    this.#keptBytes += ENTRY_BYTES;
    const format = formatOf(commit.oid);
    for (const [oid, data] of objects) {
      const content = data.subarray(data.indexOf(0) + 1);
      if (data.toString('latin1', 0, 5) !== 'tree ') this.keep(oid, content);
      else {
        const entries = [...decodeTree(format, content).values()];
        const named = entries.map(({ name, mode, oid }) => ({
          name: nameToText(name) ?? name,
          mode: Number.parseInt(mode, 8),
          oid,
        }));
        this.absorb({ oid, entries: named });
      }
    }
  }

  /** Returns false if the content does not match the id. */
  keep(oid: string, content: Buffer): boolean {
    if (encodeObject(formatOf(oid), 'blob', content).oid !== oid) return false;
    if (!this.#blobs.has(oid)) this.#keptBytes += content.length + ENTRY_BYTES;
    this.#blobs.set(oid, content);
    return true;
  }

  /** Clears everything if the limit is exceeded. Readers fetch again what they need. */
  makeRoom(): void {
    if (this.#keptBytes <= this.#maxBytes) return;
    for (const kept of [this.#trees, this.#blobs, this.#sizes, this.#commits]) kept.clear();
    this.#keptBytes = 0;
  }
}

export function formatOf(oid: string): ObjectFormat {
  return oid.length === 64 ? OBJECT_FORMATS.sha256 : OBJECT_FORMATS.sha1;
}

/** Whether a path is a regular file. */
export function isFile(entry: Entry): boolean {
  return isFileMode(entry.mode);
}

import { createHash } from 'node:crypto';

/** A repository's hash function for object ids. */
export interface ObjectFormat {
  readonly name: 'sha1' | 'sha256';
  /** Bytes of an object id; in hexadecimal it has twice as many characters. */
  readonly bytes: 20 | 32;
}

export const OBJECT_FORMATS: Readonly<Record<ObjectFormat['name'], ObjectFormat>> = {
  sha1: { name: 'sha1', bytes: 20 },
  sha256: { name: 'sha256', bytes: 32 },
};

export type ObjectType = 'blob' | 'tree' | 'commit' | 'tag';

/** Object id (hexadecimal) and the stored bytes. */
export interface EncodedObject {
  readonly oid: string;
  readonly data: Buffer;
}

export function encodeObject(format: ObjectFormat, type: ObjectType, content: Buffer): EncodedObject {
  const data = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content]);
  return { oid: createHash(format.name).update(data).digest('hex'), data };
}

/** A full object id in hexadecimal, lower case. */
export function isObjectId(text: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** Modes as git writes them in trees. */
export const MODE = {
  file: '100644',
  executable: '100755',
  folder: '40000',
  symlink: '120000',
  submodule: '160000',
} as const;

/** What an entry is, for messages. */
export function kindOf(mode: string): string {
  if (mode === MODE.folder) return 'a folder';
  if (mode === MODE.symlink) return 'a symbolic link';
  return mode === MODE.submodule ? 'a submodule' : 'a file';
}

/** Regular files; very old repositories contain group-writable ones. */
export function isFileMode(mode: string): boolean {
  return mode === MODE.file || mode === MODE.executable || mode === '100664';
}

export interface TreeEntry {
  readonly mode: string;
  /** One character for each byte (latin1), so that any name is preserved and the order is git's byte order. */
  readonly name: string;
  readonly oid: string;
}

/** Position of an entry in the bytes of a tree: `mode SP name NUL id`. */
export interface RawEntry {
  readonly start: number;
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly end: number;
}

/** Iterates over the entries of a tree without decoding them. */
export function* rawEntries(format: ObjectFormat, tree: Buffer): Generator<RawEntry> {
  let start = 0;
  while (start < tree.length) {
    const space = tree.indexOf(0x20, start);
    const nameEnd = tree.indexOf(0, space + 1);
    const end = nameEnd + 1 + format.bytes;
    if (space < 0 || nameEnd < 0 || end > tree.length) throw new Error('a tree object is damaged');
    yield { start, nameStart: space + 1, nameEnd, end };
    start = end;
  }
}

export function decodeEntry(tree: Buffer, at: RawEntry): TreeEntry {
  return {
    mode: tree.toString('latin1', at.start, at.nameStart - 1),
    name: tree.toString('latin1', at.nameStart, at.nameEnd),
    oid: tree.toString('hex', at.nameEnd + 1, at.end),
  };
}

export function decodeTree(format: ObjectFormat, tree: Buffer): Map<string, TreeEntry> {
  const entries = new Map<string, TreeEntry>();
  for (const at of rawEntries(format, tree)) {
    const entry = decodeEntry(tree, at);
    entries.set(entry.name, entry);
  }
  return entries;
}

/** Encodes a tree; git sorts a folder as if its name ended in `/`. */
export function encodeTree(entries: Iterable<TreeEntry>): Buffer {
  const keyed = [...entries].map((entry) => ({
    entry,
    key: entry.mode === MODE.folder ? `${entry.name}/` : entry.name,
  }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1));
  return Buffer.concat(
    keyed.flatMap(({ entry }) => [
      Buffer.from(`${entry.mode} ${entry.name}\0`, 'latin1'),
      Buffer.from(entry.oid, 'hex'),
    ]),
  );
}

/** The name of an entry as text, or undefined if its bytes are not UTF-8. */
export function nameToText(name: string): string | undefined {
  const bytes = Buffer.from(name, 'latin1');
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined;
}

export function textToName(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Tree, parents and committer time (unix seconds) of a commit. */
export function decodeCommit(commit: Buffer): {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly committedAt: number | null;
} {
  const text = commit.toString('latin1');
  const header = text.slice(0, text.indexOf('\n\n') + 1);
  const time = /^committer .*> (-?\d+) [+-]\d{4}$/m.exec(header)?.[1];
  return {
    tree: /^tree ([0-9a-f]+)$/m.exec(header)?.[1] ?? '',
    parents: [...header.matchAll(/^parent ([0-9a-f]+)$/gm)].map(([, parent = '']) => parent),
    committedAt: time === undefined ? null : Number(time),
  };
}

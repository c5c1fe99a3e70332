import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deflateSync, inflateSync } from 'node:zlib';
import {
  decodeCommit,
  decodeTree,
  encodeObject,
  encodeTree,
  MODE,
  OBJECT_FORMATS,
  type ObjectType,
  type TreeEntry,
  textToName,
} from '../../lib/core/git/objects.ts';

// What tests lay down and look up thousands of times. A process of git's for each of these takes longer than the test
// itself; what is not in a file of its own (packed, or named by sha256) is left to git, by the callers.

export interface LooseObject {
  readonly type: ObjectType;
  readonly content: Buffer;
}

/** An empty bare repository, as `git init` makes it. */
export function initBare(gitDir: string, branch: string): void {
  for (const folder of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags'])
    mkdirSync(join(gitDir, folder), { recursive: true });
  writeFileSync(join(gitDir, 'HEAD'), `ref: refs/heads/${branch}\n`);
  writeFileSync(join(gitDir, 'config'), '[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n');
}

/** The object of a whole sha1 id; undefined when no file of its own holds it. */
export function readLoose(gitDir: string, oid: string): LooseObject | undefined {
  if (!/^[0-9a-f]{40}$/.test(oid)) return undefined;
  const file = objectFile(gitDir, oid);
  if (!existsSync(file)) return undefined;
  const data = inflateSync(readFileSync(file));
  const end = data.indexOf(0);
  return { type: data.toString('latin1', 0, end).split(' ')[0] as ObjectType, content: data.subarray(end + 1) };
}

/**
 * What git calls by a whole id, a branch or HEAD, and by `:path` below it; null when there is no such path, undefined when git
 * has to say.
 */
export function findLoose(gitDir: string, name: string): ({ readonly oid: string } & LooseObject) | null | undefined {
  const [, revision = '', path] = /^([^:]*)(?::(.*))?$/s.exec(name) ?? [];
  const branch = revision === 'HEAD' ? readHead(gitDir) : revision.replace(/^refs\/heads\//, '');
  let oid = /^[0-9a-f]{40}$/.test(revision) ? revision : readBranch(gitDir, branch);
  let object = oid === undefined ? undefined : readLoose(gitDir, oid);
  if (path !== undefined && object?.type === 'commit') {
    oid = decodeCommit(object.content).tree;
    object = readLoose(gitDir, oid);
  }
  for (const part of path?.split('/').filter(Boolean) ?? []) {
    if (object === undefined) return undefined;
    const entry = object.type === 'tree' && decodeTree(OBJECT_FORMATS.sha1, object.content).get(textToName(part));
    if (!entry) return null;
    oid = entry.oid;
    object = readLoose(gitDir, oid);
  }
  return object === undefined ? undefined : { oid: oid!, ...object };
}

/** Every file, link and submodule of a commit by its path; undefined when git has to say. */
export function listLoose(gitDir: string, commit: string): Map<string, TreeEntry> | undefined {
  const entries = new Map<string, TreeEntry>();
  const list = (oid: string, folder: string): boolean => {
    const tree = readLoose(gitDir, oid);
    if (tree?.type !== 'tree') return false;
    for (const entry of decodeTree(OBJECT_FORMATS.sha1, tree.content).values()) {
      const path = folder + Buffer.from(entry.name, 'latin1').toString('utf8');
      if (entry.mode !== MODE.folder) entries.set(path, entry);
      else if (!list(entry.oid, `${path}/`)) return false;
    }
    return true;
  };
  const object = findLoose(gitDir, commit);
  return object?.type === 'commit' && list(decodeCommit(object.content).tree, '') ? entries : undefined;
}

/** Ids of the parents of a commit, and its message. */
export function readCommit(content: Buffer): { readonly parents: string[]; readonly message: string } {
  const text = content.toString('utf8');
  const end = text.indexOf('\n\n');
  return {
    parents: [...text.slice(0, end + 1).matchAll(/^parent ([0-9a-f]+)$/gm)].map(([, oid]) => oid!),
    message: text.slice(end + 2),
  };
}

/** Writes an object under its sha1 id, which it gives. */
export function writeLoose(gitDir: string, type: ObjectType, content: Buffer): string {
  const { oid, data } = encodeObject(OBJECT_FORMATS.sha1, type, content);
  const file = objectFile(gitDir, oid);
  if (existsSync(file)) return oid;
  mkdirSync(dirname(file), { recursive: true });
  // Whole at once, for those who read at the same time. All in one folder: new files in many take ext4 longer.
  const temporary = join(gitDir, 'objects', `tmp_obj_${process.pid}`);
  writeFileSync(temporary, deflateSync(data, { level: 1 }));
  renameSync(temporary, file);
  return oid;
}

/** Name of the branch that a repository is on. */
export function readHead(gitDir: string): string {
  return readFileSync(join(gitDir, 'HEAD'), 'utf8').trim().slice('ref: refs/heads/'.length);
}

/** The commit of a branch whose ref is a file of its own. */
export function readBranch(gitDir: string, branch: string): string | undefined {
  const file = join(gitDir, 'refs', 'heads', branch);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}

/** Puts a branch where it is wanted, under git's own lock; false while another holds it. */
export function writeBranch(gitDir: string, branch: string, oid: string): boolean {
  const file = join(gitDir, 'refs', 'heads', branch);
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(`${file}.lock`, `${oid}\n`, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  try {
    renameSync(`${file}.lock`, file);
  } catch (error) {
    rmSync(`${file}.lock`, { force: true });
    throw error;
  }
  return true;
}

/** A folder that is being changed; those below that nobody looked into stay ids. */
type Folder = Map<string, TreeEntry | Folder>;

export interface LooseFile {
  readonly mode: string;
  /** Content of a file or link, the id of anything else. */
  readonly content: Buffer | { readonly oid: string };
}

/**
 * Lays files over a tree, one after the other; null takes a path away, a file the place of a folder and the other way
 * round. Gives the new tree, or undefined when a folder on the way is not in a file of its own.
 */
export function editLoose(
  gitDir: string,
  root: string | null,
  files: Iterable<readonly [path: string, file: LooseFile | null]>,
): string | undefined {
  const open = (oid: string): Folder | undefined => {
    const tree = readLoose(gitDir, oid);
    return tree?.type === 'tree' ? decodeTree(OBJECT_FORMATS.sha1, tree.content) : undefined;
  };
  const top = root === null ? (new Map() as Folder) : open(root);
  if (top === undefined) return undefined;
  for (const [path, file] of files) {
    const parts = path.split('/').map(textToName);
    const name = parts.pop()!;
    let folder = top;
    for (const part of parts) {
      const there = folder.get(part);
      const below =
        there instanceof Map ? there : there?.mode === MODE.folder ? open(there.oid) : (new Map() as Folder);
      if (below === undefined) return undefined;
      folder.set(part, below);
      folder = below;
    }
    if (file === null) folder.delete(name);
    else {
      const { mode, content } = file;
      folder.set(name, {
        mode,
        name,
        oid: Buffer.isBuffer(content) ? writeLoose(gitDir, 'blob', content) : content.oid,
      });
    }
  }
  return writeFolder(gitDir, top) ?? writeLoose(gitDir, 'tree', Buffer.alloc(0));
}

function writeFolder(gitDir: string, folder: Folder): string | undefined {
  const entries: TreeEntry[] = [];
  for (const [name, entry] of folder) {
    const oid = entry instanceof Map ? writeFolder(gitDir, entry) : entry.oid;
    if (oid !== undefined) entries.push({ mode: entry instanceof Map ? MODE.folder : entry.mode, name, oid });
  }
  return entries.length === 0 ? undefined : writeLoose(gitDir, 'tree', encodeTree(entries));
}

function objectFile(gitDir: string, oid: string): string {
  return join(gitDir, 'objects', oid.slice(0, 2), oid.slice(2));
}

import { GreenroomError, invalidInput } from '../core/errors.ts';
import type { FileSet } from '../core/fileset.ts';
import { fileSet } from '../core/fileset.ts';
import type { ObjectFormat, TreeEntry } from '../core/git/objects.ts';
import {
  decodeCommit,
  decodeTree,
  isFileMode,
  isObjectId,
  MODE,
  nameToText,
  OBJECT_FORMATS,
  textToName,
} from '../core/git/objects.ts';
import { ObjectReader } from '../core/git/reader.ts';
import { isSafePath } from '../core/path.ts';
import { MAX_FILE_BYTES, MAX_FOLDER_FILES } from './forge.ts';

/** Folders of a reading; a tree that holds itself many times over has no files to stop at. */
const MAX_FOLDERS = 1000;

/** The pull request, its file and its commit are asked for one after the other, and again after a commit. */
const CACHE_BYTES = 1024 * 1024;

/**
 * Files of a micro app's repository at given commits, straight from its objects. Whatever they hold comes from people who
 * may be hostile: sizes and counts are capped before anything is kept.
 */
export class CommitFiles {
  readonly #reader: ObjectReader;
  readonly #description: string;

  /** @param gitDir a bare repository */
  constructor(gitDir: string) {
    // A tree above the cap is refused like a file.
    this.#reader = new ObjectReader({ gitDir }, MAX_FILE_BYTES, gitDir, CACHE_BYTES);
    this.#description = gitDir;
  }

  /** Null when the commit is not here. */
  async parents(sha: string): Promise<readonly string[] | null> {
    const object = await this.#reader.read(sha);
    return object?.type === 'commit' && object.content !== null ? decodeCommit(object.content).parents : null;
  }

  /** Committer time in unix seconds; null when the commit is not here. */
  async committedAt(sha: string): Promise<number | null> {
    const object = await this.#reader.read(sha);
    return object?.type === 'commit' && object.content !== null ? decodeCommit(object.content).committedAt : null;
  }

  async readFile(sha: string, path: string): Promise<string | null> {
    const entry = await this.#find(sha, path);
    if (entry === null) return null;
    if (!isFileMode(entry.mode))
      throw invalidInput([{ file: path, message: `must be a file; found ${kind(entry.mode)}` }]);
    return this.#text(path, entry.oid);
  }

  async readFolder(sha: string, path: string): Promise<FileSet | null> {
    const entry = await this.#find(sha, path);
    if (entry === null) return null;
    if (entry.mode !== MODE.folder) {
      throw invalidInput([{ file: path, message: `must be a folder; found ${kind(entry.mode)}` }]);
    }
    const found: [string, string][] = [];
    let folders = 0;
    const visit = async (oid: string, folder: string): Promise<void> => {
      folders += 1;
      if (folders > MAX_FOLDERS)
        throw invalidInput([{ file: path, message: `holds more than ${MAX_FOLDERS} folders` }]);
      for (const { mode, name, oid: below } of (await this.#tree(oid, folder)).values()) {
        const full = `${folder}/${nameToText(name) ?? '\0'}`;
        if (!isSafePath(full)) throw invalidInput([{ file: folder, message: 'holds a file with an unprintable name' }]);
        if (mode === MODE.folder) await visit(below, full);
        else if (!isFileMode(mode))
          throw invalidInput([{ file: full, message: `must be a file; found ${kind(mode)}` }]);
        else found.push([full, below]);
        if (found.length > MAX_FOLDER_FILES) {
          throw invalidInput([{ file: path, message: `holds more than ${MAX_FOLDER_FILES} files` }]);
        }
      }
    };
    await visit(entry.oid, path);
    return fileSet(await Promise.all(found.map(async ([file, oid]) => [file, await this.#text(file, oid)] as const)));
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }

  /** The entry at a path; null when there is none. A link on the way is refused, not followed. */
  async #find(sha: string, path: string): Promise<TreeEntry | null> {
    if (!isSafePath(path)) throw invalidInput([{ message: `${JSON.stringify(path)} is not a path in a repository` }]);
    if (!isObjectId(sha)) throw invalidInput([{ message: `${JSON.stringify(sha)} is not a full commit id` }]);
    const commit = await this.#reader.read(sha).catch((cause: unknown) => {
      if (!(cause instanceof GreenroomError) || cause.code !== 'invalid-input') throw cause;
      // No such repository (any more): that says nothing about the maker's file.
      throw new GreenroomError('unreachable', cause.message, { cause });
    });
    if (commit?.type !== 'commit' || commit.content === null) {
      throw new GreenroomError('unreachable', `${this.#description} has no commit ${sha}`);
    }
    const parts = path.split('/');
    let oid = decodeCommit(commit.content).tree;
    for (const [i, part] of parts.entries()) {
      const walked = parts.slice(0, i + 1).join('/');
      const entry = (await this.#tree(oid, walked)).get(textToName(part));
      if (entry === undefined) return null;
      if (i === parts.length - 1) return entry;
      if (isFileMode(entry.mode)) return null;
      if (entry.mode !== MODE.folder) {
        throw invalidInput([{ file: walked, message: `must be a folder; found ${kind(entry.mode)}` }]);
      }
      oid = entry.oid;
    }
    return null;
  }

  async #tree(oid: string, path: string): Promise<ReadonlyMap<string, TreeEntry>> {
    const object = await this.#reader.read(oid);
    if (object?.type !== 'tree') throw new GreenroomError('failed', `${this.#description} is damaged at ${path}`);
    if (object.content === null) throw invalidInput([{ file: path, message: 'lies in a folder of too many files' }]);
    return decodeTree(this.#format(oid), object.content);
  }

  async #text(path: string, oid: string): Promise<string> {
    const object = await this.#reader.read(oid);
    if (object === undefined) throw new GreenroomError('failed', `${this.#description} is damaged at ${path}`);
    if (object.content === null) {
      throw invalidInput([{ file: path, message: `must be at most ${MAX_FILE_BYTES} bytes; found ${object.size}` }]);
    }
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(object.content);
    } catch (cause) {
      throw invalidInput([{ file: path, message: 'must be text in UTF-8' }], cause);
    }
  }

  /** The length of its ids tells how a repository names objects. */
  #format(oid: string): ObjectFormat {
    return oid.length === 64 ? OBJECT_FORMATS.sha256 : OBJECT_FORMATS.sha1;
  }
}

function kind(mode: string): string {
  if (mode === MODE.folder) return 'a folder';
  if (mode === MODE.symlink) return 'a symbolic link';
  return mode === MODE.submodule ? 'a submodule' : 'a file';
}

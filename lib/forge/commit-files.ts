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
import { fileText, tooLarge } from './file-text.ts';
import { MAX_FILE_BYTES, MAX_FOLDER_FILES } from './forge.ts';

/** Limit of folders: a hostile tree may contain many folders and no file. */
const MAX_FOLDERS = 1000;

/** The same objects are read several times: for the pull request, its file and its commit. */
const CACHE_BYTES = 1024 * 1024;

/**
 * Reads files of a micro app's repository at given commits, directly from its objects. The content is untrusted, so
 * sizes and counts are limited before anything is kept.
 */
export class CommitFiles {
  readonly #reader: ObjectReader;
  readonly #description: string;

  /** @param gitDir a bare repository */
  constructor(gitDir: string) {
    // A tree above the limit is refused like a file.
    this.#reader = new ObjectReader({ gitDir }, MAX_FILE_BYTES, gitDir, CACHE_BYTES);
    this.#description = gitDir;
  }

  /** Null if the commit is missing. */
  async parents(sha: string): Promise<readonly string[] | null> {
    const object = await this.#reader.read(sha);
    return object?.type === 'commit' && object.content !== null ? decodeCommit(object.content).parents : null;
  }

  /** Committer time in unix seconds; null if the commit is missing. */
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
        throw invalidInput([{ file: path, message: `contains more than ${MAX_FOLDERS} folders` }]);
      for (const { mode, name, oid: below } of (await this.#tree(oid, folder)).values()) {
        const full = `${folder}/${nameToText(name) ?? '\0'}`;
        if (!isSafePath(full))
          throw invalidInput([{ file: folder, message: 'contains a file with an unprintable name' }]);
        if (mode === MODE.folder) await visit(below, full);
        else if (!isFileMode(mode))
          throw invalidInput([{ file: full, message: `must be a file; found ${kind(mode)}` }]);
        else found.push([full, below]);
        if (found.length > MAX_FOLDER_FILES) {
          throw invalidInput([{ file: path, message: `contains more than ${MAX_FOLDER_FILES} files` }]);
        }
      }
    };
    await visit(entry.oid, path);
    return fileSet(await Promise.all(found.map(async ([file, oid]) => [file, await this.#text(file, oid)] as const)));
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }

  /** The entry at a path; null if there is none. A link on the way is refused, not followed. */
  async #find(sha: string, path: string): Promise<TreeEntry | null> {
    if (!isSafePath(path)) throw invalidInput([{ message: `${JSON.stringify(path)} is not a path in a repository` }]);
    if (!isObjectId(sha)) throw invalidInput([{ message: `${JSON.stringify(sha)} is not a full commit id` }]);
    const commit = await this.#reader.read(sha).catch((cause: unknown) => {
      if (!(cause instanceof GreenroomError) || cause.code !== 'invalid-input') throw cause;
      // The repository is missing, which is not a fault of the maker's file.
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
    if (object.content === null) throw invalidInput([{ file: path, message: 'is in a folder with too many files' }]);
    return decodeTree(this.#format(oid), object.content);
  }

  async #text(path: string, oid: string): Promise<string> {
    const object = await this.#reader.read(oid);
    if (object === undefined) throw new GreenroomError('failed', `${this.#description} is damaged at ${path}`);
    if (object.content === null) throw tooLarge(path, object.size);
    return fileText(path, object.content);
  }

  /** The length of an id shows the object format. */
  #format(oid: string): ObjectFormat {
    return oid.length === 64 ? OBJECT_FORMATS.sha256 : OBJECT_FORMATS.sha1;
  }
}

function kind(mode: string): string {
  if (mode === MODE.folder) return 'a folder';
  if (mode === MODE.symlink) return 'a symbolic link';
  return mode === MODE.submodule ? 'a submodule' : 'a file';
}

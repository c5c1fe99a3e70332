import { lstatSync, readdirSync, readFileSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { GreenroomError, invalidInput } from '../core/errors.ts';
import { type FileSet, fileSet } from '../core/fileset.ts';
import { fileFailure } from '../core/git/failure.ts';
import { isSafePath } from '../core/path.ts';
import { fileText, tooLarge } from './file-text.ts';
import { MAX_FILE_BYTES, MAX_FOLDER_FILES } from './forge.ts';

/**
 * A file of a micro app's repository in a folder. It has the same checks and messages as `Forge.readFile` at a commit.
 *
 * @returns null if there is no file
 * @throws GreenroomError `invalid-input` as the forge does
 */
export function readWorkFile(root: string, path: string): string | null {
  const info = entryAt(root, path);
  if (info === null) return null;
  if (!info.isFile()) throw invalidInput([{ file: path, message: `must be a file; found ${kindOf(info)}` }]);
  return textAt(root, path, info);
}

/** All files below a folder, as in `Forge.readFolder`. An empty folder is null, since Git has no empty folders. */
export function readWorkFolder(root: string, path: string): FileSet | null {
  const info = entryAt(root, path);
  if (info === null) return null;
  if (!info.isDirectory()) throw invalidInput([{ file: path, message: `must be a folder; found ${kindOf(info)}` }]);
  const files: [path: string, info: Stats][] = [];
  const visit = (folder: string): void => {
    for (const name of readdirSync(join(root, folder)).sort()) {
      const inner = `${folder}/${name}`;
      if (!isSafePath(inner))
        throw invalidInput([{ file: folder, message: 'contains a file with an unprintable name' }]);
      const entry = lstatSync(join(root, inner));
      if (entry.isDirectory()) visit(inner);
      else if (!entry.isFile())
        throw invalidInput([{ file: inner, message: `must be a file; found ${kindOf(entry)}` }]);
      else files.push([inner, entry]);
      if (files.length > MAX_FOLDER_FILES) {
        throw invalidInput([{ file: path, message: `contains more than ${MAX_FOLDER_FILES} files` }]);
      }
    }
  };
  visit(path);
  if (files.length === 0) return null;
  return fileSet(files.map(([file, entry]) => [file, textAt(root, file, entry)] as const));
}

/** Null if nothing exists there. A link on the way is refused, not followed. */
function entryAt(root: string, path: string): Stats | null {
  if (!isSafePath(path)) throw invalidInput([{ message: `${JSON.stringify(path)} is not a path in a repository` }]);
  const parts = path.split('/');
  for (const [i] of parts.entries()) {
    const walked = parts.slice(0, i + 1).join('/');
    const info = lstatSync(join(root, walked), { throwIfNoEntry: false });
    if (info === undefined) return null;
    if (i === parts.length - 1) return info;
    if (info.isFile()) return null;
    if (!info.isDirectory()) {
      throw invalidInput([{ file: walked, message: `must be a folder; found ${kindOf(info)}` }]);
    }
  }
  return null;
}

function textAt(root: string, path: string, { size }: Stats): string {
  if (size > MAX_FILE_BYTES) throw tooLarge(path, size);
  try {
    return fileText(path, readFileSync(join(root, path)));
  } catch (error) {
    throw error instanceof GreenroomError ? error : fileFailure(`reading ${path}`, error);
  }
}

function kindOf(info: Stats): string {
  if (info.isDirectory()) return 'a folder';
  if (info.isFile()) return 'a file';
  return info.isSymbolicLink() ? 'a symbolic link' : 'a special file';
}

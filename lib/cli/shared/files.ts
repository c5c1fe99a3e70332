// Synchronous on purpose: a command reads only a few files before it can begin, so parallel reads save nothing, and
// loading the asynchronous API takes longer than reading them.
import { mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { GreenroomError, invalidInput } from '../../core/errors.ts';
import { compareStrings, type FileSet } from '../../core/fileset.ts';
import { writeWholeFile } from '../../core/whole-file.ts';

/** Reads a file. `name` is the path that the user gave; too large files are refused before they are read. */
export function readInput(cwd: string, name: string, maxBytes = 16 * 1024 * 1024): Uint8Array {
  const path = resolve(cwd, name);
  try {
    const info = statSync(path);
    if (!info.isFile()) throw invalidInput([{ file: name, message: 'is not a file' }]);
    if (info.size > maxBytes) {
      throw invalidInput([{ file: name, message: `must be at most ${maxBytes} bytes; found ${info.size}` }]);
    }
    return readFileSync(path);
  } catch (error) {
    throw readError(name, error);
  }
}

function readError(path: string, error: unknown): GreenroomError {
  if (error instanceof GreenroomError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  const why = code === 'ENOENT' ? 'no such file' : code === 'EACCES' ? 'permission denied' : `cannot be read (${code})`;
  return invalidInput([{ file: path, message: why }], error);
}

/** Reads all regular files below a folder, by path with the prefix; links are refused, since they may lead outside. */
export function readFolder(folder: string, prefix: string, maxFiles = 100): FileSet | null {
  const files: [string, string][] = [];
  const walk = (dir: string, path: string): void => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const [inner, name] = [join(dir, entry.name), `${path}/${entry.name}`];
      if (entry.isDirectory()) walk(inner, name);
      else if (!entry.isFile()) throw invalidInput([{ file: name, message: 'is a link or no plain file' }]);
      else files.push([name, new TextDecoder().decode(readInput(dir, entry.name, 1024 * 1024))]);
      if (files.length > maxFiles) throw invalidInput([{ file: prefix, message: `has more than ${maxFiles} files` }]);
    }
  };
  try {
    walk(folder, prefix);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw readError(prefix, error);
  }
  return new Map(files.sort(([a], [b]) => compareStrings(a, b)));
}

/** Writes files below a folder, each through a temporary file, so that nobody reads a partial file. */
export function writeFiles(folder: string, files: FileSet): void {
  try {
    mkdirSync(folder, { recursive: true });
    const root = realpathSync(folder);
    for (const [path, text] of files) writeWholeFile(resolve(root, path), text);
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    throw new GreenroomError('failed', `${path ?? folder}: cannot be written (${code})`, { cause: error });
  }
}

export function removeFile(path: string): void {
  rmSync(path, { force: true });
}

import { mkdir, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { GreenroomError, invalidInput } from '../core/errors.ts';
import { compareStrings, type FileSet } from '../core/fileset.ts';

/** Bytes of a file, `name` being what the user called it; larger ones are refused before they are read. */
export async function readInput(cwd: string, name: string, maxBytes = 16 * 1024 * 1024): Promise<Uint8Array> {
  const path = resolve(cwd, name);
  try {
    const info = await stat(path);
    if (!info.isFile()) throw invalidInput([{ file: name, message: 'is not a file' }]);
    if (info.size > maxBytes) {
      throw invalidInput([{ file: name, message: `has ${info.size} bytes; at most ${maxBytes} are read` }]);
    }
    return await readFile(path);
  } catch (error) {
    throw readError(name, error);
  }
}

function readError(path: string, error: unknown): GreenroomError {
  if (error instanceof GreenroomError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  const why = code === 'ENOENT' ? 'no such file' : code === 'EACCES' ? 'may not be read' : `cannot be read (${code})`;
  return invalidInput([{ file: path, message: why }], error);
}

/** All regular files below a folder, by paths with the prefix; links are refused, since they may lead outside. */
export async function readFolder(folder: string, prefix: string, maxFiles = 100): Promise<FileSet | null> {
  const files: [string, string][] = [];
  const walk = async (dir: string, path: string): Promise<void> => {
    for (const entry of await readdir(dir, { withFileTypes: true })) {
      const [inner, name] = [join(dir, entry.name), `${path}/${entry.name}`];
      if (entry.isDirectory()) await walk(inner, name);
      else if (!entry.isFile()) throw invalidInput([{ file: name, message: 'is a link or no plain file' }]);
      else files.push([name, new TextDecoder().decode(await readInput(dir, entry.name, 1024 * 1024))]);
      if (files.length > maxFiles) throw invalidInput([{ file: prefix, message: `has more than ${maxFiles} files` }]);
    }
  };
  try {
    await walk(folder, prefix);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw readError(prefix, error);
  }
  return new Map(files.sort(([a], [b]) => compareStrings(a, b)));
}

/** Writes files below a folder, each by way of a temporary name, so that no reader meets half a file. */
export async function writeFiles(folder: string, files: FileSet): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    const root = await realpath(folder);
    for (const [path, text] of files) {
      const target = resolve(root, path);
      await mkdir(dirname(target), { recursive: true });
      const temporary = `${target}.${process.pid}.tmp`;
      await writeFile(temporary, text);
      await rename(temporary, target);
    }
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    throw new GreenroomError('failed', `${path ?? folder}: cannot be written (${code})`, { cause: error });
  }
}

export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
}

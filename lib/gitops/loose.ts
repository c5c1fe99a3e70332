import { chmod, mkdir, rename, unlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { fileFailure } from '../core/git/failure.ts';

const compress = promisify(deflate);

/** Permissions of new folders: `core.sharedRepository` lets other users of the repository write below them. */
export type FolderMode = number | undefined;

export function folderMode(sharedRepository: string | undefined): FolderMode {
  const value = sharedRepository?.toLowerCase();
  if (value === undefined || ['umask', 'false', '0', 'no', 'off'].includes(value)) return undefined;
  if (['all', 'world', 'everybody', '2'].includes(value)) return 0o2775;
  if (/^0[0-7]{3}$/.test(value)) {
    const files = Number.parseInt(value, 8);
    return 0o2000 | files | ((files & 0o444) >> 2);
  }
  return 0o2770;
}

/**
 * Writes loose objects: to a temporary name, then renamed, so that a reader or a second writer of the same object only
 * ever sees a whole one. As durable as git's own default (`core.fsync`): the file system decides when they reach the disk.
 */
export class LooseObjects {
  readonly #folder: string;
  readonly #mode: FolderMode;
  readonly #randomId: () => string;

  /** @param folder the repository's `objects` @param randomId a name that no other process chooses at the same time */
  constructor(folder: string, mode: FolderMode, randomId: () => string) {
    this.#folder = folder;
    this.#mode = mode;
    this.#randomId = randomId;
  }

  async write(objects: ReadonlyMap<string, Buffer>): Promise<void> {
    try {
      await Promise.all([...objects].map(([oid, data]) => this.#writeOne(oid, data)));
    } catch (cause) {
      throw fileFailure('writing objects of the repository', cause);
    }
  }

  async #writeOne(oid: string, data: Buffer): Promise<void> {
    const file = join(this.#folder, oid.slice(0, 2), oid.slice(2));
    if (await freshen(file)) return;
    // Git's own prefix: what a killed process leaves behind is swept up by `git prune`.
    const temporary = join(dirname(file), `tmp_obj_${this.#randomId()}`);
    const bytes = await compress(data, { level: 1 });
    try {
      await this.#place(temporary, bytes);
      await rename(temporary, file);
    } catch (error) {
      await unlink(temporary).catch(() => {});
      throw error;
    }
  }

  async #place(file: string, bytes: Buffer, attempts = 3): Promise<void> {
    try {
      await writeFile(file, bytes, { flag: 'wx', mode: 0o444 });
    } catch (error) {
      // No such folder yet; or one that a clean-up took away, being empty, before the file was in it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempts === 0) throw error;
      await this.#makeFolder(dirname(file));
      await this.#place(file, bytes, attempts - 1);
    }
  }

  async #makeFolder(folder: string): Promise<void> {
    try {
      await mkdir(folder);
      if (this.#mode !== undefined) await chmod(folder, this.#mode);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Renews the time of an object that is there already, so that no clean-up of old unused objects takes it from us. */
async function freshen(file: string): Promise<boolean> {
  const now = new Date();
  try {
    await utimes(file, now, now);
    return true;
  } catch (error) {
    // Another user's object cannot be renewed: write it anew.
    if (['ENOENT', 'EPERM', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { fileFailure } from '../core/git/failure.ts';

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

  /** One after the other, without waiting: each takes less time than handing it to another thread and back. */
  write(objects: ReadonlyMap<string, Buffer>): void {
    try {
      for (const [oid, data] of objects) this.#writeOne(oid, data);
    } catch (cause) {
      throw fileFailure('writing objects of the repository', cause);
    }
  }

  #writeOne(oid: string, data: Buffer): void {
    const file = join(this.#folder, oid.slice(0, 2), oid.slice(2));
    if (freshen(file)) return;
    // Git's own prefix: what a killed process leaves behind is swept up by `git prune`.
    const temporary = join(dirname(file), `tmp_obj_${this.#randomId()}`);
    try {
      this.#place(temporary, deflateSync(data, { level: 1 }));
      renameSync(temporary, file);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  #place(file: string, bytes: Buffer, attempts = 3): void {
    try {
      writeFileSync(file, bytes, { flag: 'wx', mode: 0o444 });
    } catch (error) {
      // No such folder yet; or one that a clean-up took away, being empty, before the file was in it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempts === 0) throw error;
      this.#makeFolder(dirname(file));
      this.#place(file, bytes, attempts - 1);
    }
  }

  #makeFolder(folder: string): void {
    try {
      mkdirSync(folder);
      if (this.#mode !== undefined) chmodSync(folder, this.#mode);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Renews the time of an object that is there already, so that no clean-up of old unused objects takes it from us. */
function freshen(file: string): boolean {
  if (!existsSync(file)) return false;
  const now = new Date();
  try {
    utimesSync(file, now, now);
    return true;
  } catch (error) {
    // Another user's object cannot be renewed: write it anew.
    if (['ENOENT', 'EPERM', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

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
 * Writes loose objects under a temporary name and renames them, so that readers and other writers never see a partial
 * one. As durable as git's default (`core.fsync`): the file system decides when they reach the disk.
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

  /** Synchronous, since a small file takes less time than a switch to another thread and back. */
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
    // With git's own prefix, `git prune` removes files that a killed process left. They are all created in one folder,
    // since creating a file in many different folders takes ext4 six times as long.
    const temporary = join(this.#folder, `tmp_obj_${this.#randomId()}`);
    try {
      writeFileSync(temporary, compress(data), { flag: 'wx', mode: 0o444 });
      this.#place(temporary, file);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  #place(temporary: string, file: string, attempts = 3): void {
    try {
      renameSync(temporary, file);
    } catch (error) {
      // The folder does not exist yet, or git's clean-up removed it while it was empty.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempts === 0) throw error;
      this.#makeFolder(dirname(file));
      this.#place(temporary, file, attempts - 1);
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

/** Updates the time of an existing object, so that git's clean-up of old unused objects keeps it. */
function freshen(file: string): boolean {
  if (!existsSync(file)) return false;
  const now = new Date();
  try {
    utimesSync(file, now, now);
    return true;
  } catch (error) {
    // The time of another user's file cannot be changed: write the object again.
    if (['ENOENT', 'EPERM', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** Bytes that fit into one block of the disk, compressed or not. */
const ONE_BLOCK = 4000;

/**
 * The zlib stream of an object. A small object is stored uncompressed: setting up a compressor takes longer than
 * everything else and saves no disk space. Git compresses when it packs.
 *
 * @see RFC 1950 and, for a stored block, RFC 1951, 3.2.4
 */
function compress(data: Buffer): Buffer {
  if (data.length > ONE_BLOCK) return deflateSync(data, { level: 1 });
  const stream = Buffer.allocUnsafe(data.length + 11);
  stream.set([0x78, 0x01, 0x01]);
  stream.writeUInt16LE(data.length, 3);
  stream.writeUInt16LE(~data.length & 0xffff, 5);
  data.copy(stream, 7);
  stream.writeUInt32BE(adler32(data), data.length + 7);
  return stream;
}

/** For at most `ONE_BLOCK` bytes: then the sums stay exact without a modulo for every byte. */
function adler32(data: Buffer): number {
  let [a, b] = [1, 0];
  for (const byte of data) {
    a += byte;
    b += a;
  }
  return (b % 65521) * 65536 + (a % 65521);
}

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { invalidInput } from '../../core/errors.ts';
import { writeWholeFile } from '../../core/whole-file.ts';

/**
 * Cache of GitHub's answers. Any part of it may be lost at any time; then GitHub is asked again. No preview is ever
 * started or removed because of a cached value.
 */
export interface Cache {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<void>;
}

const MAX_CHARACTERS = 32 * 1024 * 1024;

/** In memory; the least recently used entry is dropped first. */
export class ProcessCache implements Cache {
  readonly #values = new Map<string, string>();
  readonly #max: number;
  #size = 0;

  /** @param max total number of characters */
  constructor(max = MAX_CHARACTERS) {
    this.#max = max;
  }

  async get(key: string): Promise<string | undefined> {
    const value = this.#values.get(key);
    if (value !== undefined) {
      this.#values.delete(key);
      this.#values.set(key, value);
    }
    return value;
  }

  async set(key: string, value: string): Promise<void> {
    this.#size += value.length - (this.#values.get(key)?.length ?? -key.length);
    this.#values.delete(key);
    this.#values.set(key, value);
    for (const [oldest, { length }] of this.#values) {
      if (this.#size <= this.#max) break;
      this.#values.delete(oldest);
      this.#size -= oldest.length + length;
    }
  }
}

const KEPT_SECONDS = 30 * 86_400;

/**
 * In a folder, one file for each entry, to be kept between runs. Concurrent runs may share it, and it may be restored
 * from an older copy or contain damaged files: each file carries a digest of its key and value, and a file with a wrong
 * digest is ignored. It contains no credentials.
 */
export class FolderCache implements Cache {
  readonly #folder: string;
  readonly #clock: () => number;

  private constructor(folder: string, clock: () => number) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /**
   * Removes entries that were not used for 30 days.
   *
   * @throws GreenroomError `invalid-input` if the folder cannot be created
   */
  static async open(folder: string, clock: () => number): Promise<FolderCache> {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw invalidInput([{ message: `the cache folder ${folder} cannot be created (${code})` }]);
    }
    const cache = new FolderCache(folder, clock);
    await cache.#prune();
    return cache;
  }

  async get(key: string): Promise<string | undefined> {
    const file = this.#file(key);
    const text = await readFile(file, 'utf8').catch(() => '');
    const value = text.slice(text.indexOf('\n') + 1);
    if (text !== entry(key, value)) return undefined;
    await this.#touch(file);
    return value;
  }

  async set(key: string, value: string): Promise<void> {
    const file = this.#file(key);
    try {
      writeWholeFile(file, entry(key, value), 0o600);
      await this.#touch(file);
    } catch {
      // A full disk must not fail this run; the next one asks GitHub again.
    }
  }

  async #prune(): Promise<void> {
    const names = await readdir(this.#folder, { recursive: true }).catch(() => []);
    for (const name of names.filter((path) => /^[0-9a-f]{2}[\\/][0-9a-f]{62}/.test(path))) {
      const file = join(this.#folder, name);
      const age = await stat(file).then(
        ({ mtimeMs }) => this.#clock() - mtimeMs / 1000,
        () => 0,
      );
      if (age > KEPT_SECONDS) await rm(file, { force: true }).catch(() => undefined);
    }
  }

  async #touch(file: string): Promise<void> {
    await utimes(file, this.#clock(), this.#clock()).catch(() => undefined);
  }

  #file(key: string): string {
    const name = createHash('sha256').update(key).digest('hex');
    return join(this.#folder, name.slice(0, 2), name.slice(2));
  }
}

function entry(key: string, value: string): string {
  const digest = createHash('sha256').update(`${key.length} ${key}${value}`).digest('hex');
  return `${digest}\n${value}`;
}

import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { writeWholeFile } from '../core/whole-file.ts';

/** Cache of bytes by digest for later runs. Bytes are hashed when read, so the cache need not be trusted. */
export interface ContentCache {
  get(digest: string): Promise<Uint8Array | undefined>;
  set(digest: string, bytes: Uint8Array): Promise<void>;
}

const KEPT_SECONDS = 30 * 86_400;
/** Limit for one file; a larger SBOM is read again from the registry. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * A cache folder with one file for each digest, to be kept between runs. It may be lost, shared by concurrent runs, or
 * contain damaged files. If it cannot be written, nothing is cached. Files that were not read for 30 days are removed.
 */
export async function openContentFolder(folder: string, clock: Clock): Promise<ContentCache> {
  await prune(folder, clock());
  const fileOf = (digest: string) => join(folder, digest.replace(/^sha256:([0-9a-f]{2})/, '$1/'));
  const touch = (file: string) => utimes(file, clock(), clock()).catch(() => undefined);
  return {
    async get(digest) {
      const bytes = await readFile(fileOf(digest)).catch(() => undefined);
      if (bytes === undefined || hashOf(bytes) !== digest) return undefined;
      await touch(fileOf(digest));
      return bytes;
    },
    async set(digest, bytes) {
      const text = Buffer.from(bytes).toString();
      // Only text is cached: other bytes would be changed by the encoding.
      if (bytes.length > MAX_BYTES || hashOf(text) !== digest) return;
      try {
        writeWholeFile(fileOf(digest), text, 0o600);
        await touch(fileOf(digest));
      } catch {
        // A full disk must not fail this run; the next one asks the registry again.
      }
    },
  };
}

async function prune(folder: string, now: number): Promise<void> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of names.filter((path) => /^[0-9a-f]{2}[\\/][0-9a-f]{62}/.test(path))) {
    const info = await stat(join(folder, name)).catch(() => undefined);
    if (info !== undefined && now - info.mtimeMs / 1000 > KEPT_SECONDS) await rm(join(folder, name), { force: true });
  }
}

function hashOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

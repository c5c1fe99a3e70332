import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { writeWholeFile } from '../core/whole-file.ts';

/** Bytes by their digest, kept for later runs. Who reads them hashes them: nobody has to trust what stands there. */
export interface ContentCache {
  get(digest: string): Promise<Uint8Array | undefined>;
  set(digest: string, bytes: Uint8Array): Promise<void>;
}

const KEPT_SECONDS = 30 * 86_400;
/** Of one file; larger lists of parts are read again. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * A folder, a file for each digest: for runs that end and begin again. It can be lost, shared by runs side by side, and
 * hold files that were cut or changed; one that cannot be written keeps nothing. What nobody read in 30 days is removed.
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
      // What is kept is JSON; other bytes would not come back the same.
      if (bytes.length > MAX_BYTES || hashOf(text) !== digest) return;
      try {
        writeWholeFile(fileOf(digest), text, 0o600);
        await touch(fileOf(digest));
      } catch {
        // A full disk costs the next run a request, not this one its work.
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

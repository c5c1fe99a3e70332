import { readdirSync, readFileSync } from 'node:fs';
import { fileFailure } from '../core/git/failure.ts';

// Synchronous, since a small file takes less time than a switch to another thread and back.

/** Text of a file; undefined if there is none. */
export function textOf(file: string): string | undefined {
  return orAbsent(`reading ${file}`, () => readFileSync(file, 'utf8'));
}

/** Names in a folder; undefined if there is none. */
export function namesIn(folder: string): string[] | undefined {
  return orAbsent(`listing ${folder}`, () => readdirSync(folder));
}

/** Undefined for a missing file; other failures are thrown. */
function orAbsent<T>(doing: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw fileFailure(doing, error);
  }
}

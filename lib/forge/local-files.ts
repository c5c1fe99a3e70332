import { readdirSync, readFileSync } from 'node:fs';
import { fileFailure } from '../core/git/failure.ts';

// Small files, read without waiting: each takes less time than handing it to another thread and back.

/** Text of a file; undefined when there is none. */
export function textOf(file: string): string | undefined {
  return orAbsent(`reading ${file}`, () => readFileSync(file, 'utf8'));
}

/** Names in a folder; undefined when there is none. */
export function namesIn(folder: string): string[] | undefined {
  return orAbsent(`listing ${folder}`, () => readdirSync(folder));
}

/** What is missing is an answer; anything else that is wrong with it is not. */
function orAbsent<T>(doing: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw fileFailure(doing, error);
  }
}

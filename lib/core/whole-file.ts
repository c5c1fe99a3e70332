import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a file under a temporary name next to it and renames it, so that no reader sees half of it. Creates folders as
 * needed.
 *
 * @param mode permissions of the file. @default - the default of the process
 * @throws errors of `node:fs`; the temporary file is removed then
 */
export function writeWholeFile(target: string, text: string, mode?: number): void {
  const temporary = `${target}.${process.pid}.${sequence()}.tmp`;
  try {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(temporary, text, { flag: 'wx', ...(mode === undefined ? {} : { mode }) });
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Unique for every write of this process, also across threads. */
const sequence = (): string => process.hrtime.bigint().toString(36);

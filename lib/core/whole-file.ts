import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a file by way of a temporary name beside it, so that no reader meets half of it. Folders are made as needed.
 *
 * @param mode permissions of the file. @default - as the process makes files
 * @throws what `node:fs` throws; nothing is left behind then
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

/** Different for every write of this process, also in another thread of it. */
const sequence = (): string => process.hrtime.bigint().toString(36);

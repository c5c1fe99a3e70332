import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { invalidInput } from '../../core/errors.ts';
import { recordAt, valueAt } from '../../core/json.ts';
import { MAX_PLATFORM_BYTES, parseSafeYaml } from '../../model/load.ts';
import type { SealedFor } from '../../secrets/sealed-secret.ts';
import { readInput } from '../shared/files.ts';
import type { Io } from '../shared/io.ts';

/**
 * Existing values in the file that stay: those sealed for the same preview.
 *
 * @param sealing keys that are being sealed
 * @param replace whether everything else in the file may be removed
 * @throws GreenroomError `invalid-input` if the file is something else, or if its other values are for another preview,
 *   where nobody could decrypt them
 */
export function keptValues(
  file: string,
  { namespace, name }: SealedFor,
  sealing: ReadonlySet<string>,
  replace: boolean,
  io: Io,
): ReadonlyMap<string, string> {
  if (replace || !existsSync(resolve(io.cwd, file))) return new Map();
  const parsed = parseSafeYaml(readInput(io.cwd, file), { file, maxBytes: MAX_PLATFORM_BYTES });
  if (parsed.problems.length > 0) throw invalidInput(parsed.problems);
  const object = parsed.documents[0]?.value;
  if (valueAt(object, ['kind']) !== 'SealedSecret' || valueAt(object, ['metadata', 'name']) !== name) {
    throw invalidInput([{ file, message: `is not the SealedSecret ${name}; choose another file with --out` }]);
  }
  const others = Object.entries(recordAt(object, ['spec', 'encryptedData'])).filter(
    (entry): entry is [string, string] => !sealing.has(entry[0]) && typeof entry[1] === 'string',
  );
  const before = valueAt(object, ['metadata', 'namespace']);
  if (others.length > 0 && before !== namespace) {
    const keys = others.map(([key]) => key).join(', ');
    const message = `was sealed for ${String(before ?? 'no namespace')} and does not open in ${namespace}: seal ${keys} again as well, or leave them out with --replace`;
    throw invalidInput([{ file, message }]);
  }
  return new Map(others);
}

import { basename } from 'node:path';
import { GreenroomError, invalidInput, type Problem } from '../../core/errors.ts';
import { readEnvFile } from '../../secrets/env-file.ts';
import { keyProblem } from '../../secrets/sealed-secret.ts';
import { canAsk, person } from '../new/questions.ts';
import { readInput } from '../shared/files.ts';
import type { Io } from '../shared/io.ts';

/** Maximum bytes of a Secret. Source: Kubernetes, `MaxSecretSize` */
export const MAX_SECRET_BYTES = 1024 * 1024;

export interface ValueOptions {
  fromFile: string[];
  fromEnvFile: string[];
}

/**
 * Reads the values to seal, by key; they stay in memory. A name under which preview.yaml lists a secret is translated
 * to the key that the app uses.
 *
 * @param key the key whose value is read from standard input; undefined if none
 * @throws GreenroomError `invalid-input` with all problems; no message contains a value
 */
export async function readValues(
  key: string | undefined,
  { fromFile, fromEnvFile }: ValueOptions,
  keyOf: (name: string) => string,
  io: Io,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const values = new Map<string, Uint8Array>();
  const problems: Problem[] = [];
  const add = (name: string, value: Uint8Array, file?: string) => {
    const of = file === undefined ? {} : { file };
    const wanted = keyOf(name);
    const problem = keyProblem(wanted) ?? (value.length === 0 ? 'has no value: it is empty' : undefined);
    if (problem !== undefined) problems.push({ ...of, message: `${wanted} ${problem}` });
    else if (values.has(wanted)) problems.push({ ...of, message: `${wanted} is given twice` });
    else values.set(wanted, value);
  };
  refuseArgument(key);
  for (const file of fromEnvFile) {
    const read = readEnvFile(textOf(file, readInput(io.cwd, file, MAX_SECRET_BYTES)), file);
    problems.push(...read.problems);
    for (const [name, value] of read.values) add(name, Buffer.from(value), file);
  }
  for (const given of fromFile) {
    const [, name, file = given] = /^([^=/]+)=(.+)$/s.exec(given) ?? [];
    add(name ?? basename(file), readInput(io.cwd, file, MAX_SECRET_BYTES), file);
  }
  if (problems.length > 0) throw invalidInput(problems);
  if (key !== undefined) add(key, await fromInput(key, io));
  if (problems.length > 0) throw invalidInput(problems);
  if (values.size === 0) {
    throw new GreenroomError(
      'invalid-input',
      'nothing to seal: name a key to read its value from standard input, or give --from-file or --from-env-file',
    );
  }
  return values;
}

/** A wrongly decoded value would be sealed, and nobody could see that it is another one. */
function textOf(file: string, bytes: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // Told below.
  }
  const advice = 'save it as UTF-8, or give a value that is not text with --from-file NAME=PATH';
  throw invalidInput([{ file, message: `is not UTF-8 text: ${advice}` }]);
}

/** Refuses a value as an argument: it would be visible in the shell's history and in the list of processes. */
function refuseArgument(key: string | undefined): void {
  if (key === undefined || !key.includes('=')) return;
  throw new GreenroomError(
    'invalid-input',
    `${key.slice(0, key.indexOf('='))}=... is not taken from the command line, where others can read it, and now it is in your shell's history: give the key alone and the value on standard input, or --from-file`,
  );
}

/** Text typed at a terminal is hidden; from other input one final line break is removed, as shells add it. */
async function fromInput(key: string, io: Io): Promise<Uint8Array> {
  if (canAsk(io)) return Buffer.from(await (await person(io)).secret({ message: `Value of ${key}` }));
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > MAX_SECRET_BYTES) {
      throw new GreenroomError('invalid-input', `the value of ${key} is larger than ${MAX_SECRET_BYTES} bytes`);
    }
  }
  const all = Buffer.concat(chunks);
  if (all.at(-1) !== 0x0a) return all;
  return all.subarray(0, all.at(-2) === 0x0d ? -2 : -1);
}

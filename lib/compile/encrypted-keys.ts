import { isRecord, recordAt } from '../core/json.ts';
import type { FieldPath } from '../model/load.ts';
import { sealedProblem } from '../model/sealed-value.ts';

/** Whether an object is a Secret with a `sops` field. */
export function isEncrypted(object: unknown): boolean {
  return isRecord(object) && object['kind'] === 'Secret' && object['sops'] !== undefined;
}

/**
 * The sops checksum depends on the order of values. Greenroom keeps the order, except for keys that look like array
 * indexes: JavaScript sorts those first.
 */
export function keyProblems(object: unknown): { path: FieldPath; message: string }[] {
  // Flux decrypts any object. Rules would check encrypted text that nobody can read.
  if (isRecord(object) && object['sops'] !== undefined && object['kind'] !== 'Secret') {
    return [{ path: ['sops'], message: 'is for Secrets alone: what is encrypted in other objects cannot be checked' }];
  }
  if (isRecord(object) && object['kind'] === 'SealedSecret') return [...strayProblems(object), ...openProblems(object)];
  if (!isEncrypted(object)) return [];
  return ['data', 'stringData'].flatMap((field) => {
    const values = (object as Record<string, unknown>)[field];
    const keys = isRecord(values) ? Object.keys(values) : [];
    return keys
      .filter((key) => /^(0|[1-9][0-9]*)$/.test(key))
      .map((key) => ({
        path: [field, key],
        message:
          'must not be digits alone in an encrypted Secret: its place among the others is not kept; add a letter',
      }));
  });
}

const SEALED_FIELDS = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];

/** An API server drops other fields, but Git keeps what is written out in them. */
function strayProblems(sealed: Readonly<Record<string, unknown>>): { path: FieldPath; message: string }[] {
  return Object.keys(sealed)
    .filter((key) => !SEALED_FIELDS.includes(key))
    .map((key) => ({
      path: [key],
      message: 'is not a field of a SealedSecret; sealed values are in spec.encryptedData',
    }));
}

/** Values that only look sealed. Admission sees how they begin and how long they are; the whole is read here. */
function openProblems(sealed: Readonly<Record<string, unknown>>): { path: FieldPath; message: string }[] {
  return Object.entries(recordAt(sealed, ['spec', 'encryptedData'])).flatMap(([key, value]) => {
    const problem = typeof value === 'string' ? sealedProblem(value) : 'is not text';
    if (problem === undefined) return [];
    const advice = 'encrypt it with `greenroom secrets seal`, and replace a value that was pushed';
    return [{ path: ['spec', 'encryptedData', key], message: `is not sealed, since it ${problem}: ${advice}` }];
  });
}

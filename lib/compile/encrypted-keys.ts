import { isRecord } from '../core/json.ts';
import type { FieldPath } from '../model/load.ts';

/** Whether an object is a Secret that sops has encrypted, or claims to be. */
export function isEncrypted(object: unknown): boolean {
  return isRecord(object) && object['kind'] === 'Secret' && object['sops'] !== undefined;
}

/**
 * The check sum of sops depends on the order of values. It is kept, but for keys that look like the index of a list:
 * programs in JavaScript have those first.
 */
export function keyProblems(object: unknown): { path: FieldPath; message: string }[] {
  // Flux decrypts any object: rules would be held to text that nobody can read.
  if (isRecord(object) && object['sops'] !== undefined && object['kind'] !== 'Secret') {
    return [{ path: ['sops'], message: 'is for Secrets alone: what is encrypted in other objects cannot be checked' }];
  }
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

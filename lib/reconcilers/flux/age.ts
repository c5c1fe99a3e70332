import { createPrivateKey, createPublicKey } from 'node:crypto';
import { bech32 } from '@scure/base';

/** DER (PKCS #8) before the 32 bytes of a private key for X25519. */
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

/**
 * The recipients of the private keys in a file of age, in their order; lines without a valid key are left out.
 *
 * Source: age-encryption.org/v1, "The X25519 recipient type"
 */
export function ageRecipients(keyFile: string): string[] {
  return keyFile.split(/\r?\n/).flatMap((line) => {
    const found = line.startsWith('AGE-SECRET-KEY-1') ? bech32.decodeUnsafe(line.trim(), false) : undefined;
    const seed = found === undefined ? undefined : bech32.fromWordsUnsafe(found.words);
    if (found?.prefix !== 'age-secret-key-' || !(seed instanceof Uint8Array) || seed.length !== 32) return [];
    const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
    const point = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
    return [bech32.encodeFromBytes('age', point)];
  });
}

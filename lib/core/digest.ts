import { createHash } from 'node:crypto';
import { sha256 as hash } from '@noble/hashes/sha2.js';

// node:crypto is used for long texts only: loading it takes longer than hashing everything in a render.
const MUCH = 2 ** 16;

/** SHA-256 of a text in UTF-8, 32 bytes. */
export function sha256Bytes(text: string): Uint8Array {
  return text.length > MUCH ? createHash('sha256').update(text).digest() : hash(Buffer.from(text));
}

/** SHA-256 of a text in UTF-8, in hexadecimal. */
export function sha256(text: string): string {
  return Buffer.from(sha256Bytes(text)).toString('hex');
}

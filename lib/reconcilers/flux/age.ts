import { createPrivateKey, createPublicKey } from 'node:crypto';

const CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
/** DER (PKCS #8) before the 32 bytes of a private key for X25519. */
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

/**
 * The recipients of the private keys in a file of age, in their order; lines that are none are left out.
 *
 * Source: age-encryption.org/v1, "The X25519 recipient type"; BIP 173, Bech32
 */
export function ageRecipients(keyFile: string): string[] {
  return keyFile.split(/\r?\n/).flatMap((line) => {
    const seed = line.startsWith('AGE-SECRET-KEY-1') ? bytesOf(line.trim().toLowerCase(), 'age-secret-key-') : null;
    if (seed?.length !== 32) return [];
    const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
    const point = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
    return [bech32('age', point)];
  });
}

function bech32(prefix: string, bytes: Buffer): string {
  const data = regrouped([...bytes], 8, 5);
  const sum = checksum([...expanded(prefix), ...data, 0, 0, 0, 0, 0, 0]) ^ 1;
  const tail = [5, 4, 3, 2, 1, 0].map((i) => (sum >> (5 * i)) & 31);
  return `${prefix}1${[...data, ...tail].map((value) => CHARSET[value]).join('')}`;
}

/** Null if it is not Bech32 with this prefix, or its check sum is wrong. */
function bytesOf(text: string, prefix: string): Buffer | null {
  const values = [...text.slice(prefix.length + 1)].map((letter) => CHARSET.indexOf(letter));
  const isWhole = text.startsWith(`${prefix}1`) && !values.includes(-1);
  if (!isWhole || checksum([...expanded(prefix), ...values]) !== 1) return null;
  return Buffer.from(regrouped(values.slice(0, -6), 5, 8).slice(0, 32));
}

const expanded = (prefix: string) => [
  ...[...prefix].map((letter) => letter.charCodeAt(0) >> 5),
  0,
  ...[...prefix].map((letter) => letter.charCodeAt(0) & 31),
];

function checksum(values: readonly number[]): number {
  return values.reduce((sum, value) => {
    const top = sum >>> 25;
    const next = ((sum & 0x1ffffff) << 5) ^ value;
    return GENERATOR.reduce((all, term, i) => ((top >> i) & 1 ? all ^ term : all), next);
  }, 1);
}

/** The same bits in groups of another size; the last group is filled with zeros. */
function regrouped(groups: readonly number[], from: number, to: number): number[] {
  const bits = groups.map((group) => group.toString(2).padStart(from, '0')).join('');
  return (bits.match(new RegExp(`.{1,${to}}`, 'g')) ?? []).map((group) => Number.parseInt(group.padEnd(to, '0'), 2));
}

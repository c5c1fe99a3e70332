import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { bits, integer, oid, sequence, setOf, time, utf8 } from '../evidence/der.ts';

export interface TestCertificate {
  readonly pem: string;
  readonly privateKey: KeyObject;
}

const DAY = 86_400;

/** A self-signed certificate as the Sealed Secrets controller makes one. @param from, until in unix seconds */
export function certificate({
  key = 'rsa',
  bits: modulusLength = 2048,
  from = Date.now() / 1000 - DAY,
  until = Date.now() / 1000 + DAY,
}: {
  key?: 'rsa' | 'ec';
  bits?: number;
  from?: number;
  until?: number;
} = {}): TestCertificate {
  const pair =
    key === 'rsa' ? generateKeyPairSync('rsa', { modulusLength }) : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm =
    key === 'rsa' ? sequence(oid('1.2.840.113549.1.1.11'), Buffer.from([5, 0])) : sequence(oid('1.2.840.10045.4.3.2'));
  const name = sequence(setOf(sequence(oid('2.5.4.10'), utf8('sealed-secrets'))));
  const body = sequence(
    integer(Buffer.from([1])),
    algorithm,
    name,
    sequence(time(from), time(until)),
    name,
    pair.publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signed = sequence(body, algorithm, bits(sign('sha256', body, pair.privateKey)));
  const lines = signed
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\n');
  return {
    pem: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    privateKey: pair.privateKey,
  };
}

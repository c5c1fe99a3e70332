import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { TestRegistry } from './registry-server.ts';

export interface KeyPair {
  readonly privateKey: KeyObject;
  /** Of the public key. */
  readonly pem: string;
}

export function keyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, pem: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

export const SIGN_V1 = 'https://sigstore.dev/cosign/sign/v1';
const IN_TOTO = 'application/vnd.in-toto+json';
export const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

export interface StatementOptions {
  readonly subject: string;
  readonly predicateType?: string;
  readonly predicate?: unknown;
}

export function statement({ subject, predicateType = SIGN_V1, predicate = {} }: StatementOptions): string {
  const [algorithm = '', hex = ''] = subject.split(':');
  const named = [{ name: 'image', digest: { [algorithm]: hex } }];
  return JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', subject: named, predicateType, predicate });
}

/** A DSSE envelope. Source: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md */
export function envelope(payload: string, key: KeyPair, payloadType = IN_TOTO) {
  const bytes = Buffer.from(payload);
  const encoded = Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${bytes.length} `), bytes]);
  const sig = sign('sha256', encoded, key.privateKey).toString('base64');
  return { payloadType, payload: bytes.toString('base64'), signatures: [{ sig, keyid: '' }] };
}

/** A bundle as cosign 3 writes it with a key and without a log. */
export function bundle(payload: string, key: KeyPair): string {
  const verificationMaterial = { publicKey: { hint: 'hint' }, tlogEntries: [], timestampVerificationData: {} };
  return JSON.stringify({ mediaType: BUNDLE, verificationMaterial, dsseEnvelope: envelope(payload, key) });
}

/** What cosign's older layout signs. */
export function simpleSigning(digest: string): string {
  return JSON.stringify({
    critical: {
      identity: { 'docker-reference': 'ghcr.io/acme/shop' },
      image: { 'docker-manifest-digest': digest },
      type: 'cosign container image signature',
    },
    optional: null,
  });
}

/** Puts a signed statement about an image beside it. */
export function attach(registry: TestRegistry, path: string, options: StatementOptions, key: KeyPair): void {
  registry.refer(path, options.subject, [registry.blob(path, bundle(statement(options), key), BUNDLE)]);
}

/** A signature of the older layout: its blob, and the annotations of its layer. */
export function simple(about: string, key: KeyPair): { payload: string; annotations: Record<string, string> } {
  const payload = simpleSigning(about);
  const signature = sign('sha256', Buffer.from(payload), key.privateKey).toString('base64');
  return { payload, annotations: { 'dev.cosignproject.cosign/signature': signature } };
}

/** Puts a signature of the older layout under its tag. */
export function attachSimple(registry: TestRegistry, path: string, digest: string, key: KeyPair, about = digest): void {
  const { payload, annotations } = simple(about, key);
  const layer = { ...registry.blob(path, payload, 'application/vnd.dev.cosign.simplesigning.v1+json'), annotations };
  const config = registry.blob(path, '{}');
  registry.manifest(path, `${digest.replace(':', '-')}.sig`, { schemaVersion: 2, config, layers: [layer] });
}

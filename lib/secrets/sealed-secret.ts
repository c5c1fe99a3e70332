import { createCipheriv, constants as cryptoConstants, type KeyObject, publicEncrypt, randomBytes } from 'node:crypto';
import type { KubeObject } from '../model/kube-object.ts';

/** What a value is sealed for: it opens under this name, in this namespace, and nowhere else. */
export interface SealedFor {
  readonly namespace: string;
  readonly name: string;
}

/**
 * One value, encrypted as the Sealed Secrets controller opens it: length of the RSA part in two bytes, a session key by
 * RSA-OAEP with SHA-256, the value by AES-256-GCM with that key. Scope `strict`: the label holds namespace and name.
 *
 * Source: github.com/bitnami-labs/sealed-secrets, pkg/crypto/crypto.go
 */
export function seal(value: Uint8Array, key: KeyObject, { namespace, name }: SealedFor): string {
  const session = randomBytes(32);
  const wrapped = publicEncrypt(
    {
      key,
      padding: cryptoConstants.RSA_PKCS1_OAEP_PADDING,
      oaepHash: 'sha256',
      oaepLabel: Buffer.from(`${namespace}/${name}`),
    },
    session,
  );
  const length = Buffer.alloc(2);
  length.writeUInt16BE(wrapped.length);
  // Each session key is used once, so that the nonce may be zero.
  const cipher = createCipheriv('aes-256-gcm', session, Buffer.alloc(12));
  const text = Buffer.concat([cipher.update(value), cipher.final()]);
  return Buffer.concat([length, wrapped, text, cipher.getAuthTag()]).toString('base64');
}

/** @param sealed encrypted values by their keys */
export function sealedSecret({ namespace, name }: SealedFor, sealed: ReadonlyMap<string, string>): KubeObject {
  return {
    apiVersion: 'bitnami.com/v1alpha1',
    kind: 'SealedSecret',
    metadata: { name, namespace },
    spec: { encryptedData: Object.fromEntries(sealed) },
  };
}

/** Why a text cannot be a key of a Secret; undefined where it can. Source: Kubernetes, validation of ConfigMap keys */
export function keyProblem(key: string): string | undefined {
  if (key.length === 0 || key.length > 253) return 'must be 1 to 253 characters long';
  if (!/^[-._a-zA-Z0-9]+$/.test(key)) return 'must be letters, digits, dashes, dots and underscores';
  return key === '.' || key.startsWith('..') ? 'must not be a dot alone, or start with two' : undefined;
}

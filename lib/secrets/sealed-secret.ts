import { createCipheriv, constants as cryptoConstants, type KeyObject, publicEncrypt, randomBytes } from 'node:crypto';
import type { KubeObject } from '../model/kube-object.ts';

/** Namespace and name for which a value is sealed. It cannot be decrypted under any other. */
export interface SealedFor {
  readonly namespace: string;
  readonly name: string;
}

/**
 * One value, encrypted in the format of the Sealed Secrets controller: the length of the RSA part in two bytes, a
 * session key encrypted with RSA-OAEP and SHA-256, and the value encrypted with AES-256-GCM and that key. Scope
 * `strict`: the OAEP label contains namespace and name.
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
  // Each session key is used only once, so the nonce may be zero.
  const cipher = createCipheriv('aes-256-gcm', session, Buffer.alloc(12));
  const text = Buffer.concat([cipher.update(value), cipher.final()]);
  return Buffer.concat([length, wrapped, text, cipher.getAuthTag()]).toString('base64');
}

/** @param sealed encrypted values by key */
export function sealedSecret({ namespace, name }: SealedFor, sealed: ReadonlyMap<string, string>): KubeObject {
  return {
    apiVersion: 'bitnami.com/v1alpha1',
    kind: 'SealedSecret',
    metadata: { name, namespace },
    spec: { encryptedData: Object.fromEntries(sealed) },
  };
}

/** Why a text cannot be a key of a Secret; undefined if it can. Source: Kubernetes, validation of ConfigMap keys */
export function keyProblem(key: string): string | undefined {
  if (key.length === 0 || key.length > 253) return 'must be 1 to 253 characters long';
  if (!/^[-._a-zA-Z0-9]+$/.test(key)) return 'must be letters, digits, dashes, dots and underscores';
  return key === '.' || key.startsWith('..') ? 'must not be a dot alone, or start with two' : undefined;
}

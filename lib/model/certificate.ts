import { type KeyObject, X509Certificate } from 'node:crypto';

/** A certificate with which values are sealed. */
export interface SealingCertificate {
  readonly publicKey: KeyObject;
  /** Unix seconds. */
  readonly validFrom: number;
  /** Unix seconds. */
  readonly validTo: number;
}

const MIN_BITS = 2048;

/**
 * The first certificate of a PEM text, as in kubeseal; if it cannot be used for sealing, the reason, as the rest of a
 * sentence about the text. The caller checks whether it is still valid.
 */
export function readCertificate(pem: string): SealingCertificate | string {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    return 'contains a private key, which decrypts every sealed secret: keep it secret, and give only the certificate';
  }
  const [first] = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/.exec(pem) ?? [];
  if (first === undefined) {
    return 'is not a certificate in PEM form (-----BEGIN CERTIFICATE-----); `kubeseal --fetch-cert` prints the right one';
  }
  let certificate: X509Certificate;
  let publicKey: KeyObject;
  try {
    certificate = new X509Certificate(first);
    publicKey = certificate.publicKey;
  } catch {
    return 'cannot be read as an X.509 certificate: it is cut off or changed';
  }
  const { asymmetricKeyType: type = 'unknown', asymmetricKeyDetails: { modulusLength = 0 } = {} } = publicKey;
  if (type !== 'rsa') return `has a key of the type ${type}; Sealed Secrets works with RSA keys only`;
  if (modulusLength < MIN_BITS) return `has an RSA key of ${modulusLength} bits; at least ${MIN_BITS} are needed`;
  const seconds = (text: string) => Date.parse(text) / 1000;
  return { publicKey, validFrom: seconds(certificate.validFrom), validTo: seconds(certificate.validTo) };
}

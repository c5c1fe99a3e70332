import { createHash, X509Certificate } from 'node:crypto';
import { type Bundle, bundleFromJSON } from '@sigstore/bundle';
import * as z from 'zod';
import { isBundleType, type Piece } from './pieces.ts';
import { parseJson, readSimpleSigning, readStatement, STATEMENT_TYPE, type Statement } from './statement.ts';

/** A piece that is well formed and about the image; its signature is not verified yet. */
export interface SignedPiece {
  readonly statement: Statement;
  readonly bundle: Bundle;
  /** The signed bytes, if the bundle does not contain them. */
  readonly artifact?: Buffer;
}

/** Annotations of the older layout. Source: https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md */
const SIGNATURE = 'dev.cosignproject.cosign/signature';
const CERTIFICATE = 'dev.sigstore.cosign/certificate';
const LOG_ENTRY = 'dev.sigstore.cosign/bundle';
const TIMESTAMP = 'dev.sigstore.cosign/rfc3161timestamp';

/** @returns `malformed` for an invalid piece, `other` for a piece about something else */
export function readPiece(piece: Piece, digest: string): SignedPiece | 'malformed' | 'other' {
  try {
    return piece.format === 'bundle' ? readBundle(piece.bytes, digest) : readLayer(piece, digest);
  } catch {
    // The libraries' parsers throw many kinds of plain errors for malformed input.
    return 'malformed';
  }
}

function readBundle(bytes: Uint8Array, digest: string): SignedPiece | 'malformed' | 'other' {
  const bundle = bundleFromJSON(parseJson(bytes));
  if (!isBundleType(bundle.mediaType)) return 'malformed';
  if (bundle.content.$case !== 'dsseEnvelope') return 'malformed';
  const { payloadType, payload } = bundle.content.dsseEnvelope;
  if (payloadType !== STATEMENT_TYPE) return 'malformed';
  const statement = readStatement(payload, digest);
  return typeof statement === 'string' ? statement : { statement, bundle };
}

const base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/);
const envelope = z.object({
  payloadType: z.literal(STATEMENT_TYPE),
  payload: base64,
  signatures: z.array(z.object({ sig: base64 })).length(1),
});

function readLayer(piece: Exclude<Piece, { format: 'bundle' }>, digest: string): SignedPiece | 'malformed' | 'other' {
  const verificationMaterial = materialOf(piece.annotations);
  const mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.1';
  const artifact = Buffer.from(piece.bytes);
  if (piece.format === 'signature') {
    const statement = readSimpleSigning(artifact, digest);
    if (typeof statement === 'string') return statement;
    const messageDigest = { algorithm: 'SHA2_256', digest: createHash('sha256').update(artifact).digest('base64') };
    const messageSignature = { messageDigest, signature: base64.parse(piece.annotations[SIGNATURE]) };
    return { statement, bundle: bundleFromJSON({ mediaType, verificationMaterial, messageSignature }), artifact };
  }
  const { payloadType, payload, signatures } = envelope.parse(parseJson(artifact));
  const statement = readStatement(Buffer.from(payload, 'base64'), digest);
  if (typeof statement === 'string') return statement;
  const dsseEnvelope = { payloadType, payload, signatures: [{ sig: signatures[0]?.sig, keyid: '' }] };
  return { statement, bundle: bundleFromJSON({ mediaType, verificationMaterial, dsseEnvelope }) };
}

/** Converts the annotations to the form of a bundle. */
function materialOf(annotations: Readonly<Record<string, string>>): object {
  const certificate = annotations[CERTIFICATE];
  const [entry, timestamp] = [annotations[LOG_ENTRY], annotations[TIMESTAMP]];
  return {
    ...(certificate
      ? {
          x509CertificateChain: {
            certificates: [{ rawBytes: new X509Certificate(certificate).raw.toString('base64') }],
          },
        }
      : { publicKey: { hint: '' } }),
    tlogEntries: entry ? [logEntryOf(entry)] : [],
    timestampVerificationData: { rfc3161Timestamps: timestamp ? [timestampOf(timestamp)] : [] },
  };
}

const rekorBundle = z.object({
  SignedEntryTimestamp: base64,
  Payload: z.object({
    body: base64,
    integratedTime: z.int(),
    logIndex: z.int(),
    logID: z.string().regex(/^[0-9a-f]{64}$/),
  }),
});

const entryBody = z.object({ kind: z.string(), apiVersion: z.string() });

function logEntryOf(annotation: string): object {
  const { SignedEntryTimestamp, Payload } = rekorBundle.parse(JSON.parse(annotation));
  const { kind, apiVersion } = entryBody.parse(parseJson(Buffer.from(Payload.body, 'base64')));
  return {
    logIndex: String(Payload.logIndex),
    logId: { keyId: Buffer.from(Payload.logID, 'hex').toString('base64') },
    kindVersion: { kind, version: apiVersion },
    integratedTime: String(Payload.integratedTime),
    inclusionPromise: { signedEntryTimestamp: SignedEntryTimestamp },
    canonicalizedBody: Payload.body,
  };
}

function timestampOf(annotation: string): object {
  const { SignedRFC3161Timestamp } = z.object({ SignedRFC3161Timestamp: base64 }).parse(JSON.parse(annotation));
  return { signedTimestamp: SignedRFC3161Timestamp };
}

import * as z from 'zod';
import { parseBoundedJson } from '../../core/bounded-json.ts';

/** A statement about an image. */
export interface Statement {
  readonly predicateType: string;
  readonly predicate: unknown;
}

/** Predicate type of a plain signature, in both of cosign's layouts. */
export const SIGN_V1 = 'https://sigstore.dev/cosign/sign/v1';

export const STATEMENT_TYPE = 'application/vnd.in-toto+json';

const inToto = z.object({
  _type: z.enum(['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1']),
  subject: z.array(z.object({ digest: z.record(z.string(), z.string()) })).max(10_000),
  predicateType: z.string().max(500),
  predicate: z.unknown(),
});

const simpleSigning = z.object({
  critical: z.object({
    type: z.literal('cosign container image signature'),
    image: z.object({ 'docker-manifest-digest': z.string() }),
  }),
});

/**
 * Parses the statement of a payload and checks that it is about this image.
 *
 * Source: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
 *
 * @returns `malformed` for an invalid statement, `other` for one about something else
 */
export function readStatement(payload: Uint8Array, digest: string): Statement | 'malformed' | 'other' {
  const read = inToto.safeParse(parseJson(payload));
  if (!read.success) return 'malformed';
  const { subject, predicateType, predicate } = read.data;
  const [algorithm = '', hex] = digest.split(':');
  const isAbout = subject.some((one) => Object.hasOwn(one.digest, algorithm) && one.digest[algorithm] === hex);
  return isAbout ? { predicateType, predicate } : 'other';
}

/** Source: https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md, "Payload". */
export function readSimpleSigning(payload: Uint8Array, digest: string): Statement | 'malformed' | 'other' {
  const read = simpleSigning.safeParse(parseJson(payload));
  if (!read.success) return 'malformed';
  if (read.data.critical.image['docker-manifest-digest'] !== digest) return 'other';
  return { predicateType: SIGN_V1, predicate: null };
}

/** Enough for the largest SBOM. */
const MAX_PARTS = 2_000_000;

/** Undefined if it is not JSON, has too many parts, or a member twice: cosign takes none of the last. */
export function parseJson(bytes: Uint8Array): unknown {
  return parseBoundedJson(bytes, MAX_PARTS, { unique: true });
}

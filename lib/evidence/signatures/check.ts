import { type SignedEntity, type TrustMaterial, toSignedEntity, VerificationError, Verifier } from '@sigstore/verify';
import { type BuildSource, buildSourceOf, isForCodeSigning } from './certificate.ts';
import type { SignedPiece } from './read.ts';
import type { Trust } from './trust.ts';

/** Who signed a piece. */
export type Signer =
  | { readonly by: 'key' /** Its position in the platform's list, from 1. */; readonly key: number }
  | { readonly by: 'identity'; readonly issuer: string; readonly subject: string; readonly source: BuildSource };

export type SignerCheck =
  | { readonly signer: Signer }
  /** Why the signature is not trusted, as the end of a sentence about it. */
  | { readonly refusal: string };

/** Whether a trusted signer has signed the piece. Never throws because of its content. */
export function checkSigner({ bundle, artifact }: SignedPiece, trust: Trust): SignerCheck {
  let entity: SignedEntity;
  try {
    entity = toSignedEntity(bundle, artifact);
  } catch {
    return { refusal: 'is malformed' };
  }
  if (entity.key.$case === 'public-key') {
    const place = trust.keys.findIndex((key) => entity.signature.verifySignature(key));
    return place === -1 ? { refusal: 'is not by a trusted key' } : { signer: { by: 'key', key: place + 1 } };
  }
  if (trust.identities.length === 0) return { refusal: 'is by a certificate, but only keys are trusted here' };
  const answers = trust.roots.map((root) => checkCertificate(entity, root, trust));
  return (
    answers.find((answer) => 'signer' in answer) ??
    answers[0] ?? { refusal: 'is by a certificate, but there is no trusted root' }
  );
}

function checkCertificate(entity: SignedEntity, root: TrustMaterial, { identities }: Trust): SignerCheck {
  if (entity.key.$case !== 'certificate') return { refusal: 'is malformed' };
  const { certificate } = entity.key;
  const [hasLogs, hasStamps] = [root.tlogs.length > 0, root.timestampAuthorities.length > 0];
  // What a root lists is required. Logs and timestamps that it does not list prove nothing and are left out.
  const listed: SignedEntity = {
    ...entity,
    tlogEntries: hasLogs ? entity.tlogEntries : [],
    timestamps: entity.timestamps.filter(({ $case }) => ($case === 'transparency-log' ? hasLogs : hasStamps)),
  };
  const verifier = new Verifier(root, {
    tlogThreshold: hasLogs ? 1 : 0,
    ctlogThreshold: root.ctlogs.length > 0 ? 1 : 0,
    // A certificate is valid for ten minutes only, so at least one proven time is needed, from a log or an authority.
    timestampThreshold: 1,
  });
  try {
    const { identity } = verifier.verify(listed);
    if (!isForCodeSigning(certificate)) return { refusal: 'is by a certificate that is not for code signing' };
    const [issuer, subject] = [identity?.extensions?.issuer, identity?.subjectAlternativeName];
    if (issuer === undefined || subject === undefined) return { refusal: 'is by a certificate without an identity' };
    const counts = identities.some((one) => one.issuer === issuer && isSubject(subject, one.subject));
    if (!counts) return { refusal: `is by ${shown(subject)} (${shown(issuer)}), who is not trusted here` };
    return { signer: { by: 'identity', issuer, subject, source: buildSourceOf(certificate) } };
  } catch (error) {
    return { refusal: refusalOf(error) };
  }
}

const REFUSALS: Readonly<Record<string, string>> = {
  CERTIFICATE_ERROR: 'is by a certificate of an untrusted authority or log, or was made outside its validity',
  TIMESTAMP_ERROR: 'has no timestamp of an authority in the trusted root',
  SIGNATURE_ERROR: 'does not match what it signs',
};

function refusalOf(error: unknown): string {
  if (!(error instanceof VerificationError)) return 'is malformed';
  const code = error.code as string;
  return (
    REFUSALS[code] ??
    (code.startsWith('TLOG') ? 'has no proof that it is in a log of the trusted root' : 'cannot be verified')
  );
}

/** Whether a subject matches a whole pattern, in which * stands for any text without / and @. */
export function isSubject(subject: string, pattern: string): boolean {
  const escaped = pattern.replace(/[.*+?^${}()|[\]\\/]/g, (sign) => (sign === '*' ? '[^/@]*' : `\\${sign}`));
  return new RegExp(`^(?:${escaped})$`, 'u').test(subject);
}

/** Makes text of an untrusted certificate safe for a message. */
function shown(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, '?').slice(0, 200);
}

import { type SignedEntity, type TrustMaterial, toSignedEntity, VerificationError, Verifier } from '@sigstore/verify';
import { type BuildSource, buildSourceOf, isForCodeSigning } from './certificate.ts';
import type { SignedPiece } from './read.ts';
import type { Trust } from './trust.ts';

/** Who stands behind a piece. */
export type Signer =
  | { readonly by: 'key' /** Its place in the platform's list, from 1. */; readonly key: number }
  | { readonly by: 'identity'; readonly issuer: string; readonly subject: string; readonly source: BuildSource };

export type Checked =
  | { readonly signer: Signer }
  /** Why nobody of the platform's does: half a sentence about the signature. */
  | { readonly refusal: string };

/** Whether somebody whom the platform trusts has signed it. Never throws for what the piece holds. */
export function checkSigner({ bundle, artifact }: SignedPiece, trust: Trust): Checked {
  let entity: SignedEntity;
  try {
    entity = toSignedEntity(bundle, artifact);
  } catch {
    return { refusal: 'is malformed' };
  }
  if (entity.key.$case === 'public-key') {
    const place = trust.keys.findIndex((key) => entity.signature.verifySignature(key));
    return place === -1
      ? { refusal: 'is by none of the keys that count here' }
      : { signer: { by: 'key', key: place + 1 } };
  }
  if (trust.identities.length === 0) return { refusal: 'is by a certificate, and only keys count here' };
  const answers = trust.roots.map((root) => checkCertificate(entity, root, trust));
  return answers.find((answer) => 'signer' in answer) ?? answers[0] ?? { refusal: 'is by a certificate of nobody' };
}

function checkCertificate(entity: SignedEntity, root: TrustMaterial, { identities }: Trust): Checked {
  if (entity.key.$case !== 'certificate') return { refusal: 'is malformed' };
  const { certificate } = entity.key;
  const [hasLogs, hasStamps] = [root.tlogs.length > 0, root.timestampAuthorities.length > 0];
  // What a root lists is demanded; what it does not list proves nothing, and is not looked at.
  const listed: SignedEntity = {
    ...entity,
    tlogEntries: hasLogs ? entity.tlogEntries : [],
    timestamps: entity.timestamps.filter(({ $case }) => ($case === 'transparency-log' ? hasLogs : hasStamps)),
  };
  const verifier = new Verifier(root, {
    tlogThreshold: hasLogs ? 1 : 0,
    ctlogThreshold: root.ctlogs.length > 0 ? 1 : 0,
    // Without a proven time a certificate that was valid for ten minutes says nothing: one at least, whoever gives it.
    timestampThreshold: 1,
  });
  try {
    const { identity } = verifier.verify(listed);
    if (!isForCodeSigning(certificate)) return { refusal: 'is by a certificate that is not for signing code' };
    const [issuer, subject] = [identity?.extensions?.issuer, identity?.subjectAlternativeName];
    if (issuer === undefined || subject === undefined) return { refusal: 'is by a certificate of nobody' };
    const counts = identities.some((one) => one.issuer === issuer && isSubject(subject, one.subject));
    if (!counts) return { refusal: `is by ${shown(subject)} (${shown(issuer)}), who does not count here` };
    return { signer: { by: 'identity', issuer, subject, source: buildSourceOf(certificate) } };
  } catch (error) {
    return { refusal: refusalOf(error) };
  }
}

const REFUSALS: Readonly<Record<string, string>> = {
  CERTIFICATE_ERROR: 'is by a certificate of no authority that counts here, or was made when it did not hold',
  TIMESTAMP_ERROR: 'has no time that an authority of the trusted root has stamped',
  SIGNATURE_ERROR: 'does not fit what it signs',
};

function refusalOf(error: unknown): string {
  if (!(error instanceof VerificationError)) return 'is malformed';
  const code = error.code as string;
  return (
    REFUSALS[code] ??
    (code.startsWith('TLOG') ? 'is not proven to be in a log of the trusted root' : 'cannot be verified')
  );
}

/** Whether a subject is the whole of a pattern, in which * stands for any text without / and @. */
export function isSubject(subject: string, pattern: string): boolean {
  const escaped = pattern.replace(/[.*+?^${}()|[\]\\/]/g, (sign) => (sign === '*' ? '[^/@]*' : `\\${sign}`));
  return new RegExp(`^(?:${escaped})$`, 'u').test(subject);
}

/** Of a stranger's certificate, for a message. */
function shown(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, '?').slice(0, 200);
}

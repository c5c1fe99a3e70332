import { ADMISSION_SBOM_TYPES } from '../../model/evidence.ts';
import { checkSigner, type SignerCheck } from '../signatures/check.ts';
import type { Piece } from '../signatures/pieces.ts';
import { readPiece, type SignedPiece } from '../signatures/read.ts';
import { SIGN_V1 } from '../signatures/statement.ts';
import type { EvidenceSettings, Trust } from '../signatures/trust.ts';
import type { Claim } from './claim.ts';
import { isReport } from './reports.ts';
import { evaluateSbom, isSbom } from './sbom.ts';
import { type BuildSubject, evaluateSource, isProvenance } from './source.ts';
import type { Demand, Evaluation, Verdict, VulnerabilityVerdict } from './verdict.ts';
import { evaluateVulnerabilities } from './vulnerabilities.ts';

export interface Policy {
  readonly settings: EvidenceSettings;
  readonly trust: Trust;
}

/** The statements about an image, by trusted and by other signers. */
export interface CheckedPieces {
  readonly claims: readonly Claim[];
  /** Statements about the image without a trusted signature. */
  readonly refused: readonly { readonly predicateType: string; readonly refusal: string }[];
}

/** A piece with its signer. It depends only on the bytes, the image and the trust. */
export type CheckedPiece = SignedPiece['statement'] & Pick<Claim, 'layout'> & SignerCheck;

/** Null if the piece is malformed or not about this image. */
export function checkPiece(piece: Piece, digest: string, trust: Trust): CheckedPiece | null {
  const read = readPiece(piece, digest);
  if (typeof read === 'string') return null;
  return { ...read.statement, layout: piece.format === 'bundle' ? 'bundle' : 'older', ...checkSigner(read, trust) };
}

/** Separates statements by trusted signers from others. */
export function checked(pieces: readonly (CheckedPiece | null)[]): CheckedPieces {
  return {
    claims: pieces.flatMap((one) => (one !== null && 'signer' in one ? [one] : [])),
    refused: pieces.flatMap((one) => (one !== null && 'refusal' in one ? [one] : [])),
  };
}

/**
 * Evaluates the statements about an image against the platform's demands. Pure: the same bytes, policy, subject and time
 * give the same verdicts. Statements without a trusted signature change no verdict.
 *
 * @param now unix seconds
 */
export function evaluate(checked: CheckedPieces, { settings }: Policy, subject: BuildSubject, now: number): Evaluation {
  const { claims } = checked;
  const evaluators: Record<Demand, () => VulnerabilityVerdict> = {
    // Always met: the image was looked up by its digest.
    digest: () => ({ status: 'shown', sentence: 'It is named by its digest' }),
    signature: () => evaluateSignature(checked, settings),
    sbom: () => unlessRefused(evaluateReadableSbom(claims, settings), checked, isSbom),
    provenance: () => unlessRefused(evaluateSource(claims, subject), checked, isProvenance),
    vulnerabilities: () => unlessRefused(evaluateVulnerabilities(claims, settings, now), checked, isReport),
  };
  const verdicts = Object.fromEntries(settings.require.map((demand) => [demand, evaluators[demand]()]));
  const worst = (verdicts as Partial<Record<Demand, VulnerabilityVerdict>>).vulnerabilities?.worst;
  return { verdicts, ...(worst === undefined ? {} : { worst }) };
}

/** Adds to an unmet demand that there is a statement for it, but without a trusted signature. */
function unlessRefused(
  verdict: Verdict,
  { refused }: CheckedPieces,
  isMeant: (predicateType: string) => boolean,
): Verdict {
  const foreign =
    verdict.status === 'missing' ? refused.find(({ predicateType }) => isMeant(predicateType)) : undefined;
  if (foreign === undefined) return verdict;
  return { ...verdict, sentence: `${verdict.sentence} (there is one, but its signature ${foreign.refusal})` };
}

/** Whether the image verifier in the cluster, if there is one, can read a claim: it would refuse the pod otherwise. */
function isReadInCluster({ admission, verifier, layout }: EvidenceSettings, demand: 'signature' | 'sbom') {
  const isRead = admission === 'signatures' && (demand === 'signature' || verifier === 'kyverno');
  return (claim: Claim) =>
    !isRead || (claim.layout === layout && (demand === 'signature' || ADMISSION_TYPES.has(claim.predicateType)));
}

/** Whether the verifier in the cluster looks for this type of SBOM. */
const ADMISSION_TYPES: ReadonlySet<string> = new Set(Object.values(ADMISSION_SBOM_TYPES));

function evaluateReadableSbom(claims: readonly Claim[], settings: EvidenceSettings): Verdict {
  const lists = claims.filter(({ predicateType }) => isSbom(predicateType));
  const readable = lists.filter(isReadInCluster(settings, 'sbom'));
  if (readable.length > 0 || lists.length === 0) return evaluateSbom(readable);
  const types = Object.values(ADMISSION_SBOM_TYPES).join(', ');
  return {
    status: 'wrong',
    sentence: `The list of the image's parts (SBOM) is not one that this cluster reads: let your build attach it as a bundle, with one of the types ${types}`,
  };
}

const OTHER_LAYOUT = {
  bundle: "in cosign's older layout, which this cluster does not read: let your build sign it with cosign 3",
  older:
    'as a bundle, which this cluster does not read: let your build sign it with `cosign sign --new-bundle-format=false`',
} as const;

function evaluateSignature({ claims, refused }: CheckedPieces, settings: EvidenceSettings): Verdict {
  const signatures = claims.filter(({ predicateType }) => predicateType === SIGN_V1);
  const signed = signatures.find(isReadInCluster(settings, 'signature'));
  if (signed === undefined && signatures.length > 0) {
    return { status: 'wrong', sentence: `The image is signed ${OTHER_LAYOUT[settings.layout]}` };
  }
  if (signed !== undefined) {
    const { signer } = signed;
    const who = signer.by === 'key' ? `key ${signer.key} of the platform` : signer.subject;
    return { status: 'shown', sentence: `It is signed by ${who}` };
  }
  const foreign = refused.find(({ predicateType }) => predicateType === SIGN_V1);
  if (foreign !== undefined) {
    return { status: 'wrong', sentence: `The image's signature ${foreign.refusal}: let your build sign it` };
  }
  const others = claims.length > 0 ? ', only statements about it' : '';
  return {
    status: 'missing',
    sentence: `The image has no signature${others}: let your build sign it with \`cosign sign\``,
  };
}

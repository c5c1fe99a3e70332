import { type Checked, checkSigner } from '../signatures/check.ts';
import type { Piece } from '../signatures/pieces.ts';
import { readPiece, type SignedPiece } from '../signatures/read.ts';
import { SIGN_V1 } from '../signatures/statement.ts';
import type { EvidenceSettings, Trust } from '../signatures/trust.ts';
import type { Claim } from './claim.ts';
import { isReport } from './reports.ts';
import { isSbom, judgeSbom } from './sbom.ts';
import { isProvenance, judgeSource, type Subject } from './source.ts';
import type { Demand, Judgement, Verdict, VulnerabilityVerdict } from './verdict.ts';
import { judgeVulnerabilities } from './vulnerabilities.ts';

export interface Policy {
  readonly settings: EvidenceSettings;
  readonly trust: Trust;
}

/** What there is for an image, with who stands behind each piece. */
export interface Weighed {
  readonly claims: readonly Claim[];
  /** Statements about the image that nobody of the platform's has signed. */
  readonly refused: readonly { readonly predicateType: string; readonly refusal: string }[];
}

/** What a piece turns out to be; the same for the same bytes, image and trust. */
export type WeighedPiece = SignedPiece['statement'] & Pick<Claim, 'layout'> & Checked;

/** Null for a piece that cannot be read or is about something else. */
export function weighPiece(piece: Piece, digest: string, trust: Trust): WeighedPiece | null {
  const read = readPiece(piece, digest);
  if (typeof read === 'string') return null;
  return { ...read.statement, layout: piece.format === 'bundle' ? 'bundle' : 'older', ...checkSigner(read, trust) };
}

/** Tells apart what somebody of the platform's stands behind. */
export function weighed(pieces: readonly (WeighedPiece | null)[]): Weighed {
  return {
    claims: pieces.flatMap((one) => (one !== null && 'signer' in one ? [one] : [])),
    refused: pieces.flatMap((one) => (one !== null && 'refusal' in one ? [one] : [])),
  };
}

/**
 * Holds what a registry keeps for an image against the platform's demands. Pure: the same bytes, policy, subject and time
 * give the same verdicts. Pieces that nobody of the platform's has signed neither help nor hurt.
 *
 * @param now unix seconds
 */
export function judge(weighed: Weighed, { settings }: Policy, subject: Subject, now: number): Judgement {
  const { claims } = weighed;
  const judges: Record<Demand, () => VulnerabilityVerdict> = {
    // It was looked up by what is judged here.
    digest: () => ({ status: 'shown', sentence: 'It is named by its digest' }),
    signature: () => judgeSignature(weighed, settings),
    sbom: () => unlessRefused(judgeSbom(claims.filter(isReadInCluster(settings, 'sbom'))), weighed, isSbom),
    provenance: () => unlessRefused(judgeSource(claims, subject), weighed, isProvenance),
    vulnerabilities: () => unlessRefused(judgeVulnerabilities(claims, settings, now), weighed, isReport),
  };
  const verdicts = Object.fromEntries(settings.require.map((demand) => [demand, judges[demand]()]));
  const worst = (verdicts as Partial<Record<Demand, VulnerabilityVerdict>>).vulnerabilities?.worst;
  return { verdicts, ...(worst === undefined ? {} : { worst }) };
}

/** Says of a demand that nobody meets that somebody meant to, where that is so. */
function unlessRefused(verdict: Verdict, { refused }: Weighed, isMeant: (predicateType: string) => boolean): Verdict {
  const foreign =
    verdict.status === 'missing' ? refused.find(({ predicateType }) => isMeant(predicateType)) : undefined;
  if (foreign === undefined) return verdict;
  return { ...verdict, sentence: `${verdict.sentence} (there is one, whose signature ${foreign.refusal})` };
}

/** Whether what verifies images in the cluster, if anything does, can read a claim: what it refuses must not be committed. */
function isReadInCluster({ admission, verifier, layout }: EvidenceSettings, demand: 'signature' | 'sbom') {
  const isRead = admission === 'signatures' && (demand === 'signature' || verifier === 'kyverno');
  return (claim: Claim) => !isRead || claim.layout === layout;
}

const OTHER_LAYOUT = {
  bundle: "in cosign's older layout, which this cluster does not read: let your build sign it with cosign 3",
  older:
    'as a bundle, which this cluster does not read: let your build sign it with `cosign sign --new-bundle-format=false`',
} as const;

function judgeSignature({ claims, refused }: Weighed, settings: EvidenceSettings): Verdict {
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

import type { EvidenceByDigest, ImageEvidence } from '../../compile/evidence.ts';
import type { Evaluation } from '../../evidence/evaluate/verdict.ts';
import type { PullRequest } from '../../forge/forge.ts';
import type { NotedEvidence } from '../../model/evidence.ts';
import type { ImageReference } from '../../model/image.ts';
import type { Base, SyncContext } from './base.ts';

export type EvidenceState =
  | { readonly status: 'found'; readonly evidence: EvidenceByDigest }
  | { readonly status: 'unknown'; readonly reason: string };

/**
 * Evaluates the evidence of existing images, if the platform requires more than digests.
 *
 * @param images with their digests
 * @param head the commit they must be built for
 */
export async function evidenceState(
  { verifier, forge }: Pick<SyncContext, 'verifier' | 'forge'>,
  { trust, platform }: Pick<Base, 'trust' | 'platform'>,
  pull: PullRequest,
  head: string,
  images: readonly { readonly image: ImageReference; readonly digest: string }[],
): Promise<EvidenceState> {
  const evidence = new Map<string, ImageEvidence>();
  if (trust === null || verifier === undefined) return { status: 'found', evidence };
  const { id, path } = pull.repository;
  const subject = { repositoryId: id, repository: path, number: pull.number, head };
  const policy = { settings: platform.evidence, trust };
  const parentsOf = (commit: string) => forge.commitParents(pull.repository, commit);
  for (const { image, digest } of images) {
    const verified = await verifier.verify(image, digest, policy, subject, parentsOf);
    if (verified.status === 'unknown') return verified;
    evidence.set(digest, imageEvidence(verified));
  }
  return { status: 'found', evidence };
}

function imageEvidence({ verdicts, worst }: Evaluation): ImageEvidence {
  const isShown = (demand: keyof NotedEvidence) => verdicts[demand]?.status === 'shown';
  const noted: NotedEvidence = {
    ...(isShown('signature') && { signature: true }),
    ...(isShown('sbom') && { sbom: true }),
    ...(isShown('provenance') && { provenance: true }),
    ...(isShown('vulnerabilities') && worst !== undefined && { vulnerabilities: worst }),
  };
  const shown = Object.entries(verdicts).flatMap(([demand, { status, sentence }]) =>
    status === 'shown' && demand !== 'digest' ? [sentence] : [],
  );
  const wrong = Object.entries(verdicts).filter(([, { status }]) => status !== 'shown');
  return { noted, sentences: Object.fromEntries(wrong.map(([demand, { sentence }]) => [demand, sentence])), shown };
}

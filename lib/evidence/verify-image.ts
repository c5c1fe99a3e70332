import type { Clock } from '../core/clock.ts';
import type { ImageReference } from '../model/image.ts';
import { type EvidenceSource, gather } from './gather.ts';
import { judge, type Policy, type WeighedPiece, weigh, weighPiece } from './judge/judge.ts';
import { commitsToLookUp, type Subject } from './judge/source.ts';
import type { Judgement } from './judge/verdict.ts';
import type { Piece } from './signatures/pieces.ts';
import type { Trust } from './signatures/trust.ts';

export type Verified =
  | ({ readonly status: 'judged' } & Judgement)
  /** Not all could be read: nothing follows. */
  | { readonly status: 'unknown'; readonly reason: string };

/** The parents of a commit, in their order; null where the forge gives no answer. */
export type ParentsOf = (commit: string) => Promise<readonly string[] | null>;

/** Holds images against a platform's demands. */
export interface ImageVerifier {
  /** Never throws for what registry and forge answer. */
  verify(
    image: ImageReference,
    digest: string,
    policy: Policy,
    subject: Omit<Subject, 'mergeParents'>,
    parentsOf: ParentsOf,
  ): Promise<Verified>;
}

/** Bytes of what is remembered, and the number of verdicts. */
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_VERDICTS = 5000;

/**
 * Asks the registry anew what belongs to an image, each time. Blobs are remembered by their digest, and what the signatures
 * on them are worth by blob, image and trust, since neither can change.
 */
export function createVerifier(source: EvidenceSource, clock: Clock): ImageVerifier {
  const blobs = new Map<string, Uint8Array>();
  const verdicts = new Map<string, WeighedPiece | null>();
  let bytes = 0;
  const remember = (pieces: readonly Piece[]) => {
    for (const piece of pieces) {
      if (blobs.has(piece.digest) || bytes + piece.bytes.length > MAX_BYTES) continue;
      blobs.set(piece.digest, piece.bytes);
      bytes += piece.bytes.length;
    }
  };
  const weighOnce = (piece: Piece, digest: string, trust: Trust): WeighedPiece | null => {
    // In the older layout the signature stands beside the blob.
    const beside = piece.format === 'bundle' ? '' : JSON.stringify(piece.annotations);
    const key = [piece.format, piece.digest, digest, trust.id, beside].join(' ');
    const known = verdicts.get(key);
    if (known !== undefined) return known;
    const weighed = weighPiece(piece, digest, trust);
    if (verdicts.size < MAX_VERDICTS) verdicts.set(key, weighed);
    return weighed;
  };
  return {
    async verify(image, digest, policy, named, parentsOf) {
      const gathered = await gather(source, image, digest, blobs);
      if (gathered.status === 'unknown') return gathered;
      remember(gathered.evidence.pieces);
      const weighed = weigh(gathered.evidence, policy.trust, weighOnce);
      const mergeParents = new Map<string, readonly string[]>();
      const subject = { ...named, mergeParents };
      if (policy.settings.require.includes('provenance')) {
        for (const commit of commitsToLookUp(weighed.claims, subject)) {
          const parents = await parentsOf(commit);
          if (parents === null)
            return { status: 'unknown', reason: 'the commit that the image was built from cannot be looked up' };
          mergeParents.set(commit, parents);
        }
      }
      return { status: 'judged', ...judge(weighed, policy, subject, clock()) };
    },
  };
}

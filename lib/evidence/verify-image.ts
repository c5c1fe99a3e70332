import type { Clock } from '../core/clock.ts';
import type { ImageReference } from '../model/image.ts';
import { cachedSource } from './cached-source.ts';
import type { ContentCache } from './content-folder.ts';
import { type EvidenceSource, gather, type Place } from './gather.ts';
import { judge, type Policy, type Weighed, type WeighedPiece, weighed, weighPiece } from './judge/judge.ts';
import { commitsToLookUp, type Subject } from './judge/source.ts';
import type { Judgement } from './judge/verdict.ts';
import { Recent } from './recent.ts';
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

/** Of the pieces whose worth is remembered. */
const MAX_WEIGHED_BYTES = 64 * 1024 * 1024;
/** What remembering one costs beside its bytes. */
const ENTRY_BYTES = 1024;

/**
 * Asks the registry anew what belongs to an image, each time. What is named by its digest is read once, and what the
 * signatures on it are worth is remembered by blob, image and trust, since neither can change.
 *
 * @param kept for later runs: bytes, never what they are worth. @default - nothing is kept
 */
export function createVerifier(registry: EvidenceSource, clock: Clock, kept?: ContentCache): ImageVerifier {
  const source = cachedSource(registry, kept);
  const worths = new Recent<{ readonly worth: WeighedPiece | null }>(MAX_WEIGHED_BYTES);
  const weighOnce = (piece: Piece, digest: string, trust: Trust): WeighedPiece | null => {
    // In the older layout the signature stands beside the blob.
    const beside = piece.format === 'bundle' ? '' : JSON.stringify(piece.annotations);
    const key = [piece.format, piece.digest, digest, trust.id, beside].join(' ');
    const known = worths.get(key);
    if (known !== undefined) return known.worth;
    const worth = weighPiece(piece, digest, trust);
    worths.set(key, { worth }, piece.bytes.length + ENTRY_BYTES);
    return worth;
  };
  return {
    async verify(image, digest, policy, named, parentsOf) {
      const pieces: (WeighedPiece | null)[] = [];
      let verified: Verified | null = null;
      for (const places of placesFor(policy)) {
        const gathered = await gather(source, image, digest, places);
        if (gathered.status === 'unknown') return gathered;
        pieces.push(...gathered.pieces.map((piece) => weighOnce(piece, digest, policy.trust)));
        verified = await judgeAll(weighed(pieces), policy, named, parentsOf, clock());
        if (verified.status === 'unknown' || isAllShown(verified)) break;
      }
      return verified ?? { status: 'unknown', reason: 'nothing was asked' };
    },
  };
}

/**
 * Where to look, and where to look only when that does not show all that is demanded. The older layout has a tag for
 * signatures, which say the same however many there are, and one for statements, of which the newest counts.
 */
function placesFor({ settings: { require } }: Policy): readonly (readonly Place[])[] {
  const wantsStatements = require.some((demand) => demand !== 'digest' && demand !== 'signature');
  return [wantsStatements ? ['referrers', 'att'] : ['referrers'], ['sig']];
}

function isAllShown(verified: Verified): boolean {
  return verified.status === 'judged' && Object.values(verified.verdicts).every(({ status }) => status === 'shown');
}

async function judgeAll(
  found: Weighed,
  policy: Policy,
  named: Omit<Subject, 'mergeParents'>,
  parentsOf: ParentsOf,
  now: number,
): Promise<Verified> {
  const mergeParents = new Map<string, readonly string[]>();
  const subject = { ...named, mergeParents };
  if (policy.settings.require.includes('provenance')) {
    for (const commit of commitsToLookUp(found.claims, subject)) {
      const parents = await parentsOf(commit);
      if (parents === null) {
        return { status: 'unknown', reason: 'the commit that the image was built from cannot be looked up' };
      }
      mergeParents.set(commit, parents);
    }
  }
  return { status: 'judged', ...judge(found, policy, subject, now) };
}

import type { Clock } from '../core/clock.ts';
import type { ImageReference } from '../model/image.ts';
import { cachedSource } from './cached-source.ts';
import type { ContentCache } from './content-folder.ts';
import {
  type CheckedPiece,
  type CheckedPieces,
  checked,
  checkPiece,
  evaluate,
  type Policy,
} from './evaluate/evaluate.ts';
import { type BuildSubject, commitsToLookUp } from './evaluate/source.ts';
import type { Evaluation } from './evaluate/verdict.ts';
import { type EvidenceLocation, type EvidenceSource, gather } from './gather.ts';
import { type Pinned, readAhead } from './read-ahead.ts';
import { Recent } from './recent.ts';
import type { Piece } from './signatures/pieces.ts';
import type { Trust } from './signatures/trust.ts';

export type Verified =
  | ({ readonly status: 'evaluated' } & Evaluation)
  /** Not everything could be read, so nothing is known. */
  | { readonly status: 'unknown'; readonly reason: string };

/** The parents of a commit, in order; null if the forge does not answer. */
export type ParentsOf = (commit: string) => Promise<readonly string[] | null>;

/** Verifies images against a platform's demands. */
export interface ImageVerifier {
  /** Never throws because of answers of the registry or the forge. */
  verify(
    image: ImageReference,
    digest: string,
    policy: Policy,
    subject: Omit<BuildSubject, 'mergeParents'>,
    parentsOf: ParentsOf,
  ): Promise<Verified>;
  /** The same verifier for one run over many images: it starts to read what is listed about these. */
  readingAhead(soon: readonly Pinned[], policy: Policy): Promise<ImageVerifier>;
}

/** Size limit of the cache of checked pieces. */
const MAX_CHECKED_BYTES = 64 * 1024 * 1024;
/** Overhead of a cache entry. */
const ENTRY_BYTES = 1024;

/**
 * Lists the evidence of an image in the registry each time. Content is cached by digest, and a checked signature by
 * blob, image and trust, since both cannot change.
 *
 * @param kept cache of content for later runs, never of results. @default - none
 */
export function createVerifier(registry: EvidenceSource, clock: Clock, kept?: ContentCache): ImageVerifier {
  const source = cachedSource(registry, kept);
  const results = new Recent<{ readonly result: CheckedPiece | null }>(MAX_CHECKED_BYTES);
  const checkOnce = (piece: Piece, digest: string, trust: Trust): CheckedPiece | null => {
    // In the older layout the signature is outside the blob.
    const beside = piece.format === 'bundle' ? '' : JSON.stringify(piece.annotations);
    const key = [piece.format, piece.digest, digest, trust.id, beside].join(' ');
    const known = results.get(key);
    if (known !== undefined) return known.result;
    const result = checkPiece(piece, digest, trust);
    results.set(key, { result }, piece.bytes.length + ENTRY_BYTES);
    return result;
  };
  const over = (evidence: EvidenceSource): ImageVerifier => ({
    readingAhead: async (soon, policy) => over(readAhead(evidence, soon, placesFor(policy)[0])),
    async verify(image, digest, policy, named, parentsOf) {
      const pieces: (CheckedPiece | null)[] = [];
      let verified: Verified | null = null;
      for (const places of placesFor(policy)) {
        const gathered = await gather(evidence, image, digest, places);
        if (gathered.status === 'unknown') return gathered;
        pieces.push(...gathered.pieces.map((piece) => checkOnce(piece, digest, policy.trust)));
        verified = await evaluateAll(checked(pieces), policy, named, parentsOf, clock());
        if (verified.status === 'unknown' || isAllShown(verified)) break;
      }
      return verified ?? { status: 'unknown', reason: 'nothing was requested' };
    },
  });
  return over(source);
}

/**
 * Groups of locations, in the order in which they are tried until all demands are met. The older layout has one tag for
 * statements and one for signatures, which are read last since they may be unnecessary. But of all reports the newest
 * counts, so where reports are required the statements of both layouts are read.
 */
function placesFor({
  settings: { require },
}: Policy): readonly [readonly EvidenceLocation[], readonly EvidenceLocation[]] {
  if (require.includes('vulnerabilities')) return [['referrers', 'att'], ['sig']];
  const wantsStatements = require.includes('sbom') || require.includes('provenance');
  return [['referrers'], wantsStatements ? ['att', 'sig'] : ['sig']];
}

function isAllShown(verified: Verified): boolean {
  return verified.status === 'evaluated' && Object.values(verified.verdicts).every(({ status }) => status === 'shown');
}

async function evaluateAll(
  found: CheckedPieces,
  policy: Policy,
  named: Omit<BuildSubject, 'mergeParents'>,
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
  return { status: 'evaluated', ...evaluate(found, policy, subject, now) };
}

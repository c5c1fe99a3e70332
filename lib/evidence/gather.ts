import type { ImageReference } from '../model/image.ts';
import type { RegistryClient } from './registry/client.ts';
import type { RegistryAnswer } from './registry/failure.ts';
import { type Descriptor, type Manifest, manifestsOf, referrersTag } from './registry/manifests.ts';
import { type Piece, pieceFormatOf } from './signatures/pieces.ts';

export type EvidenceSource = Pick<RegistryClient, 'manifest' | 'blob' | 'referrers'>;

export type Gathered =
  | { readonly status: 'found'; readonly pieces: readonly Piece[] }
  /** Something could not be read, or there is too much of it: then the rest proves nothing. */
  | { readonly status: 'unknown'; readonly reason: string };

/** Limit for one piece; the SBOM of a large image may need much of it. */
const MAX_PIECE_BYTES = 32 * 1024 * 1024;
/** Limit for all pieces together. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Scans pile up, since they are added and not replaced. */
const MAX_PIECES = 100;
const AT_ONCE = 6;

/** Where a registry stores evidence: as referrers of the image (API or tag), or at the tags of cosign's older layout. */
export type EvidenceLocation = 'referrers' | 'sig' | 'att';

/**
 * Reads all evidence of an image at these locations. The kind of a piece is found from its layers, since registries set
 * artifact types differently.
 *
 * @param digest the digest of the image
 */
export async function gather(
  source: EvidenceSource,
  image: ImageReference,
  digest: string,
  places: readonly EvidenceLocation[],
): Promise<Gathered> {
  try {
    const layers = await Promise.all(places.map((place) => layersAt(place, source, image, digest)));
    const wanted = layers.flat().filter(({ mediaType }) => pieceFormatOf(mediaType) !== undefined);
    if (wanted.length > MAX_PIECES) throw new Unread(`${wanted.length} pieces of evidence for the image are too many`);
    const size = wanted.reduce((sum, layer) => sum + layer.size, 0);
    if (size > MAX_BYTES) throw new Unread(`the evidence for the image has ${size} bytes, which is too much`);
    const pieces = await inTurns(wanted, async (layer) => {
      if (layer.size > MAX_PIECE_BYTES)
        throw new Unread(`a piece of evidence for the image has ${layer.size} bytes, which is too much`);
      // The listed size is only a claim, so it is the limit for reading, too.
      const bytes = found(await source.blob(image, layer, layer.size));
      return bytes === undefined ? [] : [pieceOf(layer, bytes)];
    });
    return { status: 'found', pieces: pieces.flat() };
  } catch (error) {
    if (error instanceof Unread) return { status: 'unknown', reason: error.message };
    throw error;
  }
}

async function layersAt(place: EvidenceLocation, source: EvidenceSource, image: ImageReference, digest: string) {
  if (place === 'referrers') return referredLayers(source, image, digest);
  const { repository } = image;
  return layersIn(await source.manifest({ repository, tag: `${referrersTag(digest)}.${place}` }));
}

async function referredLayers(source: EvidenceSource, image: ImageReference, digest: string) {
  const referrers = found(await source.referrers(image, digest)) ?? [];
  if (referrers.length > MAX_PIECES)
    throw new Unread(`${referrers.length} manifests refer to the image, which is too many`);
  const layers = await inTurns(referrers, async (descriptor) => {
    const all = layersIn(await source.manifest({ repository: image.repository, digest: descriptor.digest }));
    // A bundle is alone in its manifest; cosign reads none where there is more.
    return all.filter(({ mediaType }) => all.length === 1 || pieceFormatOf(mediaType) !== 'bundle');
  });
  return layers.flat();
}

/** Only used in this file. */
class Unread extends Error {}

/** Undefined if it is missing: lists may name things that were removed. */
function found<T>(answer: RegistryAnswer<T>): T | undefined {
  if (answer.status === 'found') return answer.value;
  if (answer.status === 'missing' || answer.isVague === true) return undefined;
  throw new Unread(answer.reason);
}

function layersIn(answer: RegistryAnswer<Manifest>): readonly Descriptor[] {
  const manifest = found(answer);
  if (manifest === undefined) return [];
  const { layers } = manifest;
  // An index that refers to the image is ignored.
  if (layers === null && manifestsOf(manifest.bytes) === null)
    throw new Unread('a manifest that refers to the image is malformed');
  return layers ?? [];
}

function pieceOf({ mediaType, digest, annotations }: Descriptor, bytes: Uint8Array): Piece {
  const format = pieceFormatOf(mediaType);
  return format === 'signature' || format === 'attestation'
    ? { format, digest, bytes, annotations: annotations ?? {} }
    : { format: 'bundle', digest, bytes };
}

/** A few at a time, since registries have rate limits. Returns the results in the order of the items. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(i, i + AT_ONCE).map(work))));
  }
  return results;
}

import type { ImageReference } from '../model/image.ts';
import type { RegistryClient } from './registry/client.ts';
import type { Answer } from './registry/failure.ts';
import { type Descriptor, layersOf, manifestsOf, referrersTag } from './registry/manifests.ts';
import { formatOf, type Piece } from './signatures/pieces.ts';

export type EvidenceSource = Pick<RegistryClient, 'manifest' | 'blob' | 'referrers'>;

export type Gathered =
  | { readonly status: 'found'; readonly pieces: readonly Piece[] }
  /** Something could not be read, or there is more than anybody needs: nothing follows from what was. */
  | { readonly status: 'unknown'; readonly reason: string };

/** Of one piece; a list of the parts of a large image comes to some of it. */
const MAX_PIECE_BYTES = 32 * 1024 * 1024;
/** Of all pieces together. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Scans pile up, since nobody replaces them; a hundred are half a year of nightly ones. */
const MAX_PIECES = 100;
const AT_ONCE = 6;

/** Where signed things lie: what refers to the image, by the API or its tag, and the tags of cosign's older layout. */
export type Place = 'referrers' | 'sig' | 'att';

/**
 * Reads all that a registry keeps for an image at these places and that may be signed. What is there is told by its layers:
 * registries and tag schema fill in artifact types differently.
 *
 * @param image whose digest is known
 */
export async function gather(
  source: EvidenceSource,
  image: ImageReference,
  digest: string,
  places: readonly Place[],
): Promise<Gathered> {
  try {
    const layers = await Promise.all(places.map((place) => layersAt(place, source, image, digest)));
    const wanted = layers.flat().filter(({ mediaType }) => formatOf(mediaType) !== undefined);
    if (wanted.length > MAX_PIECES) throw new Unread(`${wanted.length} things are signed about the image`);
    const size = wanted.reduce((sum, layer) => sum + layer.size, 0);
    if (size > MAX_BYTES) throw new Unread(`what is signed about the image comes to ${size} bytes`);
    const pieces = await inTurns(wanted, async (layer) => {
      if (layer.size > MAX_PIECE_BYTES) throw new Unread(`a thing beside the image holds ${layer.size} bytes`);
      // No more than was counted: a size in a list is only a claim.
      const bytes = found(await source.blob(image, layer, layer.size));
      return bytes === undefined ? [] : [pieceOf(layer, bytes)];
    });
    return { status: 'found', pieces: pieces.flat() };
  } catch (error) {
    if (error instanceof Unread) return { status: 'unknown', reason: error.message };
    throw error;
  }
}

async function layersAt(place: Place, source: EvidenceSource, image: ImageReference, digest: string) {
  if (place === 'referrers') return referredLayers(source, image, digest);
  const { repository } = image;
  return layersIn(await source.manifest({ repository, tag: `${referrersTag(digest)}.${place}` }));
}

async function referredLayers(source: EvidenceSource, image: ImageReference, digest: string) {
  const referrers = found(await source.referrers(image, digest)) ?? [];
  if (referrers.length > MAX_PIECES) throw new Unread(`${referrers.length} things refer to the image`);
  const layers = await inTurns(referrers, async (descriptor) =>
    layersIn(await source.manifest({ repository: image.repository, digest: descriptor.digest })),
  );
  return layers.flat();
}

/** Inside this file. */
class Unread extends Error {}

/** Undefined for what is not there: lists name things that were removed since. */
function found<T>(answer: Answer<T>): T | undefined {
  if (answer.status === 'found') return answer.value;
  if (answer.status === 'missing' || answer.isVague === true) return undefined;
  throw new Unread(answer.reason);
}

function layersIn(answer: Answer<{ readonly bytes: Uint8Array }>): readonly Descriptor[] {
  const manifest = found(answer);
  if (manifest === undefined) return [];
  const layers = layersOf(manifest.bytes);
  // Somebody's index that refers to the image is no piece of ours.
  if (layers === null && manifestsOf(manifest.bytes) === null)
    throw new Unread('a manifest beside the image is malformed');
  return layers ?? [];
}

function pieceOf({ mediaType, digest, annotations }: Descriptor, bytes: Uint8Array): Piece {
  const format = formatOf(mediaType);
  return format === 'signature' || format === 'attestation'
    ? { format, digest, bytes, annotations: annotations ?? {} }
    : { format: 'bundle', digest, bytes };
}

/** Some at a time, since registries count. Gives the results in the order of the items. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(i, i + AT_ONCE).map(work))));
  }
  return results;
}

import type { FileSet } from '../core/fileset.ts';
import { formatImage, type ImageReference, isInRegistries, parseImage } from '../model/image.ts';
import type { Loaded } from '../model/load.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import type { PreviewRecord } from '../model/record.ts';
import { itemPaths, valueAt } from '../policies/paths.ts';
import { CONTAINERS, VOLUMES } from '../policies/rule.ts';
import { appsOf } from './apps.ts';
import { parseManifests } from './manifests.ts';

/** The commit that a platform's tag rule makes tags of. */
export interface TagContext {
  /** Number of the pull request. */
  readonly number: number;
  readonly headSha: string;
}

/** The image that a preview file names, with the platform's tag where it names none; a sentence where it is no image. */
export function taggedImage(text: string, platform: PlatformSpec, context: TagContext): ImageReference | string {
  const image = parseImage(text);
  if (typeof image === 'string' || image.tag !== undefined || image.digest !== undefined) return image;
  return { ...image, tag: tagOf(platform, context) };
}

function tagOf(platform: PlatformSpec, { number, headSha }: TagContext): string {
  return platform.tag
    .replaceAll('{number}', String(number))
    .replaceAll('{sha7}', headSha.slice(0, 7))
    .replaceAll('{sha}', headSha);
}

/**
 * Whether an image's name says which commit it holds: only the platform's tag rule can make it so. What a file names by
 * a tag or digest of its own stays the same from commit to commit.
 */
export function namesCommit(text: string, { tag }: Pick<PlatformSpec, 'tag'>): boolean {
  const image = parseImage(text);
  return typeof image !== 'string' && image.tag === undefined && image.digest === undefined && /\{sha7?\}/.test(tag);
}

/** The images of a preview file that are named by a tag, each once, the first app's first; what is no image is left out. */
export function taggedImages(
  preview: Pick<Preview, 'spec'>,
  platform: PlatformSpec,
  context: TagContext,
): ImageReference[] {
  const images = appsOf(preview).map(({ spec }) => taggedImage(spec.image, platform, context));
  const tagged = images.filter((image) => typeof image !== 'string').filter(({ digest }) => digest === undefined);
  return [...new Map(tagged.map((image) => [formatImage(image), image])).values()];
}

/**
 * What the tags of a preview's images stand for, as its record remembers it; empty where it remembers none.
 *
 * @param preview the file that the record was written from
 */
export function recordedDigests(
  record: PreviewRecord,
  preview: Pick<Preview, 'spec'>,
  platform: PlatformSpec,
): ReadonlyMap<string, string> {
  const context = { number: record.identity.number, headSha: record.headSha };
  const first = taggedImage(preview.spec.image, platform, context);
  const ofFirst =
    typeof first === 'string' || first.digest !== undefined ? [] : [[formatImage(first), record.imageDigest]];
  const all = [...ofFirst, ...Object.entries(record.images ?? {})] as [string, string | null][];
  return new Map(all.filter((entry): entry is [string, string] => entry[1] !== null));
}

/** The images of a pod or pod template, of all its containers and of volumes that are images; as they are written. */
export function podImages(object: unknown): string[] {
  const containers = itemPaths(object, CONTAINERS).map((path) => valueAt(object, [...path, 'image']));
  const volumes = itemPaths(object, VOLUMES).map((path) => valueAt(object, [...path, 'image', 'reference']));
  return [...containers, ...volumes].filter((image) => typeof image === 'string');
}

/** The images of a preview file about whose digest a registry is asked; none where the platform asks for no evidence. */
export function imagesWithoutDigest(
  preview: Pick<Preview, 'spec'>,
  platform: PlatformSpec,
  context: TagContext,
): ImageReference[] {
  if (platform.evidence.require.length === 0) return [];
  return taggedImages(preview, platform, context).filter((image) => isInRegistries(image, platform.registries));
}

/**
 * The images of a preview about which a registry may be asked: those of its apps, with the platform's tag where they name
 * none, of its services, and those that its own manifests name by digest. A wrong reference, one of a registry that may not be used, and a
 * tag in a manifest are for the compiler and the rules to refuse: no stranger is asked.
 *
 * @throws GreenroomError `invalid-input` for manifests that are none
 */
export function imagesToLookUp(
  preview: Loaded<Preview>,
  manifests: FileSet | null,
  platform: PlatformSpec,
  context: TagContext,
): ReadonlyMap<string, ImageReference> {
  const named = parseManifests(preview, manifests)
    .flatMap(({ value }) => podImages(value))
    .map(parseImage)
    .filter((image) => typeof image !== 'string' && image.digest !== undefined);
  const own = appsOf(preview.value).map(({ spec }) => taggedImage(spec.image, platform, context));
  const services = Object.values(preview.value.spec.resources).flatMap(({ type }) => {
    const image = Object.hasOwn(platform.services, type) ? platform.services[type]?.image : undefined;
    return image === undefined ? [] : [parseImage(image)];
  });
  const images = [...own, ...services, ...named].filter((image) => typeof image !== 'string');
  return new Map(
    images.filter((image) => isInRegistries(image, platform.registries)).map((image) => [formatImage(image), image]),
  );
}

import type { FileSet } from '../core/fileset.ts';
import { formatImage, type ImageReference, isInRegistries, parseImage } from '../model/image.ts';
import type { Loaded } from '../model/load.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import { appsOf } from './apps.ts';
import { podImages, type TagContext, taggedImage, taggedImages } from './images.ts';
import { parseManifests } from './manifests.ts';

/**
 * The images of a preview file whose digest must be looked up in a registry; none if the platform requires no evidence.
 */
export function imagesWithoutDigest(
  preview: Pick<Preview, 'spec'>,
  platform: PlatformSpec,
  context: TagContext,
): ImageReference[] {
  if (platform.evidence.require.length === 0) return [];
  return taggedImages(preview, platform, context).filter((image) => isInRegistries(image, platform.registries));
}

/**
 * The images of a preview that may be looked up in a registry: those of its apps (with the platform's tag if they have
 * none), of its services, and those in its own manifests with a digest. The compiler and the rules refuse invalid
 * references, registries that are not allowed, and tags in manifests. Unknown registries are never contacted.
 *
 * @throws GreenroomError `invalid-input` for invalid manifests
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

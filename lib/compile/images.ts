import type { FileSet } from '../core/fileset.ts';
import { formatImage, type ImageReference, isInRegistries, parseImage } from '../model/image.ts';
import type { Loaded } from '../model/load.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import { itemPaths, valueAt } from '../policies/paths.ts';
import { CONTAINERS, VOLUMES } from '../policies/rule.ts';
import { readManifests } from './manifests.ts';
import { type ResolveContext, taggedImage } from './resolve.ts';

/** The images of a pod or pod template, of all its containers and of volumes that are images; as they are written. */
export function podImages(object: unknown): string[] {
  const containers = itemPaths(object, CONTAINERS).map((path) => valueAt(object, [...path, 'image']));
  const volumes = itemPaths(object, VOLUMES).map((path) => valueAt(object, [...path, 'image', 'reference']));
  return [...containers, ...volumes].filter((image) => typeof image === 'string');
}

/** Whether a registry is asked for the digest that a preview's own image stands for. */
export function needsDigest(
  platform: PlatformSpec,
  text: string,
  context: Pick<ResolveContext, 'number' | 'headSha'>,
): boolean {
  const image = taggedImage(text, platform, context);
  if (platform.evidence.require.length === 0 || typeof image === 'string') return false;
  return image.digest === undefined && isInRegistries(image, platform.registries);
}

/**
 * The images of a preview about which a registry may be asked: its own, with the platform's tag where it names none, and
 * those that its own manifests name by digest. A wrong reference, one of a registry that may not be used, and a tag in a
 * manifest are for the compiler and the rules to refuse: no stranger is asked.
 *
 * @throws GreenroomError `invalid-input` for manifests that are none
 */
export function imagesToLookUp(
  preview: Loaded<Preview>,
  manifests: FileSet | null,
  platform: PlatformSpec,
  context: Pick<ResolveContext, 'number' | 'headSha'>,
): ReadonlyMap<string, ImageReference> {
  const named = readManifests(preview, manifests, '')
    .flatMap(({ object }) => podImages(object))
    .map(parseImage)
    .filter((image) => typeof image !== 'string' && image.digest !== undefined);
  const own = taggedImage(preview.value.spec.image, platform, context);
  const images = [own, ...named].filter((image) => typeof image !== 'string');
  return new Map(
    images.filter((image) => isInRegistries(image, platform.registries)).map((image) => [formatImage(image), image]),
  );
}

import { valueAt } from '../core/json.ts';
import { formatImage, type ImageReference, parseImage } from '../model/image.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import type { PreviewRecord } from '../model/record.ts';
import { itemPaths } from '../policies/paths.ts';
import { CONTAINERS, VOLUMES } from '../policies/rule.ts';
import { appsOf } from './apps.ts';

/** Values for the platform's tag rule: the number of the pull request and the head commit. */
export interface TagContext {
  readonly number: number;
  readonly headSha: string;
}

/**
 * The image that a preview file names, with the platform's tag if it has none; a sentence if the reference is invalid.
 */
export function taggedImage(text: string, platform: PlatformSpec, context: TagContext): ImageReference | string {
  const image = parseImage(text);
  if (typeof image === 'string' || image.tag !== undefined || image.digest !== undefined) return image;
  return { ...image, tag: tagOf(platform, context) };
}

/** The platform's tag for an image of a commit. */
export function tagOf(platform: Pick<PlatformSpec, 'tag'>, { number, headSha }: TagContext): string {
  return platform.tag
    .replaceAll('{number}', String(number))
    .replaceAll('{sha7}', headSha.slice(0, 7))
    .replaceAll('{sha}', headSha);
}

/**
 * Whether the image name contains the commit. Only the platform's tag rule can do that: a tag or digest in the file
 * stays the same from commit to commit.
 */
export function namesCommit(text: string, { tag }: Pick<PlatformSpec, 'tag'>): boolean {
  const image = parseImage(text);
  return typeof image !== 'string' && image.tag === undefined && image.digest === undefined && /\{sha7?\}/.test(tag);
}

/** The images of a preview file with a tag, without duplicates, first app first. Invalid references are left out. */
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
 * Digests of a preview's image tags, as stored in its record; empty if none are stored.
 *
 * @param preview the file from which the record was made
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

/** Images of a running preview by their digests, as far as its record tells. */
export function recordedImages(
  record: Pick<PreviewRecord, 'image' | 'images'>,
): { image: ImageReference; digest: string }[] {
  const named: [string, string | undefined][] = [[record.image, undefined], ...Object.entries(record.images ?? {})];
  return named.flatMap(([text, resolved]) => {
    const image = parseImage(text);
    const digest = typeof image === 'string' ? undefined : (image.digest ?? resolved);
    return typeof image === 'string' || digest === undefined ? [] : [{ image, digest }];
  });
}

/** The images of a pod or pod template, as written: those of all containers and of image volumes. */
export function podImages(object: unknown): string[] {
  const containers = itemPaths(object, CONTAINERS).map((path) => valueAt(object, [...path, 'image']));
  const volumes = itemPaths(object, VOLUMES).map((path) => valueAt(object, [...path, 'image', 'reference']));
  return [...containers, ...volumes].filter((image) => typeof image === 'string');
}

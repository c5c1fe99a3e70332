import { invalidInput, type Problem } from '../core/errors.ts';
import { type ImageReference, parseImage } from '../model/image.ts';
import type { Loaded } from '../model/load.ts';
import type { Cluster, PlatformSize, PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import { hasLabel } from '../model/pull-labels.ts';
import { durationSeconds } from '../model/scalars.ts';

/** What a preview file means on this platform for this commit. */
export interface Resolved {
  readonly size: PlatformSize;
  /** As deployed: with a tag or a digest. */
  readonly image: ImageReference;
  readonly cluster: Cluster;
}

export interface ResolveContext {
  readonly owner: string;
  readonly repository: string;
  readonly number: number;
  readonly headSha: string;
  readonly labels: readonly string[];
  /** What the image's tag stands for. @default - not asked: the tag stays */
  readonly digest?: string | undefined;
}

/**
 * Holds the maker's words against the platform's.
 *
 * @throws GreenroomError `invalid-input` with every problem of the file and its place
 */
export function resolve(preview: Loaded<Preview>, platform: PlatformSpec, context: ResolveContext): Resolved {
  const problems: Problem[] = [];
  const spec = preview.value.spec;
  const complain = (path: readonly string[], message: string) => {
    const place = preview.positions.of(['spec', ...path]);
    problems.push({ ...place, field: ['spec', ...path].join('.'), message });
  };

  const size = Object.hasOwn(platform.sizes, spec.size) ? platform.sizes[spec.size] : undefined;
  if (size === undefined) {
    const names = Object.keys(platform.sizes).join(', ');
    complain(['size'], `is not a size of this platform; found "${spec.size}", allowed are ${names}`);
  }

  if (spec.ttl !== undefined && durationSeconds(spec.ttl) > durationSeconds(platform.ttl.max)) {
    complain(['ttl'], `is longer than previews may live here; found ${spec.ttl}, the most is ${platform.ttl.max}`);
  }

  const prefix = secretPrefix(platform, context);
  for (const [name, reference] of Object.entries(spec.secrets)) {
    if (!reference.startsWith(prefix) || /(^|\/)\.{0,2}(\/|$)/.test(reference.slice(prefix.length))) {
      complain(['secrets', name], `must be a reference under ${prefix}, the place of this repository's secrets`);
    }
  }

  const image = taggedImage(spec.image, platform, context);
  if (typeof image === 'string') {
    complain(['image'], `${image}; a reference looks like ${platform.registries[0]}/app`);
  }

  if (problems.length > 0 || size === undefined || typeof image === 'string') throw invalidInput(problems);
  const digest = image.digest ?? context.digest;
  return {
    size,
    image: { ...image, ...(digest === undefined ? {} : { digest }) },
    cluster: chooseCluster(platform.clusters, preview.value, context.labels, preview),
  };
}

/** `acme/shop/`: every secret reference of the repository starts with it. */
export function secretPrefix(platform: PlatformSpec, context: Pick<ResolveContext, 'owner' | 'repository'>): string {
  return platform.secrets.prefix.replaceAll('{owner}', context.owner).replaceAll('{repo}', context.repository);
}

/** The image that a preview file names, with the platform's tag where it names none; a sentence where it is no image. */
export function taggedImage(
  text: string,
  platform: PlatformSpec,
  context: Pick<ResolveContext, 'number' | 'headSha'>,
): ImageReference | string {
  const image = parseImage(text);
  if (typeof image === 'string' || image.tag !== undefined || image.digest !== undefined) return image;
  return { ...image, tag: tagOf(platform, context) };
}

function tagOf(platform: PlatformSpec, { number, headSha }: Pick<ResolveContext, 'number' | 'headSha'>): string {
  return platform.tag
    .replaceAll('{number}', String(number))
    .replaceAll('{sha7}', headSha.slice(0, 7))
    .replaceAll('{sha}', headSha);
}

function chooseCluster(
  clusters: readonly Cluster[],
  { spec }: Preview,
  labels: readonly string[],
  source: Loaded<Preview>,
): Cluster {
  const found = clusters.find(
    ({ when }) =>
      when === undefined ||
      ((when.sizes === undefined || when.sizes.includes(spec.size)) &&
        (when.templates === undefined || when.templates.includes(spec.template)) &&
        (when.labels === undefined || when.labels.some((label) => hasLabel(labels, label)))),
  );
  if (found !== undefined) return found;
  throw invalidInput([
    {
      ...source.positions.of(['spec', 'size']),
      field: 'spec.size',
      message: `no cluster of this platform takes a ${spec.template} of size ${spec.size}`,
    },
  ]);
}

import { invalidInput, type Problem } from '../core/errors.ts';
import { formatImage, parseImage } from '../model/image.ts';
import type { Loaded } from '../model/load.ts';
import type { Cluster, PlatformSize, PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import { durationSeconds } from '../model/scalars.ts';

/** What a preview file means on this platform for this commit. */
export interface Resolved {
  readonly size: PlatformSize;
  /** As deployed: with a tag or a digest. */
  readonly image: string;
  readonly imageDigest: string | null;
  readonly cluster: Cluster;
}

export interface ResolveContext {
  readonly owner: string;
  readonly repository: string;
  readonly number: number;
  readonly headSha: string;
  readonly labels: readonly string[];
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

  const parsed = parseImage(spec.image);
  if (typeof parsed === 'string') {
    complain(['image'], `${parsed}; a reference looks like ${platform.registries[0]}/app`);
  }

  if (problems.length > 0 || size === undefined || typeof parsed === 'string') throw invalidInput(problems);
  const tagged =
    parsed.tag === undefined && parsed.digest === undefined ? { ...parsed, tag: tagOf(platform, context) } : parsed;
  return {
    size,
    image: formatImage(tagged),
    imageDigest: parsed.digest ?? null,
    cluster: chooseCluster(platform.clusters, preview.value, context.labels, preview),
  };
}

/** `acme/shop/`: every secret reference of the repository starts with it. */
export function secretPrefix(platform: PlatformSpec, context: Pick<ResolveContext, 'owner' | 'repository'>): string {
  return platform.secrets.prefix.replaceAll('{owner}', context.owner).replaceAll('{repo}', context.repository);
}

function tagOf(platform: PlatformSpec, { number, headSha }: ResolveContext): string {
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
        (when.labels === undefined || when.labels.some((label) => labels.includes(label)))),
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

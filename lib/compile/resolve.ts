import { invalidInput, type Problem } from '../core/errors.ts';
import { formatImage, type ImageReference } from '../model/image.ts';
import { fieldName, type Loaded } from '../model/load.ts';
import { takes } from '../model/platform/clusters.ts';
import type { Cluster, PlatformSize, PlatformSpec } from '../model/platform.ts';
import type { AppSpec, Preview } from '../model/preview.ts';
import { durationSeconds, MAX_LABEL } from '../model/scalars.ts';
import { lastPart } from '../model/secret-reference.ts';
import { templateOf } from '../model/templates/index.ts';
import { appsOf, type WrittenApp } from './apps.ts';
import { namesCommit, taggedImage } from './images.ts';

/** A preview file, resolved for this platform and this commit. */
export interface Resolved {
  /** The first app, whose objects have the preview's name, then the others in the order of the file. */
  readonly apps: readonly [ResolvedApp, ...ResolvedApp[]];
  readonly cluster: Cluster;
}

/** One app of a preview. */
export interface ResolvedApp extends WrittenApp {
  /** Name of its objects: `pr-shop-7`, `pr-shop-7-api`. */
  readonly name: string;
  readonly size: PlatformSize;
  /** With a tag or a digest, as deployed. */
  readonly image: ImageReference;
  /** Whether the image name contains the commit, because of the platform's tag rule. */
  readonly namesCommit: boolean;
}

export interface ResolveContext {
  /** The preview's name. */
  readonly name: string;
  readonly owner: string;
  readonly repository: string;
  readonly number: number;
  readonly headSha: string;
  readonly labels: readonly string[];
  /** Digests of image tags, by image with tag. @default - not looked up: the tags stay */
  readonly digests?: ReadonlyMap<string, string> | undefined;
}

/**
 * Checks the maker's file against the platform's settings and resolves it.
 *
 * @throws GreenroomError `invalid-input` with every problem of the file and its position
 */
export function resolve(preview: Loaded<Preview>, platform: PlatformSpec, context: ResolveContext): Resolved {
  const problems: Problem[] = [];
  const complain: Complain = (path, message) => {
    problems.push({ ...preview.positions.of(path), field: fieldName(path), message });
  };
  const { spec } = preview.value;
  if (spec.ttl !== undefined && durationSeconds(spec.ttl) > durationSeconds(platform.ttl.max)) {
    const most = `the most is ${platform.ttl.max}`;
    complain(['spec', 'ttl'], `is longer than previews may live here; found ${spec.ttl}, ${most}`);
  }
  const apps = appsOf(preview.value).map((app) => resolveApp(app, platform, context, complain));
  const [first, ...others] = apps.filter((app) => app !== undefined);
  if (problems.length > 0 || first === undefined) {
    throw invalidInput(problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)));
  }
  return {
    apps: [first, ...others],
    cluster: chooseCluster(platform, [first, ...others], context.labels, preview),
  };
}

type Complain = (path: readonly string[], message: string) => void;

function resolveApp(
  app: WrittenApp,
  platform: PlatformSpec,
  context: ResolveContext,
  complain: Complain,
): ResolvedApp | undefined {
  const { key, at, spec } = app;
  const name = key === null ? context.name : `${context.name}-${key}`;
  if (name.length > MAX_LABEL) {
    const most = key!.length - (name.length - MAX_LABEL);
    const what = `makes the name ${name}, which is longer than the ${MAX_LABEL} characters of a Service's name`;
    complain(
      at,
      most > 0 ? `${what}; give the app a name of at most ${most} characters` : `${what}; shorten the repository's`,
    );
  }
  checkSecrets(app, platform, secretPrefix(platform, context), complain);
  const wanted = sizeName(spec, platform);
  const size = Object.hasOwn(platform.sizes, wanted) ? platform.sizes[wanted] : undefined;
  if (size === undefined) {
    const names = Object.keys(platform.sizes).join(', ');
    complain([...at, 'size'], `is not a size of this platform; found "${wanted}", allowed are ${names}`);
  }
  const image = taggedImage(spec.image, platform, context);
  if (typeof image === 'string') {
    complain([...at, 'image'], `${image}; a reference looks like ${platform.registries[0]}/app`);
    return undefined;
  }
  const digest = image.digest ?? context.digests?.get(formatImage(image));
  return (
    size && {
      ...app,
      name,
      size,
      image: { ...image, ...(digest === undefined ? {} : { digest }) },
      namesCommit: namesCommit(spec.image, platform),
    }
  );
}

/**
 * Every reference must start with the repository's prefix. If secrets are committed, all are keys of one Secret, so
 * their last parts must differ.
 */
function checkSecrets({ at, spec }: WrittenApp, platform: PlatformSpec, prefix: string, complain: Complain): void {
  const isCommitted = platform.secrets.mechanism !== 'external-secrets';
  const byKey = new Map<string, string>();
  for (const [variable, reference] of Object.entries(spec.secrets)) {
    const path = [...at, 'secrets', variable];
    const [place = ''] = reference.split('#');
    if (!place.startsWith(prefix) || /(^|\/)\.{0,2}(\/|$)/.test(place.slice(prefix.length))) {
      complain(path, `must be a reference under ${prefix}, the place of this repository's secrets`);
      continue;
    }
    const key = lastPart(reference);
    const other = byKey.get(key) ?? reference;
    byKey.set(key, reference);
    if (isCommitted && other !== reference) {
      complain(path, 'must end in another key: two references may not share their last part here');
    }
  }
}

/** The size in the file, else the template's, else the platform's default. */
function sizeName({ size, template }: AppSpec, { sizes, defaultSize }: PlatformSpec): string {
  const usual = templateOf(template).defaults.size;
  return size ?? (usual !== null && Object.hasOwn(sizes, usual) ? usual : defaultSize);
}

/** `acme/shop/`: every secret reference of the repository must start with it. */
export function secretPrefix(platform: PlatformSpec, context: Pick<ResolveContext, 'owner' | 'repository'>): string {
  return platform.secrets.prefix.replaceAll('{owner}', context.owner).replaceAll('{repo}', context.repository);
}

/** The first cluster that accepts every app of the preview. */
function chooseCluster(
  platform: PlatformSpec,
  apps: readonly ResolvedApp[],
  labels: readonly string[],
  source: Loaded<Preview>,
): Cluster {
  const wants = apps.map(({ spec }) => ({ size: sizeName(spec, platform), template: spec.template, labels }));
  type Change = Partial<{ size: string; labels: readonly string[] }>;
  const clusterFor = (change: Change) =>
    platform.clusters.find((cluster) => wants.every((want) => takes(cluster, { ...want, ...change })));
  const found = clusterFor({});
  if (found !== undefined) return found;
  const sizes = Object.keys(platform.sizes).filter((size) => clusterFor({ size }) !== undefined);
  const known = new Set(platform.clusters.flatMap(({ when }) => when?.labels ?? []));
  const missing = [...known].filter((label) => clusterFor({ labels: [...labels, label] }) !== undefined);
  const ways = [
    ...(sizes.length === 0 ? [] : [`choose the size ${sizes.join(' or ')}`]),
    ...(missing.length === 0 ? [] : [`give the pull request the label ${missing.join(' or ')}`]),
    `ask ${platform.policies.contact}`,
  ];
  const wanted = [...new Set(wants.map(({ template, size }) => `a ${template} of size ${size}`))].join(' with ');
  throw invalidInput([
    {
      ...source.positions.of(['spec', 'size']),
      field: 'spec.size',
      message: `no cluster of this platform accepts ${wanted}: ${ways.join(', or ')}`,
    },
  ]);
}

import type * as z from 'zod';
import { isInRegistries, parseImage, TAG_PATTERN } from '../image.ts';
import { contains, parseNetwork } from '../ipv4.ts';
import { PREVIEW_PREFIX } from '../labels.ts';
import { hasLabel } from '../pull-labels.ts';
import { durationSeconds, quantityValue } from '../scalars.ts';
import { TEMPLATE_NAMES } from '../templates/index.ts';
import { kindProblems } from './kinds.ts';
import { type egress, METADATA_CIDRS, type network } from './network.ts';
import { type ImagePullSecret, pullSecretName } from './objects.ts';
import type { cluster, status } from './operation.ts';
import type { cost, policies } from './rules.ts';
import type { services } from './services.ts';
import { DEFAULT_SIZES, type namespace, type secrets, type size, type ttl } from './workload.ts';

/** What of a platform's settings has to fit together. */
export interface Settings {
  readonly sizes: Readonly<Record<string, z.output<typeof size>>>;
  readonly namespace: z.output<typeof namespace>;
  readonly policies: z.output<typeof policies>;
  readonly ttl: z.output<typeof ttl>;
  readonly clusters: readonly z.output<typeof cluster>[];
  readonly egress: z.output<typeof egress>;
  readonly network: z.output<typeof network>;
  readonly secrets: z.output<typeof secrets>;
  readonly cost: z.output<typeof cost>;
  readonly defaultSize: string;
  readonly services: z.output<typeof services>;
  readonly registries: readonly string[];
  readonly tag: string;
  readonly fenceKinds: readonly string[];
  readonly imagePullSecrets: readonly ImagePullSecret[];
  readonly status: z.output<typeof status>;
}

/** Settings that contradict each other: where, and a sentence. */
export interface Contradiction {
  readonly path: (string | number)[];
  readonly message: string;
}

/**
 * Settings with which no preview could be valid: the platform team has to correct them, and they have to be
 * found before a maker meets it.
 */
export function contradictions(settings: Settings): Contradiction[] {
  return [
    ...sizeProblems(settings),
    ...limitRangeProblems(settings),
    ...ttlProblems(settings),
    ...clusterProblems(settings),
    ...egressProblems(settings),
    ...textProblems(settings),
    ...budgetProblems(settings),
    ...defaultSizeProblems(settings),
    ...serviceProblems(settings),
    ...kindProblems(settings),
    ...pullSecretProblems(settings),
    ...recipientProblems(settings),
    ...statusProblems(settings),
  ];
}

const RESOURCES = ['cpu', 'memory'] as const;

type Sizes = Settings['sizes'];

/**
 * The sizes that a platform has: of the defaults that it did not write itself, those that fit into its own limits. A
 * platform that allows less than they ask for need not take them away one by one.
 */
export function fittingSizes(settings: Pick<Settings, 'sizes' | 'namespace' | 'policies'>): Sizes {
  const isDefault = (name: string) => DEFAULTS.get(name) === settings.sizes[name];
  const fits = (name: string) => problemsOfSize(name, settings.sizes[name]!, settings).length === 0;
  return Object.fromEntries(Object.entries(settings.sizes).filter(([name]) => !isDefault(name) || fits(name)));
}

const DEFAULTS = new Map<string, object>(Object.entries(DEFAULT_SIZES));

function sizeProblems(settings: Settings): Contradiction[] {
  const sizes = Object.entries(settings.sizes);
  if (sizes.length === 0)
    return [{ path: ['sizes'], message: 'must name at least one size that fits into the limits' }];
  return sizes.flatMap(([name, size]) => problemsOfSize(name, size, settings));
}

function problemsOfSize(
  name: string,
  { requests, limits }: Sizes[string],
  { namespace, policies }: Pick<Settings, 'namespace' | 'policies'>,
): Contradiction[] {
  const { maxSize, limitRequestRatio } = policies.parameters;
  const bounds = { 'namespace.limitRange.max': namespace.limitRange.max, 'policies.parameters.maxSize': maxSize };
  return RESOURCES.flatMap((resource) => {
    const [low, high] = [requests[resource], limits[resource]];
    const at = (part: 'requests' | 'limits', message: string) => [{ path: ['sizes', name, part, resource], message }];
    if (quantityValue(low) > quantityValue(high)) {
      return at('requests', `must not be above the limit of ${high}; found ${low}`);
    }
    for (const [setting, most] of Object.entries(bounds)) {
      if (quantityValue(high) > quantityValue(most[resource])) {
        return at('limits', `must not be above ${setting}.${resource}, which is ${most[resource]}; found ${high}`);
      }
    }
    const ratio = limitRequestRatio[resource];
    if (quantityValue(high) <= quantityValue(low) * ratio * (1 + 1e-9)) return [];
    const most = `${ratio} times its request (policies.parameters.limitRequestRatio.${resource})`;
    return at('limits', `must be at most ${most}; found ${high} above ${low}`);
  });
}

function limitRangeProblems({ namespace: { limitRange } }: Settings): Contradiction[] {
  const pairs = [
    ['defaultRequest', 'default'],
    ['default', 'max'],
  ] as const;
  return pairs.flatMap(([low, high]) =>
    RESOURCES.flatMap((resource) => {
      const [value, most] = [limitRange[low][resource], limitRange[high][resource]];
      if (quantityValue(value) <= quantityValue(most)) return [];
      const message = `must not be above limitRange.${high}.${resource}, which is ${most}; found ${value}`;
      return [{ path: ['namespace', 'limitRange', low, resource], message }];
    }),
  );
}

function ttlProblems({ ttl }: Settings): Contradiction[] {
  return (['default', 'warn'] as const)
    .filter((field) => durationSeconds(ttl[field]) > durationSeconds(ttl.max))
    .map((field) => ({
      path: ['ttl', field],
      message: `must not be longer than ttl.max, which is ${ttl.max}; found ${ttl[field]}`,
    }));
}

function clusterProblems({ clusters, sizes }: Settings): Contradiction[] {
  const known = Object.keys(sizes);
  if (clusters.every(({ drain }) => drain === true)) {
    return [{ path: ['clusters'], message: 'must hold a cluster that takes previews: all of them are drained' }];
  }
  return clusters.flatMap((cluster, i) => {
    const twice = clusters.findIndex(({ name }) => name === cluster.name) !== i;
    if (twice) return [{ path: ['clusters', i, 'name'], message: 'is the name of an earlier cluster' }];
    const unknown = (cluster.when?.sizes ?? []).flatMap((size, j) =>
      known.includes(size)
        ? []
        : [
            {
              path: ['clusters', i, 'when', 'sizes', j],
              message: `is not a size of this platform; found "${size}", there are ${known.join(', ')}`,
            },
          ],
    );
    if (unknown.length > 0 || cluster.drain === true || known.length === 0 || isReached(clusters, i, known))
      return unknown;
    const message =
      'never gets a preview: earlier clusters take all that it would; put it before them, narrow theirs with `when`, or say drain: true';
    return [{ path: ['clusters', i], message }];
  });
}

/** Whether a pull request's labels, and what its file says, send it to this cluster. */
export function takes(
  { when, drain }: Pick<Settings['clusters'][number], 'when' | 'drain'>,
  { size, template, labels }: { readonly size: string; readonly template: string; readonly labels: readonly string[] },
): boolean {
  if (drain === true) return false;
  if (when === undefined) return true;
  const { sizes, templates, labels: wanted } = when;
  return (
    (sizes === undefined || sizes.includes(size)) &&
    (templates === undefined || templates.some((each) => each === template)) &&
    (wanted === undefined || wanted.some((label) => hasLabel(labels, label)))
  );
}

/** Tries all sizes and templates, each with one label that the cluster asks for: more labels only match more of the others. */
function isReached(clusters: Settings['clusters'], index: number, sizes: readonly string[]): boolean {
  const own = clusters[index]!.when?.labels?.map((label) => [label]) ?? [[]];
  return sizes.some((size) =>
    TEMPLATE_NAMES.some((template) =>
      own.some((labels) => clusters.findIndex((cluster) => takes(cluster, { size, template, labels })) === index),
    ),
  );
}

function egressProblems({ egress, network }: Settings): Contradiction[] {
  const closed = [
    ...METADATA_CIDRS.map((range) => ({ range, why: ', where clouds hand out the credentials of a node' })),
    ...network.clusterCidrs.map((range) => ({ range, why: ' of network.clusterCidrs, which no preview may reach' })),
  ];
  return egress.flatMap(({ cidr }, i) => {
    const around = closed.find(({ range }) => contains(parseNetwork(range), parseNetwork(cidr)));
    if (around === undefined) return [];
    return [{ path: ['egress', i, 'cidr'], message: `lies inside ${around.range}${around.why}; found ${cidr}` }];
  });
}

function textProblems({ registries, tag, secrets }: Settings): Contradiction[] {
  const places = registries.flatMap((registry, i) => {
    const image = parseImage(`${registry}/app`);
    return typeof image === 'string' ? [{ path: ['registries', i], message: `${image}; found "${registry}"` }] : [];
  });
  const sample = tag
    .replaceAll('{number}', '99999')
    .replaceAll('{sha7}', '0'.repeat(7))
    .replaceAll('{sha}', '0'.repeat(64));
  const ofTag = placeholders(['tag'], tag, ['{number}', '{sha}', '{sha7}']);
  if (ofTag.length === 0 && !new RegExp(TAG_PATTERN).test(sample)) {
    ofTag.push({ path: ['tag'], message: 'must make a tag: it may not start with . or -, nor be longer than 128' });
  }
  return [...places, ...ofTag, ...placeholders(['secrets', 'prefix'], secrets.prefix, ['{owner}', '{repo}'])];
}

function placeholders(path: string[], text: string, known: readonly string[]): Contradiction[] {
  return [...text.matchAll(/\{[^}]*\}?|\}/g)]
    .filter(([used]) => !known.includes(used))
    .map(([used]) => ({ path, message: `knows ${known.join(', ').replace(/, ([^,]*)$/, ' and $1')}; found ${used}` }));
}

function budgetProblems({ sizes, cost: { rates, budgets, currency } }: Settings): Contradiction[] {
  const prices = Object.values(sizes).map(({ requests }) => {
    const perHour = quantityValue(requests.cpu) * rates.cpuHour;
    return 24 * (perHour + (quantityValue(requests.memory) / 2 ** 30) * rates.memoryGiBHour);
  });
  const least = Math.min(...prices);
  return (['perPreviewDay', 'totalDay'] as const)
    .filter((budget) => (budgets[budget] ?? Number.POSITIVE_INFINITY) < least)
    .map((budget) => ({
      path: ['cost', 'budgets', budget],
      message: `lets no preview run: the smallest size costs ${least.toFixed(4)} ${currency} a day`,
    }));
}

function defaultSizeProblems({ sizes, defaultSize }: Settings): Contradiction[] {
  // Without any size, another sentence says so.
  if (Object.keys(sizes).length === 0 || Object.hasOwn(sizes, defaultSize)) return [];
  return [{ path: ['defaultSize'], message: `must be ${oneOf(sizes)}; found "${defaultSize}"` }];
}

function serviceProblems({ services, sizes, registries }: Settings): Contradiction[] {
  return Object.entries(services).flatMap(([name, { image, size }]) => {
    const at = (field: string, message: string) => ({ path: ['services', name, field], message });
    const parsed = parseImage(image);
    const problems: Contradiction[] = [];
    if (typeof parsed === 'string') problems.push(at('image', parsed));
    else if (!isInRegistries(parsed, registries)) {
      problems.push(at('image', `must be of one of the registries (${registries.join(', ')}); found ${image}`));
    }
    if (size !== undefined && !Object.hasOwn(sizes, size)) {
      problems.push(at('size', `must be ${oneOf(sizes)}; found "${size}"`));
    }
    return problems;
  });
}

function recipientProblems({ secrets: { mechanism, sops } }: Settings): Contradiction[] {
  if (mechanism !== 'sops' || sops.recipients.length > 0) return [];
  const message =
    'must name who can open encrypted files where secrets.mechanism is sops: the key of the cluster at least';
  return [{ path: ['secrets', 'sops', 'recipients'], message }];
}

function pullSecretProblems({ imagePullSecrets, secrets }: Settings): Contradiction[] {
  const names = imagePullSecrets.map(pullSecretName);
  return imagePullSecrets.flatMap((each, i) => {
    const path = ['imagePullSecrets', i];
    if (names.indexOf(names[i]!) !== i) return [{ path, message: `names ${names[i]} a second time` }];
    if (typeof each === 'string') return [];
    if (secrets.mechanism !== 'external-secrets') {
      const message = `needs secrets.mechanism external-secrets, and it is ${secrets.mechanism}: write the name alone, and have a controller of the cluster copy the Secret`;
      return [{ path: [...path, 'secret'], message }];
    }
    if (!each.name.startsWith(PREVIEW_PREFIX)) return [];
    const message = `must not start with ${PREVIEW_PREFIX}, as the Secrets of previews do; found ${each.name}`;
    return [{ path: [...path, 'name'], message }];
  });
}

const oneOf = (sizes: Sizes) => `one of the sizes (${Object.keys(sizes).join(', ')})`;

/** What tells something needs somebody to tell it to. */
function statusProblems({ status }: Settings): Contradiction[] {
  const { url, notify, watch, image } = status;
  const where = 'where `serve` takes what it is told';
  return [
    ...(notify && url === undefined ? [{ path: ['status', 'notify'], message: `needs status.url, ${where}` }] : []),
    ...(watch && image !== undefined && url === undefined
      ? [{ path: ['status', 'image'], message: `needs status.url, ${where}` }]
      : []),
  ];
}

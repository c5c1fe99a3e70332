import { quantityValue } from '../scalars.ts';
import { takenSizes } from './clusters.ts';
import type { Contradiction, Settings } from './contradiction.ts';
import { DEFAULT_SIZES } from './workload.ts';

// Sizes, and the limits that they must fit into.

const RESOURCES = ['cpu', 'memory'] as const;

type Sizes = Settings['sizes'];

/**
 * The sizes of a platform. Default sizes that it did not write itself are left out if they exceed its limits or if no
 * cluster accepts them, so that a platform with lower limits need not remove each of them.
 */
export function fittingSizes(settings: Pick<Settings, 'sizes' | 'namespace' | 'policies' | 'clusters'>): Sizes {
  const isDefault = (name: string) => DEFAULTS.get(name) === settings.sizes[name];
  const taken = takenSizes(settings.clusters, Object.keys(settings.sizes));
  const fits = (name: string) =>
    taken.includes(name) && problemsOfSize(name, settings.sizes[name]!, settings).length === 0;
  return Object.fromEntries(Object.entries(settings.sizes).filter(([name]) => !isDefault(name) || fits(name)));
}

const DEFAULTS = new Map<string, object>(Object.entries(DEFAULT_SIZES));

export function sizeProblems(settings: Settings): Contradiction[] {
  const sizes = Object.entries(settings.sizes);
  if (sizes.length === 0) return noSizeProblems(settings);
  return sizes.flatMap(([name, size]) => problemsOfSize(name, size, settings));
}

/** If all default sizes were left out, the limits that exclude the smallest one are the cause. */
function noSizeProblems(settings: Settings): Contradiction[] {
  const { requests, limits } = DEFAULT_SIZES.small;
  const ratios = settings.policies.parameters.limitRequestRatio;
  const tooNarrow = RESOURCES.filter(
    (resource) => quantityValue(limits[resource]) > quantityValue(requests[resource]) * ratios[resource],
  ).map((resource) => ({
    path: ['policies', 'parameters', 'limitRequestRatio', resource],
    message: `leaves no size: the smallest default requests ${requests[resource]} and has a limit of ${limits[resource]}; define sizes that fit`,
  }));
  const tooLow = boundsOf(settings).flatMap(({ path, most }) =>
    RESOURCES.flatMap((resource) => {
      const least = limits[resource];
      if (quantityValue(least) <= quantityValue(most[resource])) return [];
      const message = `leaves no size: the smallest default has a limit of ${least}; define sizes that fit into ${most[resource]}`;
      return [{ path: [...path, resource], message }];
    }),
  );
  const causes = [...tooLow, ...tooNarrow];
  if (causes.length > 0) return causes;
  return [{ path: ['sizes'], message: 'must name at least one size that fits into the limits' }];
}

interface Bound {
  readonly path: readonly string[];
  readonly most: Readonly<Record<(typeof RESOURCES)[number], string>>;
}

function boundsOf({ namespace, policies }: Pick<Settings, 'namespace' | 'policies'>): readonly Bound[] {
  return [
    { path: ['namespace', 'limitRange', 'max'], most: namespace.limitRange.max },
    { path: ['policies', 'parameters', 'maxSize'], most: policies.parameters.maxSize },
  ];
}

function problemsOfSize(
  name: string,
  { requests, limits }: Sizes[string],
  settings: Pick<Settings, 'namespace' | 'policies'>,
): Contradiction[] {
  const { limitRequestRatio } = settings.policies.parameters;
  return RESOURCES.flatMap((resource) => {
    const [low, high] = [requests[resource], limits[resource]];
    const at = (part: 'requests' | 'limits', message: string) => [{ path: ['sizes', name, part, resource], message }];
    if (quantityValue(low) > quantityValue(high)) {
      return at('requests', `must not be above the limit of ${high}; found ${low}`);
    }
    for (const { path, most } of boundsOf(settings)) {
      if (quantityValue(high) > quantityValue(most[resource])) {
        const bound = `${path.join('.')}.${resource}`;
        return at('limits', `must not be above ${bound}, which is ${most[resource]}; found ${high}`);
      }
    }
    const ratio = limitRequestRatio[resource];
    if (quantityValue(high) <= quantityValue(low) * ratio * (1 + 1e-9)) return [];
    const most = `${ratio} times its request (policies.parameters.limitRequestRatio.${resource})`;
    return at('limits', `must be at most ${most}; found ${high} above ${low}`);
  });
}

export function limitRangeContradictions({ namespace: { limitRange } }: Settings): Contradiction[] {
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

export function defaultSizeProblems({ sizes, defaultSize }: Settings): Contradiction[] {
  // If there are no sizes, another message reports it.
  if (Object.keys(sizes).length === 0 || Object.hasOwn(sizes, defaultSize)) return [];
  return [{ path: ['defaultSize'], message: `must be ${oneOf(sizes)}; found "${defaultSize}"` }];
}

export const oneOf = (sizes: Sizes) => `one of the sizes (${Object.keys(sizes).join(', ')})`;

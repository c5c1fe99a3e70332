import type { Problem } from '../../core/errors.ts';
import { at } from '../../core/json.ts';
import { Quantity } from '../../policies/quantity.ts';
import { list, podSpecOf, scalarText } from './pods.ts';
import { readable } from './quota.ts';

/** One resource of a container or of a whole pod, after the API server has applied defaults. */
interface Usage {
  readonly request: Quantity | undefined;
  readonly limit: Quantity | undefined;
}

interface Limited {
  /** `container web`, `the pod` */
  readonly what: string;
  /** Path of its resources in the manifest. */
  readonly path: string;
  readonly usage: (resource: string) => Usage;
}

/**
 * Violations of a namespace's LimitRanges by a manifest's pods. In the cluster only the ReplicaSet gets this error, and the
 * preview would not start.
 *
 * Source: Kubernetes, admission plugin LimitRanger: defaults first, then `min`, `max` and `maxLimitRequestRatio` for each
 * container, including init containers, and for the whole pod.
 *
 * @param limitRanges manifests of the namespace's LimitRanges
 */
export function limitRangeProblems(limitRanges: readonly object[], manifest: object): Problem[] {
  const items = limitRanges.flatMap((range) => list(at(range, 'spec', 'limits')));
  const ofType = (type: string) => items.filter((item) => at(item, 'type') === type);
  const { spec, path } = podSpecOf(manifest);
  if (spec === undefined) return [];
  const containers = ['initContainers', 'containers'].flatMap((group) =>
    list(at(spec, group)).map((container, i) =>
      containerSubject(container, `${path}.${group}[${i}]`, ofType('Container')),
    ),
  );
  const pod = podSubject(spec, path, containers);
  return [
    ...containers.flatMap((subject) => ofType('Container').flatMap((item) => problemsOf(subject, item))),
    ...ofType('Pod').flatMap((item) => problemsOf(pod, item)),
  ];
}

function containerSubject(container: unknown, path: string, items: readonly unknown[]): Limited {
  const usage = (resource: string): Usage => {
    const own = (bound: string) => at(container, 'resources', bound, resource);
    const preset = (...fields: string[]) =>
      items.flatMap((item) => fields.map((field) => at(item, field, resource))).find((value) => value !== undefined);
    // Without a default, a LimitRange uses its bounds as default.
    const limit = own('limits') ?? preset('default', 'max');
    const request = own('requests') ?? own('limits') ?? preset('defaultRequest', 'default', 'min');
    return { request: quantity(request), limit: quantity(limit) };
  };
  return { what: `container ${scalarText(at(container, 'name'))}`, path: `${path}.resources`, usage };
}

/** The sum as Kubernetes computes it: all containers and sidecars together, or an init container if that needs more. */
function podSubject(spec: unknown, path: string, containers: readonly Limited[]): Limited {
  const initial = list(at(spec, 'initContainers'));
  const usage = (resource: string): Usage => {
    const all = containers.map((container) => container.usage(resource));
    const total = (bound: keyof Usage) => {
      if (all.every((amounts) => amounts[bound] === undefined)) return undefined;
      const nano = all.map((amounts) => amounts[bound]?.nano ?? 0n);
      let [sidecars, peak] = [0n, 0n];
      for (const [i, container] of initial.entries()) {
        const step = sidecars + nano[i]!;
        if (step > peak) peak = step;
        if (at(container, 'restartPolicy') === 'Always') sidecars = step;
      }
      const running = nano.slice(initial.length).reduce((sum, value) => sum + value, sidecars);
      return new Quantity(running > peak ? running : peak);
    };
    return { request: total('request'), limit: total('limit') };
  };
  return { what: 'the pod as a whole', path: `${path}.containers`, usage };
}

function problemsOf({ what, path, usage }: Limited, item: unknown): Problem[] {
  const resources = new Set(['min', 'max', 'maxLimitRequestRatio'].flatMap((bound) => Object.keys(map(item, bound))));
  return [...resources].flatMap((resource) => {
    const { request, limit } = usage(resource);
    const [min, max, ratio] = ['min', 'max', 'maxLimitRequestRatio'].map((b) => quantity(map(item, b)[resource]));
    const complain = (bound: string, message: string): Problem[] => [
      { field: `${path}.${bound}.${resource}`, message: `${what}: ${message}` },
    ];
    const above = (value: Quantity | undefined) => value !== undefined && max !== undefined && value.nano > max.nano;
    const below = (value: Quantity | undefined) => value !== undefined && min !== undefined && value.nano < min.nano;
    const text = (bound: string) => scalarText(map(item, bound)[resource]);
    const atMost = `this namespace allows ${text('max')} at most`;
    const atLeast = `this namespace requires ${text('min')} at least`;
    if (max !== undefined && limit === undefined) return complain('limits', `has no limit of ${resource}; ${atMost}`);
    if (above(limit)) return complain('limits', `may use ${readable(resource, limit!.toNumber())}; ${atMost}`);
    if (above(request)) return complain('requests', `requests ${readable(resource, request!.toNumber())}; ${atMost}`);
    if (min !== undefined && request === undefined) return complain('requests', `requests no ${resource}; ${atLeast}`);
    if (below(request)) return complain('requests', `requests ${readable(resource, request!.toNumber())}; ${atLeast}`);
    if (below(limit)) return complain('limits', `may use ${readable(resource, limit!.toNumber())}; ${atLeast}`);
    if (ratio === undefined) return [];
    // Without one of the two there is no ratio, which Kubernetes refuses, too.
    if (!request?.nano) return complain('requests', `requests no ${resource}, but its limit is bounded by its request`);
    if (!limit?.nano) return complain('limits', `has no limit of ${resource}, but it is bounded by its request`);
    if (limit.nano * BILLION <= request.nano * ratio.nano) return [];
    const most = text('maxLimitRequestRatio');
    return complain('limits', `its limit of ${resource} is more than ${most} times its request`);
  });
}

const BILLION = 1_000_000_000n;

function map(item: unknown, bound: string): Record<string, unknown> {
  const value = at(item, bound);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** Undefined for a missing or invalid value, which the rules and the API server check. */
function quantity(value: unknown): Quantity | undefined {
  return Quantity.parse(scalarText(value));
}

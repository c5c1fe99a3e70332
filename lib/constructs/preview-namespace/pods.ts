import { at } from '../../core/json.ts';
import { Quantity } from '../../policies/quantity.ts';
import type { LimitRangeProps } from './props.ts';

interface Amounts {
  readonly requests: number;
  readonly limits: number;
}

/** The number of pods of one manifest, and the resources of each. */
export interface PodDemand {
  /** Highest number at the same time, including updates. */
  readonly count: number;
  /** Number without an update. */
  readonly steady: number;
  readonly usage: Readonly<Record<string, Amounts>>;
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Text of a scalar; empty for anything else, since `toString` may be part of a maker's data. */
export function scalarText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function count(value: unknown, otherwise: number): number {
  const number = Number(scalarText(value) || otherwise);
  return Number.isFinite(number) && number >= 0 ? number : otherwise;
}

/** Pods of an unknown kind cannot be counted; they count as none. */
export function podsOf(manifest: object, limitRange: LimitRangeProps, resources: readonly string[]): PodDemand {
  const { pods, steady = pods, spec, sidecars = 0 } = workload(manifest);
  const usage = resources.map((resource) => [resource, podUsage(spec, resource, limitRange, sidecars)] as const);
  return { count: pods, steady, usage: Object.fromEntries(usage) };
}

/**
 * Highest number of pods that autoscalers allow, by `Kind/name` of the workload. Prices and limits use this number.
 */
export function scaledPods(manifests: readonly object[]): ReadonlyMap<string, number> {
  const scaled = new Map<string, number>();
  for (const manifest of manifests) {
    if (at(manifest, 'kind') !== 'HorizontalPodAutoscaler') continue;
    const target = at(manifest, 'spec', 'scaleTargetRef');
    const key = `${scalarText(at(target, 'kind'))}/${scalarText(at(target, 'name'))}`;
    scaled.set(key, Math.max(scaled.get(key) ?? 0, count(at(manifest, 'spec', 'maxReplicas'), 1)));
  }
  return scaled;
}

/** `Kind/name`, as in the target of an autoscaler. */
export function workloadKey(manifest: object): string {
  return `${scalarText(at(manifest, 'kind'))}/${scalarText(at(manifest, 'metadata', 'name'))}`;
}

/** The pod's spec inside a manifest, and the path to it; the spec is undefined if the manifest creates no pods. */
export function podSpecOf(manifest: object): { readonly spec: unknown; readonly path: string } {
  const kind = at(manifest, 'kind');
  const path = kind === 'Pod' ? 'spec' : `spec.${kind === 'CronJob' ? 'jobTemplate.spec.' : ''}template.spec`;
  return { spec: workload(manifest).spec, path };
}

interface Workload {
  readonly pods: number;
  /** @default - as many as `pods` */
  readonly steady?: number;
  readonly spec: unknown;
  /** Number of containers that a controller adds to each pod without resources. */
  readonly sidecars?: number;
}

function workload(manifest: object): Workload {
  const spec = at(manifest, 'spec');
  const template = at(spec, 'template', 'spec');
  switch (at(manifest, 'kind')) {
    case 'Pod':
      return { pods: 1, spec };
    case 'Deployment':
      return { pods: deploymentPods(spec), steady: count(at(spec, 'replicas'), 1), spec: template };
    case 'StatefulSet':
    case 'ReplicaSet':
      return { pods: count(at(spec, 'replicas'), 1), spec: template };
    case 'DaemonSet':
      return { pods: 1, spec: template };
    case 'Job':
      return { pods: count(at(spec, 'parallelism'), 1), spec: template };
    case 'CronJob': {
      const job = at(spec, 'jobTemplate', 'spec');
      return { pods: count(at(job, 'parallelism'), 1), spec: at(job, 'template', 'spec') };
    }
    case 'Service':
      return knativeService(manifest, template);
    default:
      return { pods: 0, spec: undefined };
  }
}

/** A rolling update starts new pods before it ends old ones: 25 % more by default. */
function deploymentPods(spec: unknown): number {
  const replicas = count(at(spec, 'replicas'), 1);
  if (at(spec, 'strategy', 'type') === 'Recreate') return replicas;
  const surge = at(spec, 'strategy', 'rollingUpdate', 'maxSurge') ?? '25%';
  const percent = /^(\d+)%$/.exec(scalarText(surge));
  return replicas + (percent ? Math.ceil((replicas * Number(percent[1])) / 100) : count(surge, 0));
}

/** Each pod of a revision also has Knative's queue-proxy; a new revision starts before the old one ends. */
function knativeService(manifest: object, template: unknown): Workload {
  if (!scalarText(at(manifest, 'apiVersion')).startsWith('serving.knative.dev/')) return { pods: 0, spec: undefined };
  const annotations = at(manifest, 'spec', 'template', 'metadata', 'annotations');
  const most = count(at(annotations, 'autoscaling.knative.dev/max-scale'), 1);
  return { pods: most + 1, steady: 1, spec: template, sidecars: 1 };
}

/** The sum as Kubernetes computes it: all containers together, or an init container if that needs more. */
function podUsage(spec: unknown, resource: string, limitRange: LimitRangeProps, added: number): Amounts {
  const of = (container: unknown) => containerUsage(container, resource, limitRange);
  const regular = [...list(at(spec, 'containers')), ...Array(added).fill({})];
  let sidecars: Amounts = { requests: 0, limits: 0 };
  let peak = sidecars;
  for (const container of list(at(spec, 'initContainers'))) {
    const usage = of(container);
    peak = larger(peak, sum(sidecars, usage));
    if (at(container, 'restartPolicy') === 'Always') sidecars = sum(sidecars, usage);
  }
  return larger(peak, regular.map(of).reduce(sum, sidecars));
}

/** Resources of a container, with the defaults of the API server and the LimitRange. */
function containerUsage(container: unknown, resource: string, limitRange: LimitRangeProps): Amounts {
  const own = (bound: string) => at(container, 'resources', bound, resource);
  const limits = own('limits') ?? at(limitRange.default, resource);
  const requests = own('requests') ?? own('limits') ?? at(limitRange.defaultRequest, resource) ?? limits;
  return { requests: amount(requests), limits: amount(limits) };
}

/** The largest quantity in Kubernetes; larger values are cut, so that sums stay finite. */
const MAX_AMOUNT = 2 ** 63;

/** An invalid quantity counts as 0; the rules and the API server check it. */
export function amount(quantity: unknown): number {
  const value = Quantity.parse(scalarText(quantity))?.toNumber() ?? 0;
  return Math.min(Math.max(value, 0), MAX_AMOUNT);
}

function sum(a: Amounts, b: Amounts): Amounts {
  return { requests: a.requests + b.requests, limits: a.limits + b.limits };
}

function larger(a: Amounts, b: Amounts): Amounts {
  return { requests: Math.max(a.requests, b.requests), limits: Math.max(a.limits, b.limits) };
}

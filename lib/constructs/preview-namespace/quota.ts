import type { Problem } from '../../core/errors.ts';
import { at } from '../../core/json.ts';
import { quantityValue } from '../../model/scalars.ts';
import type { StringMap } from '../metadata.ts';
import { claimsOf } from './claims.ts';
import { podsOf, scalarText, scaledPods, workloadKey } from './pods.ts';
import type { LimitRangeProps } from './props.ts';

/** The limits of a namespace. */
export interface NamespaceBounds {
  readonly quota: StringMap;
  readonly limitRange: LimitRangeProps;
}

/** Kinds that count for each entry of a quota, and how many objects exist in every namespace already. */
const OBJECT_COUNTS: Readonly<Record<string, { kinds: readonly string[]; already: number }>> = {
  services: { kinds: ['Service'], already: 0 },
  // The cluster's certificate, kube-root-ca.crt.
  configmaps: { kinds: ['ConfigMap'], already: 1 },
  // Each of the others creates a Secret.
  secrets: { kinds: ['Secret', 'ExternalSecret', 'SealedSecret', 'SopsSecret'], already: 0 },
};

const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'];

/**
 * Which of the manifests would exceed the quota of the namespace. The API server reports it only on the ReplicaSet, where
 * a maker does not look: the preview would not start.
 *
 * It counts the peak, including the pods that a rolling update adds. Objects that controllers add (a Knative revision's
 * Services, a DaemonSet's pods on further nodes) are unknown here, so the quota may still be exceeded.
 */
export function quotaProblems(bounds: NamespaceBounds, manifests: readonly object[]): Problem[] {
  const demand = peakDemand(bounds.limitRange, manifests);
  const problems: Problem[] = [];
  for (const [resource, hard] of Object.entries(bounds.quota)) {
    const wanted = demand.get(resource) ?? 0;
    if (wanted > quantityValue(hard) * (1 + 1e-9)) {
      const message = `needs ${readable(resource, wanted)} at its peak, updates included; a preview has ${hard}`;
      problems.push({ field: `quota[${resource}]`, message });
    }
  }
  return problems;
}

function peakDemand(limitRange: LimitRangeProps, manifests: readonly object[]): Map<string, number> {
  const demand = new Map<string, number>();
  const add = (resource: string, amount: number) => demand.set(resource, (demand.get(resource) ?? 0) + amount);
  const scaled = scaledPods(manifests);
  for (const manifest of manifests) {
    const { count: alone, usage } = podsOf(manifest, limitRange, COMPUTE);
    const count = Math.max(alone, scaled.get(workloadKey(manifest)) ?? 0);
    add('pods', count);
    const claims = claimsOf(manifest, count);
    add('persistentvolumeclaims', claims.count);
    add('requests.storage', claims.storage);
    // Its own is counted with all other objects.
    if (at(manifest, 'kind') !== 'PersistentVolumeClaim') add('count/persistentvolumeclaims', claims.count);
    for (const resource of COMPUTE) {
      const { requests, limits } = usage[resource] ?? { requests: 0, limits: 0 };
      add(resource, count * requests);
      add(`requests.${resource}`, count * requests);
      add(`limits.${resource}`, count * limits);
    }
  }
  for (const [resource, { kinds, already }] of Object.entries(OBJECT_COUNTS)) {
    const count = manifests.filter((manifest) => 'kind' in manifest && kinds.includes(manifest.kind as string)).length;
    add(resource, count + already);
  }
  for (const manifest of manifests) add(countName(manifest), 1);
  return demand;
}

/** The quota's name for the number of objects of a kind: `count/deployments.apps`. */
function countName(manifest: object): string {
  const version = scalarText(at(manifest, 'apiVersion'));
  const group = version.includes('/') ? `.${version.slice(0, version.indexOf('/'))}` : '';
  const kind = scalarText(at(manifest, 'kind')).toLowerCase();
  const plural = kind.endsWith('s') ? `${kind}es` : /[^aeiou]y$/.test(kind) ? `${kind.slice(0, -1)}ies` : `${kind}s`;
  return `count/${plural}${group}`;
}

const NOUNS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  pods: ['pod', 'pods'],
  services: ['Service', 'Services'],
  configmaps: ['ConfigMap', 'ConfigMaps'],
  secrets: ['Secret', 'Secrets'],
  persistentvolumeclaims: ['claim of a disk', 'claims of disks'],
};

/** @internal `2500m of limits.cpu`, `1536Mi of limits.memory`, `7 pods`: in the usual unit of such quotas. */
export function readable(resource: string, amount: number): string {
  if (resource.endsWith('cpu')) return `${Math.round(amount * 1000)}m of ${resource}`;
  if (/(memory|storage)$/.test(resource)) return `${Math.ceil(amount / 2 ** 20)}Mi of ${resource}`;
  const [one, many] = Object.hasOwn(NOUNS, resource) ? NOUNS[resource]! : [`of ${resource}`, `of ${resource}`];
  return `${amount} ${amount === 1 ? one : many}`;
}

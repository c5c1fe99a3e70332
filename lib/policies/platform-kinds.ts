import type { Problem } from '../core/errors.ts';
import { closest } from '../model/load/suggest.ts';
import { fieldName, type Loaded } from '../model/load.ts';
import { groupOf } from '../model/platform/kinds.ts';
import { nothingToTake } from '../model/platform/section.ts';
import type { Platform } from '../model/platform.ts';
import { madeKinds, ruleParams, usualKinds } from './params.ts';

/** Problems of the kinds that a platform names. */
export function platformKindProblems(loaded: Loaded<Platform>): Problem[] {
  return [...unknownProblems(loaded), ...takenProblems(loaded), ...sharedProblems(loaded)];
}

/**
 * Namespaced kinds of the groups that Kubernetes itself serves. No cluster has other kinds in these groups.
 *
 * Source: the API reference of Kubernetes 1.30 to 1.36
 */
const SERVED_KINDS: Readonly<Record<string, readonly string[]>> = {
  '': [
    'ConfigMap',
    'Endpoints',
    'Event',
    'LimitRange',
    'PersistentVolumeClaim',
    'Pod',
    'PodTemplate',
    'ReplicationController',
    'ResourceQuota',
    'Secret',
    'Service',
    'ServiceAccount',
  ],
  apps: ['ControllerRevision', 'DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet'],
  autoscaling: ['HorizontalPodAutoscaler'],
  batch: ['CronJob', 'Job'],
  'coordination.k8s.io': ['Lease', 'LeaseCandidate'],
  'discovery.k8s.io': ['EndpointSlice'],
  'events.k8s.io': ['Event'],
  extensions: [],
  'networking.k8s.io': ['Ingress', 'NetworkPolicy'],
  policy: ['PodDisruptionBudget'],
  'resource.k8s.io': ['ResourceClaim', 'ResourceClaimTemplate'],
};

const ALL_SERVED = Object.entries(SERVED_KINDS).flatMap(([group, kinds]) =>
  kinds.map((kind) => (group === '' ? kind : `${group}/${kind}`)),
);

/** A kind in the wrong group, or misspelt, allows nothing. */
function unknownProblems({ value: { spec }, positions }: Loaded<Platform>): Problem[] {
  const chosen = spec.policies.parameters.allowedKinds ?? {};
  const path = ['spec', 'policies', 'parameters', 'allowedKinds'];
  const named = Array.isArray(chosen)
    ? chosen.map((text, i) => ({ text, place: positions.of([...path, i]), field: fieldName([...path, i]) }))
    : Object.keys(chosen)
        .filter((text) => chosen[text] === true)
        .map((text) => ({ text, place: positions.ofKey([...path, text]), field: fieldName([...path, text]) }));
  return named.flatMap(({ text, place, field }) => {
    const { group, kind } = groupOf(text);
    const served = Object.hasOwn(SERVED_KINDS, group) ? SERVED_KINDS[group] : undefined;
    if (served === undefined || served.includes(kind)) return [];
    const right = ALL_SERVED.find((each) => groupOf(each).kind === kind) ?? closest(text, ALL_SERVED);
    const hint = right === undefined ? '' : `; did you mean ${right}?`;
    return [{ ...place, field, message: `is not a kind of objects in namespaces; found ${text}${hint}` }];
  });
}

/** Removed kinds that every preview needs, or that are not in the list. */
function takenProblems({ value: { spec }, positions }: Loaded<Platform>): Problem[] {
  const chosen = spec.policies.parameters.allowedKinds ?? {};
  if (Array.isArray(chosen)) return [];
  return Object.keys(chosen).flatMap((kind) => {
    if (chosen[kind] !== null) return [];
    const message = madeKinds(spec).includes(kind)
      ? 'cannot be removed: greenroom itself makes this kind from preview.yaml'
      : nothingToTake(kind, usualKinds(spec));
    const path = ['spec', 'policies', 'parameters', 'allowedKinds', kind];
    return message === undefined ? [] : [{ ...positions.ofKey(path), field: fieldName(path), message }];
  });
}

/** If previews may write a kind themselves, it limits nobody in a fence. */
function sharedProblems({ value: { spec }, positions }: Loaded<Platform>): Problem[] {
  const allowed = ruleParams(spec).allowedKinds;
  return spec.fenceKinds.flatMap((kind, i) => {
    if (!allowed.includes(kind)) return [];
    const path = ['spec', 'fenceKinds', i];
    const message = `must not contain ${kind}, which previews write themselves; remove it there first (policies.parameters.allowedKinds: { ${kind}: null })`;
    return [{ ...positions.of(path), field: fieldName(path), message }];
  });
}

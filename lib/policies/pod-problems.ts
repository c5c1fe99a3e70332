import { isRecord, type JsonRecord, valueAt } from '../core/json.ts';
import { CONTAINER_LISTS, podPath } from './paths.ts';
import type { Path, ServerProblem } from './problem.ts';
import { Quantity } from './quantity.ts';

/**
 * Problems for which an API server would refuse a pod, or pod template, after commit: the parts of its validation that
 * makers often run into. Fields of a wrong type are left to the rules.
 *
 * Source: ValidatePodSpec and the validations of workloads in Kubernetes, pkg/apis/core/validation and
 * pkg/apis/apps/validation
 */
export function podProblems(object: unknown): ServerProblem[] {
  const pod = podPath(object);
  const spec = valueAt(object, [...pod, 'spec']);
  const path = [...pod, 'spec'];
  if (!isRecord(spec)) return spec === undefined || spec === null ? noContainers({}, path) : [];
  const volumes = itemsOf(spec, path, 'volumes');
  const containers = CONTAINER_LISTS.flatMap((list) => itemsOf(spec, path, list));
  const templates = valueAt(object, ['spec', 'volumeClaimTemplates']);
  const claims = Array.isArray(templates) ? templates.map((claim) => valueAt(claim, ['metadata', 'name'])) : [];
  const names = new Set([...volumes.map(({ item }) => item['name']), ...claims]);
  return [
    ...volumes.flatMap(({ item, path: at }) => sourceProblems(item, at)),
    ...twice(volumes, 'a volume'),
    ...twice(containers, 'a container'),
    ...noContainers(spec, path),
    ...containers.flatMap(({ item, path: at }) => [
      ...resourceProblems(item, at),
      ...mountProblems(item, at, names),
      ...envProblems(item, at),
      ...deviceProblems(item, at, volumes, claims),
      ...probeProblems(item, at),
      ...hookProblems(item, at, spec),
      ...startProblems(item, at),
    ]),
    ...volumes.flatMap(({ item, path: at }) => projectedProblems(item, at)),
    ...resourceProblems(spec, path),
    ...defaultedProblems(spec, path),
    ...selectorProblems(object),
  ];
}

interface Item {
  readonly item: JsonRecord;
  readonly path: Path;
}

function itemsOf(parent: JsonRecord, path: Path, name: string): Item[] {
  const list = parent[name];
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown, i) => (isRecord(item) ? [{ item, path: [...path, name, i] }] : []));
}

function sourceProblems(volume: JsonRecord, path: Path): ServerProblem[] {
  const sources = Object.keys(volume).filter((key) => key !== 'name' && volume[key] !== null);
  if (sources.length < 2) return [];
  return [{ path, message: `a volume has one source; found ${sources.join(' and ')}` }];
}

function twice(items: readonly Item[], what: string): ServerProblem[] {
  const seen = new Set<unknown>();
  return items.flatMap(({ item: { name }, path }) => {
    const isKnown = typeof name === 'string' && seen.has(name);
    seen.add(name);
    return isKnown
      ? [{ path: [...path, 'name'], message: `is the name of ${what} before it; choose another one` }]
      : [];
  });
}

function resourceProblems(owner: JsonRecord, path: Path): ServerProblem[] {
  const requests = valueAt(owner, ['resources', 'requests']);
  const limits = valueAt(owner, ['resources', 'limits']);
  if (!isRecord(requests) || !isRecord(limits)) return [];
  return Object.keys(requests).flatMap((name) => {
    const [low, high] = [quantityOf(requests[name]), quantityOf(limits[name])];
    if (low === undefined || high === undefined || low.nano <= high.nano) return [];
    const message = `must not be above the limit; found ${String(requests[name])}, the limit is ${String(limits[name])}`;
    return [{ path: [...path, 'resources', 'requests', name], message }];
  });
}

/**
 * If a pod has only a limit for the whole pod, the API server fills in the sum of the containers' requests. No rule
 * sees that before commit.
 */
function defaultedProblems(spec: JsonRecord, path: Path): ServerProblem[] {
  const limits = valueAt(spec, ['resources', 'limits']);
  if (!isRecord(limits)) return [];
  return Object.keys(limits)
    .filter((name) => valueAt(spec, ['resources', 'requests', name]) === undefined)
    .map((name) => ({
      path: [...path, 'resources', 'limits', name],
      message: 'is a limit of the whole pod without a request; write resources.requests of the pod as well',
    }));
}

function quantityOf(value: unknown): Quantity | undefined {
  return typeof value === 'string' || typeof value === 'number' ? Quantity.parse(String(value)) : undefined;
}

function noContainers(spec: JsonRecord, path: Path): ServerProblem[] {
  const { containers } = spec;
  const isEmpty =
    containers === undefined || containers === null || (Array.isArray(containers) && containers.length === 0);
  return isEmpty ? [{ path: [...path, 'containers'], message: 'must contain at least one container' }] : [];
}

/** A variable has a value or a source, not both. */
function envProblems(container: JsonRecord, path: Path): ServerProblem[] {
  return itemsOf(container, path, 'env').flatMap(({ item: { value, valueFrom }, path: at }) =>
    isRecord(valueFrom) && typeof value === 'string' && value !== ''
      ? [{ path: [...at, 'valueFrom'], message: 'cannot be used with value; keep one of the two' }]
      : [],
  );
}

function mountProblems(container: JsonRecord, path: Path, volumes: ReadonlySet<unknown>): ServerProblem[] {
  const taken = new Set<unknown>();
  return itemsOf(container, path, 'volumeMounts').flatMap(({ item: { name, mountPath }, path: at }) => {
    const isTaken = typeof mountPath === 'string' && taken.has(mountPath);
    taken.add(mountPath);
    const isKnown = typeof name !== 'string' || volumes.has(name);
    return [
      ...(isTaken
        ? [{ path: [...at, 'mountPath'], message: `is mounted twice in this container; found ${mountPath}` }]
        : []),
      ...(isKnown
        ? []
        : [
            {
              path: [...at, 'name'],
              message: `is not a volume of this pod; found ${name}, allowed are ${listed(volumes)}`,
            },
          ]),
    ];
  });
}

function listed(names: ReadonlySet<unknown>): string {
  return names.size === 0 ? 'none' : [...names].map(String).join(', ');
}

/** Kinds that select their pods by labels. */
export const SELECTING: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet']);

/** The pods must have the labels that the workload selects. */
function selectorProblems(object: unknown): ServerProblem[] {
  if (!isRecord(object) || !SELECTING.has(String(object['kind']))) return [];
  const selector = ['spec', 'selector'];
  const path = [...selector, 'matchLabels'];
  const wanted = valueAt(object, path) ?? {};
  const labels = valueAt(object, ['spec', 'template', 'metadata', 'labels']) ?? {};
  if (!isRecord(wanted) || !isRecord(labels)) return [];
  const expressions = valueAt(object, [...selector, 'matchExpressions']);
  return [
    ...Object.keys(wanted)
      .filter((key) => labels[key] !== wanted[key])
      .map((key) => ({
        path: [...path, key],
        message: 'must be a label of spec.template.metadata, with the same value',
      })),
    ...(Array.isArray(expressions) ? expressions : []).flatMap((expression: unknown, i) =>
      isRecord(expression) && !isMet(expression, labels)
        ? [{ path: [...selector, 'matchExpressions', i], message: 'must fit the labels of spec.template.metadata' }]
        : [],
    ),
  ];
}

/** Whether labels fit a requirement of a selector. */
function isMet({ key, operator, values }: JsonRecord, labels: JsonRecord): boolean {
  const value = labels[String(key)];
  const isListed = Array.isArray(values) && values.includes(value);
  if (operator === 'In') return isListed;
  if (operator === 'NotIn') return !isListed;
  return operator === 'Exists' ? value !== undefined : operator !== 'DoesNotExist' || value === undefined;
}

/** A device is a claim, not a folder. */
function deviceProblems(
  container: JsonRecord,
  path: Path,
  volumes: readonly Item[],
  claims: readonly unknown[],
): ServerProblem[] {
  return itemsOf(container, path, 'volumeDevices').flatMap(({ item: { name }, path: at }) => {
    const volume = volumes.find(({ item }) => item['name'] === name)?.item;
    const isClaim =
      claims.includes(name) || isRecord(volume?.['persistentVolumeClaim']) || isRecord(volume?.['ephemeral']);
    return isClaim
      ? []
      : [{ path: [...at, 'name'], message: `must be a volume of this pod that is a claim; found ${String(name)}` }];
  });
}

function probeProblems(container: JsonRecord, path: Path): ServerProblem[] {
  const of = (probe: string, field: string) => valueAt(container, [probe, field]) ?? undefined;
  return [
    ...(of('readinessProbe', 'terminationGracePeriodSeconds') === undefined
      ? []
      : [
          {
            path: [...path, 'readinessProbe', 'terminationGracePeriodSeconds'],
            message: 'is only allowed in a livenessProbe or startupProbe: nothing is ended when a pod is not ready',
          },
        ]),
    ...['livenessProbe', 'startupProbe']
      .filter((probe) => ![undefined, 0, 1].includes(of(probe, 'successThreshold') as number | undefined))
      .map((probe) => ({ path: [...path, probe, 'successThreshold'], message: 'must be 1 in this probe' })),
  ];
}

/** Seconds in which a pod has to end, where it does not say. */
const USUAL_GRACE = 30;

/** A hook that sleeps longer than the pod has time to end. */
function hookProblems(container: JsonRecord, path: Path, spec: JsonRecord): ServerProblem[] {
  const grace = spec['terminationGracePeriodSeconds'] ?? USUAL_GRACE;
  return ['postStart', 'preStop'].flatMap((hook) => {
    const seconds = valueAt(container, ['lifecycle', hook, 'sleep', 'seconds']);
    if (typeof seconds !== 'number' || typeof grace !== 'number' || seconds <= grace) return [];
    const message = `must not be above terminationGracePeriodSeconds, which is ${grace}; found ${seconds}`;
    return [{ path: [...path, 'lifecycle', hook, 'sleep', 'seconds'], message }];
  });
}

/** Init containers that end have neither probes nor hooks. */
function startProblems(container: JsonRecord, path: Path): ServerProblem[] {
  if (!path.includes('initContainers') || container['restartPolicy'] === 'Always') return [];
  return ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe']
    .filter((field) => isRecord(container[field]))
    .map((field) => ({
      path: [...path, field],
      message: 'is only allowed in an init container with restartPolicy: Always',
    }));
}

/** Two files of a projected volume at one path. */
function projectedProblems(volume: JsonRecord, path: Path): ServerProblem[] {
  const projected = volume['projected'];
  if (!isRecord(projected)) return [];
  const files = itemsOf(projected, [...path, 'projected'], 'sources').flatMap(({ item, path: at }) =>
    Object.keys(item).flatMap((kind) => {
      const source = item[kind];
      return isRecord(source) ? itemsOf(source, [...at, kind], 'items') : [];
    }),
  );
  const paths = files.map(({ item }) => item['path']);
  return files
    .filter(({ item }, i) => typeof item['path'] === 'string' && paths.indexOf(item['path']) < i)
    .map(({ item, path: at }) => ({
      path: [...at, 'path'],
      message: `is the path of a file before it; found ${String(item['path'])}`,
    }));
}

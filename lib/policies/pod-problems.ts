import { isRecord, type JsonRecord } from '../core/json.ts';
import { CONTAINER_LISTS, podPath, valueAt } from './paths.ts';
import type { Path, ServerProblem } from './problem.ts';
import { Quantity } from './quantity.ts';

/**
 * What an API server would refuse of a pod, or pod template, after it was committed: the parts of its own validation that
 * makers run into. Fields of a wrong type are left to the rules.
 *
 * Source: ValidatePodSpec and the validations of workloads in Kubernetes, pkg/apis/core/validation and pkg/apis/apps/validation
 */
export function podProblems(object: unknown): ServerProblem[] {
  const pod = podPath(object);
  const spec = valueAt(object, [...pod, 'spec']);
  if (!isRecord(spec)) return [];
  const path = [...pod, 'spec'];
  const volumes = itemsOf(spec, path, 'volumes');
  const containers = CONTAINER_LISTS.flatMap((list) => itemsOf(spec, path, list));
  const templates = valueAt(object, ['spec', 'volumeClaimTemplates']);
  const claims = Array.isArray(templates) ? templates.map((claim) => valueAt(claim, ['metadata', 'name'])) : [];
  const names = new Set([...volumes.map(({ item }) => item['name']), ...claims]);
  return [
    ...volumes.flatMap(({ item, path: at }) => sourceProblems(item, at)),
    ...twice(volumes, 'a volume'),
    ...twice(containers, 'a container'),
    ...containers.flatMap(({ item, path: at }) => [...resourceProblems(item, at), ...mountProblems(item, at, names)]),
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
 * Where only a limit stands for the whole pod, the API server fills in the sum of what the containers request, which no
 * rule sees before commit.
 */
function defaultedProblems(spec: JsonRecord, path: Path): ServerProblem[] {
  const limits = valueAt(spec, ['resources', 'limits']);
  if (!isRecord(limits)) return [];
  return Object.keys(limits)
    .filter((name) => valueAt(spec, ['resources', 'requests', name]) === undefined)
    .map((name) => ({
      path: [...path, 'resources', 'limits', name],
      message: 'stands for the whole pod without a request; write resources.requests of the pod as well',
    }));
}

function quantityOf(value: unknown): Quantity | undefined {
  return typeof value === 'string' || typeof value === 'number' ? Quantity.parse(String(value)) : undefined;
}

function mountProblems(container: JsonRecord, path: Path, volumes: ReadonlySet<unknown>): ServerProblem[] {
  return itemsOf(container, path, 'volumeMounts').flatMap(({ item: { name }, path: at }) =>
    typeof name !== 'string' || volumes.has(name)
      ? []
      : [{ path: [...at, 'name'], message: `is no volume of this pod; found ${name}, there is ${listed(volumes)}` }],
  );
}

function listed(names: ReadonlySet<unknown>): string {
  return names.size === 0 ? 'none' : [...names].map(String).join(', ');
}

const SELECTING = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet']);

/** The labels of the pods have to be those that the workload looks for. */
function selectorProblems(object: unknown): ServerProblem[] {
  if (!isRecord(object) || !SELECTING.has(String(object['kind']))) return [];
  const path = ['spec', 'selector', 'matchLabels'];
  const wanted = valueAt(object, path);
  const labels = valueAt(object, ['spec', 'template', 'metadata', 'labels']) ?? {};
  if (!isRecord(wanted) || !isRecord(labels)) return [];
  return Object.keys(wanted)
    .filter((key) => labels[key] !== wanted[key])
    .map((key) => ({
      path: [...path, key],
      message: 'must be a label of spec.template.metadata, with the same value',
    }));
}

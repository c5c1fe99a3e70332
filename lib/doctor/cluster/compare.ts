import { at } from '../../core/json.ts';
import { Quantity } from '../../policies/quantity.ts';

/** Defaults that API servers fill in; a field with any other value was changed by somebody. */
const DEFAULTS: Readonly<Record<string, readonly unknown[]>> = {
  matchPolicy: ['Equivalent'],
  scope: ['*'],
  apiGroup: ['', 'rbac.authorization.k8s.io'],
};

/** Fields that do not affect what an object does. */
const BOOKKEEPING = new Set(['apiVersion', 'kind', 'metadata', 'status', 'operation', 'file']);

/** Kinds whose controllers fill in many fields: of these only the fields that greenroom writes are compared. */
const FILLED_IN = new Set([
  'Certificate',
  'ClusterPolicy',
  // Its other keys belong to the program that reads it.
  'ConfigMap',
  'ConstraintTemplate',
  'CronJob',
  'DeletingPolicy',
  'Deployment',
  'Gateway',
  'GitRepository',
  'Kustomization',
  'Namespace',
  'ServiceAccount',
  'ValidatingPolicy',
]);

/**
 * Path of the first field in which an object in the cluster differs from the manifest; null if there is none. An added
 * field counts, too, unless it is empty or a default of the server.
 */
export function firstDifference(wanted: { readonly kind: string }, live: unknown): string | null {
  if (typeof live !== 'object' || live === null) return wanted.kind;
  const own = (object: object) => Object.fromEntries(Object.entries(object).filter(([key]) => !BOOKKEEPING.has(key)));
  const isFilledIn = FILLED_IN.has(wanted.kind);
  const changed = difference(own(wanted), own(live), '', isFilledIn);
  // What holds a namespace is written in its labels.
  if (changed !== null || wanted.kind !== 'Namespace') return changed;
  const labels = (object: object) => at(object, 'metadata', 'labels') ?? {};
  return difference(labels(wanted), labels(live), 'metadata.labels', isFilledIn);
}

function difference(wanted: unknown, live: unknown, path: string, isFilledIn: boolean): string | null {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(live)) return wanted.length === 0 && isEmpty(live) ? null : path;
    if (wanted.length !== live.length) return path;
    return first(wanted.map((item, i) => difference(item, live[i], `${path}[${i}]`, isFilledIn)));
  }
  if (typeof wanted !== 'object' || wanted === null) {
    return wanted === live || (isEmpty(wanted) && isEmpty(live)) || sameAmount(wanted, live) ? null : path;
  }
  if (typeof live !== 'object' || live === null || Array.isArray(live))
    return isEmpty(wanted) && isEmpty(live) ? null : path;
  const here = (key: string) => (path === '' ? key : `${path}.${key}`);
  const there = live as Record<string, unknown>;
  const changed = first(
    Object.entries(wanted).map(([key, value]) => difference(value, there[key], here(key), isFilledIn)),
  );
  if (changed !== null || isFilledIn) return changed;
  const added = Object.keys(there).find(
    (key) => !Object.hasOwn(wanted, key) && !isEmpty(there[key]) && !DEFAULTS[key]?.includes(there[key]),
  );
  return added === undefined ? null : here(added);
}

function first(paths: readonly (string | null)[]): string | null {
  return paths.find((path) => path !== null) ?? null;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return true;
  // A list with one empty rule is not empty: in a network policy it allows everything.
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.values(value).every(isEmpty);
}

/** `0.5` and `500m`, `1Gi` and `1024Mi` are the same: the API server normalizes quantities. */
function sameAmount(a: unknown, b: unknown): boolean {
  const [x, y] = [a, b].map((value) => (typeof value === 'string' ? Quantity.parse(value) : undefined));
  return x !== undefined && y !== undefined && x.nano === y.nano;
}

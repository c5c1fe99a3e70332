import { isRecord, valueAt } from '../core/json.ts';
import { CONTAINER_LISTS, podPath } from '../policies/paths.ts';

type Path = readonly (string | number)[];

/** A reference from one object to another, by name. */
export interface Reference {
  /** Path of the name. */
  readonly path: Path;
  /** Kind of the referenced object. */
  readonly kind: string;
  readonly name: string;
  /** The key that is read. @default - the whole object */
  readonly key?: string;
}

/**
 * The objects that an object needs to start or to answer: those that its pods read, and the targets of routes and
 * autoscalers. Optional references are left out.
 */
export function referencesOf(object: unknown): Reference[] {
  const references = [...podReferences(object), ...routeReferences(object), ...scalerReferences(object)];
  return references.filter(({ name }) => name !== '');
}

function* podReferences(object: unknown): Generator<Reference> {
  const base = [...podPath(object), 'spec'];
  const spec = valueAt(object, base);
  if (!isRecord(spec)) return;
  for (const field of ['serviceAccountName', 'serviceAccount']) yield* named(spec, base, [field], 'ServiceAccount');
  for (const [i] of itemsOf(spec, 'imagePullSecrets'))
    yield* named(spec, base, ['imagePullSecrets', i, 'name'], 'Secret');
  for (const [i, volume] of itemsOf(spec, 'volumes')) yield* volumeReferences(volume, [...base, 'volumes', i]);
  for (const list of CONTAINER_LISTS) {
    for (const [i, container] of itemsOf(spec, list)) yield* containerReferences(container, [...base, list, i]);
  }
}

function* volumeReferences(volume: unknown, at: Path): Generator<Reference> {
  yield* source(volume, at, 'configMap', 'name', 'ConfigMap');
  yield* source(volume, at, 'secret', 'secretName', 'Secret');
  yield* named(volume, at, ['persistentVolumeClaim', 'claimName'], 'PersistentVolumeClaim');
  for (const [i, part] of itemsOf(valueAt(volume, ['projected']), 'sources')) {
    const inner = [...at, 'projected', 'sources', i];
    yield* source(part, inner, 'configMap', 'name', 'ConfigMap');
    yield* source(part, inner, 'secret', 'name', 'Secret');
  }
}

function* containerReferences(container: unknown, at: Path): Generator<Reference> {
  for (const [i, variable] of itemsOf(container, 'env')) {
    const inner = [...at, 'env', i, 'valueFrom'];
    const from = valueAt(variable, ['valueFrom']);
    for (const [field, kind] of [
      ['configMapKeyRef', 'ConfigMap'],
      ['secretKeyRef', 'Secret'],
    ] as const) {
      const key = valueAt(from, [field, 'key']);
      for (const reference of source(from, inner, field, 'name', kind)) {
        yield { ...reference, ...(typeof key === 'string' && { key }) };
      }
    }
  }
  for (const [i, from] of itemsOf(container, 'envFrom')) {
    yield* source(from, [...at, 'envFrom', i], 'configMapRef', 'name', 'ConfigMap');
    yield* source(from, [...at, 'envFrom', i], 'secretRef', 'name', 'Secret');
  }
}

function* routeReferences(object: unknown): Generator<Reference> {
  const kind = valueAt(object, ['kind']);
  const spec = valueAt(object, ['spec']);
  for (const [r, rule] of itemsOf(spec, 'rules')) {
    if (kind === 'Ingress') {
      for (const [p] of itemsOf(valueAt(rule, ['http']), 'paths')) {
        yield* named(object, [], ['spec', 'rules', r, 'http', 'paths', p, 'backend', 'service', 'name'], 'Service');
      }
    }
    if (kind !== 'HTTPRoute' && kind !== 'GRPCRoute' && kind !== 'TLSRoute') continue;
    for (const [b, backend] of itemsOf(rule, 'backendRefs')) {
      // A rule reports a reference to another namespace.
      const isService = (valueAt(backend, ['kind']) ?? 'Service') === 'Service';
      if (isService && valueAt(backend, ['namespace']) === undefined)
        yield* named(object, [], ['spec', 'rules', r, 'backendRefs', b, 'name'], 'Service');
    }
  }
}

function* scalerReferences(object: unknown): Generator<Reference> {
  if (valueAt(object, ['kind']) !== 'HorizontalPodAutoscaler') return;
  const kind = valueAt(object, ['spec', 'scaleTargetRef', 'kind']);
  if (typeof kind === 'string') yield* named(object, [], ['spec', 'scaleTargetRef', 'name'], kind);
}

/** A ConfigMap or Secret that is read, unless it is optional. */
function source(owner: unknown, at: Path, field: string, name: string, kind: string): Iterable<Reference> {
  return valueAt(owner, [field, 'optional']) === true ? [] : named(owner, at, [field, name], kind);
}

function* named(owner: unknown, at: Path, way: Path, kind: string): Generator<Reference> {
  const name = valueAt(owner, way);
  if (typeof name === 'string') yield { path: [...at, ...way], kind, name };
}

function itemsOf(owner: unknown, field: string): [number, unknown][] {
  const list = valueAt(owner, [field]);
  return Array.isArray(list) ? list.map((item, i) => [i, item]) : [];
}

import { isRecord, valueAt } from '../core/json.ts';
import { formatImage, parseImage } from '../model/image.ts';
import type { FieldPath } from '../model/load.ts';
import { fillIn, missingValue, type PlaceholderValues, placeholderProblem } from '../model/placeholders.ts';
import type { PlatformSpec } from '../model/platform.ts';
import { CONTAINER_LISTS, podPath } from '../policies/paths.ts';
import type { ResolvedApp } from './resolve.ts';

// Adapts the maker's own manifests to the pull request: placeholders, images of the apps, and the preview's host.

export interface ManifestSettings {
  /** The preview's name. */
  readonly name: string;
  readonly values: PlaceholderValues;
  readonly apps: readonly ResolvedApp[];
  readonly platform: PlatformSpec;
}

/** Fields that define what an object is. They take no placeholders. */
const STRUCTURE = new Set(['apiVersion', 'kind']);

/** Why an object cannot be adapted: the field and a sentence. */
export interface AdaptProblem {
  readonly path: FieldPath;
  readonly message: string;
  /** Whether the key is wrong rather than its value. */
  readonly atKey: boolean;
}

/** The placeholders that cannot be filled in, and the images without a tag or digest. */
export function adaptProblems(value: unknown, settings: ManifestSettings): AdaptProblem[] {
  return [...placeholderProblems(value, settings.values, []), ...imageProblems(value, settings)];
}

function* placeholderProblems(value: unknown, values: PlaceholderValues, path: FieldPath): Generator<AdaptProblem> {
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) yield* placeholderProblems(item, values, [...path, i]);
  } else if (isRecord(value)) {
    for (const [key, member] of Object.entries(value)) {
      const inner = [...path, key];
      if (isPlaceholder(key)) {
        yield {
          path: inner,
          atKey: true,
          message: 'is a key, and keys take no placeholders: they would change what is set',
        };
      }
      if (path.length === 0 && STRUCTURE.has(key) && typeof member === 'string' && isPlaceholder(member)) {
        yield { path: inner, atKey: false, message: 'must not contain placeholders: it defines the object' };
      } else yield* placeholderProblems(member, values, inner);
    }
  } else if (typeof value === 'string') {
    const missing = missingValue(value, values);
    const message =
      placeholderProblem(value) ?? (missing && `\${${missing}} has no value here: no app of this preview has a route`);
    if (message !== undefined) yield { path, atKey: false, message };
  }
}

function isPlaceholder(text: string): boolean {
  return /(^|[^$])\$\{/.test(text);
}

function imageProblems(value: unknown, { apps }: ManifestSettings): AdaptProblem[] {
  return imagePaths(value).flatMap((path): AdaptProblem[] => {
    const text = valueAt(value, path);
    if (typeof text !== 'string' || isPlaceholder(text) || apps.some(({ spec }) => spec.image === text)) return [];
    const image = parseImage(text);
    // The rules report an invalid image reference.
    if (typeof image === 'string' || image.tag !== undefined || image.digest !== undefined) return [];
    const own = apps.map(({ spec }) => spec.image).join(' or ');
    const message = `has no tag, so it is unclear which image this is; name a tag or a digest, or ${own} for the image of this pull request`;
    return [{ path, atKey: false, message }];
  });
}

function imagePaths(value: unknown): (string | number)[][] {
  const pod = [...podPath(value), 'spec'];
  return CONTAINER_LISTS.flatMap((name) => {
    const list = valueAt(value, [...pod, name]);
    return Array.isArray(list) ? list.map((_, i) => [...pod, name, i, 'image']) : [];
  });
}

/** The object as it is evaluated and committed. A value that is not an object is returned unchanged. */
export function adapted(value: unknown, settings: ManifestSettings): unknown {
  if (!isRecord(value)) return value;
  const filled = filledIn(value, settings.values) as Record<string, unknown>;
  for (const path of imagePaths(value)) {
    const app = settings.apps.find(({ spec }) => spec.image === valueAt(value, path));
    const container = valueAt(filled, path.slice(0, -1));
    if (app !== undefined && isRecord(container))
      (container as Record<string, unknown>)['image'] = formatImage(app.image);
  }
  return withPlatformAnnotations(withListener(withHost(filled, settings), settings), settings);
}

/** A deep copy in which only strings have changed. */
function filledIn(value: unknown, values: PlaceholderValues): unknown {
  if (typeof value === 'string') return fillIn(value, values);
  if (Array.isArray(value)) return value.map((item) => filledIn(item, values));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, filledIn(member, values)]));
}

/**
 * The maker's own routes get the platform's annotations too, so that they are protected like the preview's own route.
 */
function withPlatformAnnotations(
  object: Record<string, unknown>,
  { platform: { ingress } }: ManifestSettings,
): Record<string, unknown> {
  const { kind, metadata } = object;
  const isRoute = kind === 'Ingress' || kind === 'HTTPRoute' || kind === 'GRPCRoute' || kind === 'TLSRoute';
  if (!isRoute || !isRecord(metadata) || Object.keys(ingress.annotations).length === 0) return object;
  const own = isRecord(metadata['annotations']) ? metadata['annotations'] : {};
  return { ...object, metadata: { ...metadata, annotations: { ...own, ...ingress.annotations } } };
}

/** A route that names no Gateway listener gets the HTTPS listener. Otherwise all listeners would serve it. */
function withListener(
  object: Record<string, unknown>,
  { platform: { ingress } }: ManifestSettings,
): Record<string, unknown> {
  const { kind, spec } = object;
  if ((kind !== 'HTTPRoute' && kind !== 'GRPCRoute') || !isRecord(spec) || !Array.isArray(spec['parentRefs'])) {
    return object;
  }
  const parentRefs = spec['parentRefs'].map((parent) =>
    isRecord(parent) ? { sectionName: ingress.gateway.listener, ...parent } : parent,
  );
  return { ...object, spec: { ...spec, parentRefs } };
}

/** A route that names no host gets the preview's host and the platform's ingress class or Gateway. */
function withHost(
  object: Record<string, unknown>,
  { values: { host }, platform: { ingress } }: ManifestSettings,
): Record<string, unknown> {
  const { spec } = object;
  if (host === undefined || !isRecord(spec)) return object;
  if (object['kind'] === 'HTTPRoute') {
    const { name, namespace = ingress.controllerNamespace, listener } = ingress.gateway;
    const parent = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name, namespace, sectionName: listener };
    return { ...object, spec: { parentRefs: [parent], hostnames: [host], ...spec } };
  }
  if (object['kind'] !== 'Ingress') return object;
  const rules = Array.isArray(spec['rules'])
    ? spec['rules'].map((rule) => (isRecord(rule) ? { host, ...rule } : rule))
    : spec['rules'];
  const own = { ingressClassName: ingress.class, tls: [{ hosts: [host] }], ...spec };
  return { ...object, spec: rules === undefined ? own : { ...own, rules } };
}

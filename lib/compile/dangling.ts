import type { Position } from '../core/errors.ts';
import type { Finding, Severity } from '../core/finding.ts';
import { isDenial } from '../core/finding.ts';
import { isRecord, recordAt, valueAt } from '../core/json.ts';
import { APP_ACCOUNT } from '../model/labels.ts';
import { closest } from '../model/load/suggest.ts';
import { formatPath, itemPaths } from '../policies/paths.ts';
import { noDanglingReferences } from '../policies/rules/no-dangling-references.ts';
import type { Manifest } from './files.ts';
import { type Reference, referencesOf } from './references.ts';

/** An object, and the positions of its fields in the author's file. */
export interface Placed {
  readonly object: Manifest;
  readonly positionOf: (path: readonly (string | number)[]) => Position;
}

/** The objects of a preview, and its findings so far. */
export interface Together {
  /** Objects that the app's account applies. */
  readonly app: readonly Placed[];
  /** Objects of the fence. */
  readonly fence: readonly Manifest[];
  readonly findings: readonly Finding[];
  readonly severity: Severity;
  readonly contact: string;
}

/** What Kubernetes creates in every namespace. */
const EVERYWHERE: readonly (readonly [kind: string, name: string])[] = [
  ['ServiceAccount', 'default'],
  ['ServiceAccount', APP_ACCOUNT],
  ['ConfigMap', 'kube-root-ca.crt'],
  ['ConfigMap', 'openshift-service-ca.crt'],
];

/**
 * References to objects that the preview lacks or that are denied: the pod would wait for them forever. One finding per
 * missing object; none if the reference itself is already denied.
 */
export function danglingReferences({ app, fence, findings, severity, contact }: Together): Finding[] {
  const refused = new Set(
    findings
      .filter((f) => isDenial(f) && f.rule === 'allowed-kinds')
      .map(({ object: { kind, name } }) => `${kind}/${name}`),
  );
  const kept = app
    .map(({ object }) => object)
    .filter(({ kind, metadata: { name } }) => !refused.has(`${kind}/${name}`));
  const there = provided([...fence, ...kept]);
  return app.flatMap(({ object, positionOf }) => {
    const told = new Set<string>();
    return referencesOf(object).flatMap((reference): Finding[] => {
      const field = formatPath(reference.path);
      const isTold = findings.some(
        (f) =>
          isDenial(f) &&
          f.object.kind === object.kind &&
          f.object.name === object.metadata.name &&
          f.field !== '' &&
          field.startsWith(f.field),
      );
      const found = isTold ? undefined : missing(reference, there, refused);
      if (found === undefined || told.has(found)) return [];
      told.add(found);
      const {
        apiVersion,
        kind,
        metadata: { name, namespace },
      } = object;
      const message = `${found}, or ask ${contact}.`;
      const ref = { apiVersion, kind, name, ...(namespace !== undefined && { namespace }) };
      return [{ rule: noDanglingReferences.id, severity, message, object: ref, field, ...positionOf(reference.path) }];
    });
  });
}

/** What is missing and what to do about it, as the start of a sentence; undefined if nothing is missing. */
function missing({ kind, name, key }: Reference, there: Provided, refused: ReadonlySet<string>): string | undefined {
  const keys = there.keysOf(kind, name);
  if (keys !== undefined) {
    if (key === undefined || keys === 'any' || keys.includes(key)) return undefined;
    const has = keys.length === 0 ? 'has no keys' : `has only ${[...keys].sort().join(', ')}`;
    return `It reads the key ${key} of the ${kind} ${name}, which ${has}: correct the key or add it there`;
  }
  const what = `It refers to the ${kind} ${name}, which`;
  if (refused.has(`${kind}/${name}`)) return `${what} must not be part of a preview: remove the reference as well`;
  const near = closest(name, there.namesOf(kind));
  const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
  return `${what} this preview does not have${hint}: correct the name, add the ${kind} to the manifests, or remove the reference`;
}

/** Objects that can be referenced. */
interface Provided {
  /** The keys of an object, or `any` if they are unknown; undefined if the object does not exist. */
  keysOf(kind: string, name: string): readonly string[] | 'any' | undefined;
  namesOf(kind: string): readonly string[];
}

function provided(objects: readonly Manifest[]): Provided {
  const known = new Map<string, Map<string, readonly string[] | 'any'>>();
  const add = (kind: string, name: unknown, keys: readonly string[] | 'any' = 'any') => {
    if (typeof name !== 'string') return;
    if (!known.has(kind)) known.set(kind, new Map());
    known.get(kind)!.set(name, keys);
  };
  for (const [kind, name] of EVERYWHERE) add(kind, name);
  for (const object of objects) {
    add(object.kind, object.metadata.name, keysOfData(object));
    // The platform creates the image pull Secrets of the fence's service accounts.
    for (const { name } of pullSecretsOf(object)) add('Secret', name);
    const secret = secretOf(object);
    if (secret !== undefined) add('Secret', ...secret);
  }
  const made = objects.filter(({ apiVersion }) => !isWellKnown(apiVersion));
  return {
    keysOf: (kind, name) =>
      known.get(kind)?.get(name) ?? (made.some((object) => mentions(object, name)) ? 'any' : undefined),
    namesOf: (kind) => [...(known.get(kind)?.keys() ?? [])],
  };
}

function keysOfData(object: Manifest): readonly string[] | 'any' {
  if (object.kind !== 'ConfigMap' && object.kind !== 'Secret') return 'any';
  return ['data', 'binaryData', 'stringData'].flatMap((field) => Object.keys(recordAt(object, [field])));
}

/** The Secret that an operator creates from an object. */
function secretOf(object: Manifest): [name: unknown, keys: readonly string[] | 'any'] | undefined {
  const { kind, metadata } = object;
  if (kind === 'ExternalSecret') {
    const isWhole =
      valueAt(object, ['spec', 'dataFrom']) !== undefined ||
      valueAt(object, ['spec', 'target', 'template']) !== undefined;
    const keys = itemPaths(object, { cel: '', items: 'spec.data' }).map((path) =>
      valueAt(object, [...path, 'secretKey']),
    );
    const texts = keys.filter((key) => typeof key === 'string');
    return [valueAt(object, ['spec', 'target', 'name']) ?? metadata.name, isWhole ? 'any' : texts];
  }
  if (kind !== 'SealedSecret') return undefined;
  // The Secret always has the name of the SealedSecret, even if the template names another one.
  return [metadata.name, Object.keys(recordAt(object, ['spec', 'encryptedData']))];
}

function pullSecretsOf(object: Manifest): readonly { readonly name?: unknown }[] {
  const list = object.kind === 'ServiceAccount' ? valueAt(object, ['imagePullSecrets']) : undefined;
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

/** Whether the kind is part of Kubernetes or known here. Other kinds may create any object that they name. */
function isWellKnown(apiVersion: string): boolean {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const known = ['external-secrets.io', 'bitnami.com', 'gateway.networking.k8s.io', 'greenroom.dev'];
  return !group.includes('.') || /^[a-z]+\.k8s\.io$/.test(group) || known.includes(group);
}

function mentions(value: unknown, name: string): boolean {
  if (typeof value === 'object' && value !== null) return Object.values(value).some((member) => mentions(member, name));
  return value === name;
}

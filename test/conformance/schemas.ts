import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { cacheFolder, makeOnce } from './cache.ts';
import { crdFiles, crdSources } from './crds.ts';
import { sourceOf } from './go.ts';
import { judgeModule, moduleHash } from './judges.ts';

/** The part of a JSON schema that is changed here; everything else passes through. */
interface Schema {
  readonly [keyword: string]: unknown;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly $ref?: string;
}

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

type Definitions = Readonly<Record<string, Schema>>;

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/**
 * A folder of strict JSON schemas, one for each kind that Kubernetes serves or a known project defines, named as
 * {@link schemaFile} says. Derived on first use from the API description in Kubernetes' Go module and from the
 * definitions in the projects' modules.
 */
export async function schemaFolder(): Promise<string> {
  const key = createHash('sha256')
    .update(moduleHash('kubernetes') + moduleHash('crds') + moduleHash('gator'))
    .update(readFileSync(import.meta.filename))
    .update(readFileSync(join(import.meta.dirname, 'crds.ts')))
    .digest('hex')
    .slice(0, 16);
  return makeOnce(join(cacheFolder(), `schemas-${key}`), async (draft) => {
    mkdirSync(draft);
    const definitions = await kubernetesDefinitions();
    writeBuiltIn(draft, definitions);
    for (const source of crdSources) {
      for (const file of await crdFiles(source)) writeCustom(draft, readFileSync(file, 'utf8'), definitions);
    }
  });
}

/** File name of a kind's schema, in the terms of kubeconform, whose group of `v1` is `v1`. */
function schemaFile({ group, version, kind }: GroupVersionKind): string {
  return `${kind.toLowerCase()}-${group || version}-${version}.json`;
}

/** The template by which kubeconform finds the files of {@link schemaFolder}. */
export const SCHEMA_TEMPLATE = '{{.ResourceKind}}-{{.Group}}-{{.ResourceAPIVersion}}.json';

async function kubernetesDefinitions(): Promise<Definitions> {
  const root = await sourceOf('k8s.io/kubernetes', judgeModule('kubernetes'));
  const description = JSON.parse(readFileSync(join(root, 'api/openapi-spec/swagger.json'), 'utf8'));
  const definitions = (description as { definitions: Definitions }).definitions;
  return Object.fromEntries(Object.entries(definitions).map(([name, schema]) => [name, strict(schema, name)]));
}

function writeBuiltIn(folder: string, definitions: Definitions): void {
  for (const schema of Object.values(definitions)) {
    const kinds = (schema['x-kubernetes-group-version-kind'] ?? []) as readonly GroupVersionKind[];
    // Options and watch events are of every group at once and are never written to a file.
    if (kinds.length === 1) writeSchema(folder, kinds[0] as GroupVersionKind, schema, definitions);
  }
}

interface CustomResourceDefinition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

function writeCustom(folder: string, text: string, definitions: Definitions): void {
  for (const document of parseAllDocuments(text)) {
    if (document.get('kind') !== 'CustomResourceDefinition') continue;
    const { group, names, versions } = (document.toJS() as CustomResourceDefinition).spec;
    for (const { name, schema } of versions) {
      const custom = strict(schema.openAPIV3Schema);
      const properties = { ...custom.properties, metadata: { $ref: `#/definitions/${OBJECT_META}` } };
      writeSchema(folder, { group, version: name, kind: names.kind }, { ...custom, properties }, definitions);
    }
  }
}

function writeSchema(folder: string, kind: GroupVersionKind, schema: Schema, definitions: Definitions): void {
  const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
  const root: Schema = {
    ...schema,
    properties: { ...schema.properties, apiVersion: { enum: [apiVersion] }, kind: { enum: [kind.kind] } },
    required: [...new Set([...((schema['required'] as string[] | undefined) ?? []), 'apiVersion', 'kind'])],
  };
  const complete = { ...root, definitions: reachable(root, definitions) };
  writeFileSync(join(folder, schemaFile(kind)), JSON.stringify(complete));
}

/** The definitions that a schema refers to, directly or through others. */
function reachable(root: Schema, definitions: Definitions): Record<string, Schema> {
  const found: Record<string, Schema> = {};
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const reference = (value as Schema).$ref;
    const name = typeof reference === 'string' ? reference.replace('#/definitions/', '') : undefined;
    const target = name === undefined ? undefined : definitions[name];
    if (name !== undefined && target !== undefined && found[name] === undefined) {
      found[name] = target;
      visit(target);
    }
    for (const member of Object.values(value)) visit(member);
  };
  visit(root);
  return found;
}

/**
 * A schema that refuses unknown fields, as kubectl's strict validation does. Only the structure is walked: what stands
 * under `anyOf`, `not` and the like names some fields of an object and must not close it.
 *
 * @param name the definition's name, for the types whose JSON differs from what Kubernetes' own description says
 */
function strict(schema: Schema, name?: string): Schema {
  if (name?.endsWith('.IntOrString') || schema['x-kubernetes-int-or-string'] === true) {
    return { ...without(schema, 'type', 'format'), anyOf: [{ type: 'integer' }, { type: 'string' }] };
  }
  if (name?.endsWith('.resource.Quantity')) return { type: ['string', 'number'] };
  const { properties, items, additionalProperties } = schema;
  const closed = properties !== undefined && schema['x-kubernetes-preserve-unknown-fields'] !== true;
  return {
    ...schema,
    ...(schema['nullable'] === true && typeof schema.type === 'string' ? { type: [schema.type, 'null'] } : {}),
    ...(properties && { properties: mapValues(properties) }),
    ...(items && { items: strict(items) }),
    ...(closed && { additionalProperties: false }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: strict(additionalProperties) }),
  };
}

function mapValues(schemas: Readonly<Record<string, Schema>>): Record<string, Schema> {
  return Object.fromEntries(Object.entries(schemas).map(([key, schema]) => [key, strict(schema)]));
}

function without(schema: Schema, ...keywords: readonly string[]): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => !keywords.includes(keyword)));
}

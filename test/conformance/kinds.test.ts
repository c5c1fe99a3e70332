import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { schemaFolder } from './schemas.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly anyOf?: unknown;
  readonly format?: string;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly definitions?: Readonly<Record<string, Schema>>;
}

const KINDS: Readonly<Record<string, string>> = {
  'v1 ConfigMap': 'configmap-v1-v1',
  'v1 PersistentVolumeClaim': 'persistentvolumeclaim-v1-v1',
  'v1 Pod': 'pod-v1-v1',
  'v1 Service': 'service-v1-v1',
  'apps/v1 DaemonSet': 'daemonset-apps-v1',
  'apps/v1 Deployment': 'deployment-apps-v1',
  'apps/v1 ReplicaSet': 'replicaset-apps-v1',
  'apps/v1 StatefulSet': 'statefulset-apps-v1',
  'autoscaling/v2 HorizontalPodAutoscaler': 'horizontalpodautoscaler-autoscaling-v2',
  'batch/v1 CronJob': 'cronjob-batch-v1',
  'batch/v1 Job': 'job-batch-v1',
  'networking.k8s.io/v1 Ingress': 'ingress-networking.k8s.io-v1',
  'policy/v1 PodDisruptionBudget': 'poddisruptionbudget-policy-v1',
};

/** What clusters write and nobody commits. */
const LEFT_OUT = new Set(['status', 'managedFields']);

/** `io.k8s.api.core.v1.PodSpec` is `PodSpec`. */
const shortName = (reference: string): string => reference.slice(reference.lastIndexOf('.') + 1);

function typeOf({ $ref, type, items, additionalProperties, anyOf, format }: Schema): string {
  if ($ref !== undefined) return shortName($ref);
  if (anyOf !== undefined) return 'text|integer';
  if (Array.isArray(type)) return 'amount';
  if (format === 'int32') return 'int32';
  if (type === 'array') return `[]${typeOf(items ?? {})}`;
  if (type === 'object' && typeof additionalProperties === 'object') return `{}${typeOf(additionalProperties)}`;
  return type === 'string' ? 'text' : type === 'boolean' ? 'flag' : typeof type === 'string' ? type : 'any';
}

function fieldsOf({ properties = {}, required = [] }: Schema): Record<string, string> {
  const names = Object.keys(properties).filter((name) => !LEFT_OUT.has(name));
  return Object.fromEntries(
    names.sort().map((name) => [required.includes(name) ? `${name}!` : name, typeOf(properties[name]!)]),
  );
}

it('the types of kinds are those of the Kubernetes that judges here', { timeout: 60_000 }, async () => {
  const folder = await schemaFolder();
  const types: Record<string, Record<string, string> | string> = {};
  const add = (name: string, schema: Schema): void => {
    const type = schema.properties === undefined ? typeOf(schema) : fieldsOf(schema);
    // Two types of one short name would have to be told apart.
    if (types[name] !== undefined) expect(types[name]).toEqual(type);
    types[name] = type;
  };
  for (const [kind, file] of Object.entries(KINDS)) {
    const schema = JSON.parse(readFileSync(join(folder, `${file}.json`), 'utf8')) as Schema;
    const fields = fieldsOf(schema);
    add(kind, {
      ...schema,
      properties: { ...schema.properties, apiVersion: { type: 'string' }, kind: { type: 'string' } },
    });
    const visit = (text: string): void => {
      const name = text.replace(/^(\[\]|\{\})+/, '');
      const definition = Object.entries(schema.definitions ?? {}).find(([full]) => shortName(full) === name)?.[1];
      if (definition === undefined || types[name] !== undefined) return;
      add(name, definition);
      if (definition.properties !== undefined) Object.values(fieldsOf(definition)).forEach(visit);
    };
    Object.values(fields).forEach(visit);
  }
  const lines = Object.entries(types)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, type]) => {
      const key = /^\w+$/.test(name) ? name : `'${name}'`;
      const fields = typeof type === 'string' ? `= ${type}` : Object.entries(type).map((field) => field.join(' '));
      const line = `  ${key}: '${[fields].flat().join(', ')}',`;
      return line.length > 120 ? line.replace(': ', ':\n    ') : line;
    });
  const text = [
    '// Written by `npx vitest run --config vitest.conformance.config.ts test/conformance/kinds.test.ts -u`; edits are lost.',
    '// Source: the API description of Kubernetes (api/openapi-spec/swagger.json, Apache-2.0), without what only clusters write.',
    '',
    '/** Fields of the types that makers write, each with its type; a name that ends in `!` is required. `[]` is a list, `{}` a map, `=` another name. */',
    'export const TYPES: Readonly<Record<string, string>> = {',
    ...lines,
    '};',
    '',
  ].join('\n');
  await expect(text).toMatchFileSnapshot(join(import.meta.dirname, '../../lib/policies/kinds/types.ts'));
});

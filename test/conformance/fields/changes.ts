import { isRecord, type JsonRecord } from '../../../lib/core/json.ts';

/** What of a JSON schema steers the changes. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly definitions?: Readonly<Record<string, Schema>>;
}

type Path = readonly (string | number)[];

/** An object with one field changed. */
export interface Changed {
  readonly path: Path;
  readonly value: unknown;
  readonly object: JsonRecord;
}

/** In the place of a value: the field is left out. */
const GONE = Symbol('left out');

const TEXTS: readonly string[] = [
  ...[
    '',
    'nonsense',
    'Upper-Case',
    'two words',
    '-dash',
    'under_score',
    'a/b',
    '/a',
    '../up',
    'a:b',
    '$(A)',
    '0',
    '80',
  ],
  ...['a=b', 'trailing-', 'dotted.name', '*', '*.a', 'ä', 'line\nbreak', '10%', '1Gi', '10.0.0.1', '::1', 'true'],
  ...['x'.repeat(16), 'x'.repeat(64), 'x'.repeat(254), 'x'.repeat(2000)],
];
const NUMBERS: readonly unknown[] = [-1, 0, 1, 2, 101, 512, 65_536, 3_000_000_000, 2 ** 60, 1.5, '1'];
const AMOUNTS: readonly unknown[] = ['-1', 'x', '', '0', '1m', '0.5', '1Gib', '1 Gi', '100Gi', 1, '1e3', '1K', '1.5Gi'];
const KEYS: readonly JsonRecord[] = [
  ...[{}, { '': 'a' }, { 'two words': 'a' }, { 'a/b/c': 'a' }, { '-a': 'a' }, { ['k'.repeat(64)]: 'a' }, { a: 1 }],
  ...[{ a: 'two words' }, { a: 'v'.repeat(64) }, { a: '' }, { a: 'Ä' }, { '..': 'a' }, { ['k'.repeat(254)]: 'a' }],
];

/** Every way to change one field of an object, each field for its own kind of value. Those that a schema has and the object lacks are added. */
export function changes(object: JsonRecord, root: Schema): Changed[] {
  const resolve = (schema: Schema): Schema =>
    schema.$ref === undefined ? schema : (root.definitions?.[schema.$ref.replace('#/definitions/', '')] ?? {});

  const visit = (value: unknown, schema: Schema, path: Path): { path: Path; value: unknown }[] => {
    const own = resolve(schema);
    const other = otherValues(own).map((changed) => ({ path, value: changed }));
    if (Array.isArray(value)) {
      const twice = value.length > 0 ? [{ path, value: [...value, value[0]] }] : [];
      return [
        ...other,
        ...[
          { path, value: [] },
          { path, value: [null] },
          { path, value: { a: 'b' } },
        ],
        ...twice,
        ...value.flatMap((item: unknown, i) => visit(item, own.items ?? {}, [...path, i])),
      ];
    }
    if (!isRecord(value)) return other;
    const properties = own.properties;
    if (properties === undefined) {
      const of = typeof own.additionalProperties === 'object' ? own.additionalProperties : {};
      const entries = Object.keys(value).flatMap((key) => visit(value[key], of, [...path, key]));
      return [...other, ...KEYS.map((map) => ({ path, value: map })), ...entries];
    }
    return [
      ...other,
      { path: [...path, 'nonsense'], value: 'a' },
      ...Object.entries(properties).flatMap(([key, field]) => {
        if (LEFT_OUT.has(key) || (path.length === 0 && ROOT.has(key))) return [];
        const at = [...path, key];
        if (value[key] !== undefined)
          return [{ path: at, value: GONE }, { path: at, value: null }, ...visit(value[key], field, at)];
        return samples(field, resolve, 0).map((sample) => ({ path: at, value: sample }));
      }),
    ];
  };
  const all = visit(object, root, []).filter(({ path }) => path.length > 0);
  return all.map(({ path, value }) => ({
    path,
    value,
    object: withValue(object, path, value) as JsonRecord,
  }));
}

/** Written by clusters only, or known to be checked by nobody but the rules. */
const LEFT_OUT = new Set(['status', 'managedFields', 'creationTimestamp', 'deletionTimestamp']);
const ROOT = new Set(['apiVersion', 'kind']);

const isAmount = ({ type }: Schema): boolean => Array.isArray(type) && type.includes('number');

function otherValues(schema: Schema): readonly unknown[] {
  const { type, anyOf, enum: choices = [] } = schema;
  if (isAmount(schema)) return AMOUNTS;
  if (anyOf !== undefined && type === undefined) return [...NUMBERS, ...TEXTS];
  if (type === 'string') return [...TEXTS, ...choices, 1, true, ['a']];
  if (type === 'integer' || type === 'number') return NUMBERS;
  if (type === 'boolean') return [true, false, 'true', 1];
  return type === 'array' ? ['a'] : ['a', [], {}];
}

/** Values of a field that an object lacks: the shortest of its type, and for maps of fields one with each field alone. */
function samples(schema: Schema, resolve: (schema: Schema) => Schema, depth: number): unknown[] {
  const own = resolve(schema);
  if (isAmount(own)) return depth === 0 ? AMOUNTS.slice() : ['1'];
  if (own.anyOf !== undefined && own.type === undefined) return depth === 0 ? [1, 'http', -1, '150%'] : [1];
  if (own.type === 'string') return depth === 0 ? [...TEXTS, ...(own.enum ?? []), 1] : [own.enum?.[0] ?? 'a'];
  if (own.type === 'integer' || own.type === 'number') return depth === 0 ? NUMBERS.slice() : [1];
  if (own.type === 'boolean') return depth === 0 ? [true, false, 'true'] : [true];
  if (own.type === 'array') {
    const items = samples(own.items ?? {}, resolve, depth + 1);
    return depth === 0 ? [[], ...items.map((item) => [item])] : [items.slice(0, 1)];
  }
  if (own.properties === undefined) {
    const of = typeof own.additionalProperties === 'object' ? own.additionalProperties : {};
    return depth === 0 ? [{}, ...samples(of, resolve, depth + 1).map((value) => ({ a: value }))] : [{}];
  }
  if (depth > 4) return [{}];
  const first = (key: string) => samples(own.properties?.[key] ?? {}, resolve, depth + 1)[0];
  const least = Object.fromEntries((own.required ?? []).map((key) => [key, first(key)]));
  if (depth > 1) return [least];
  const each = Object.keys(own.properties).filter((key) => !own.required?.includes(key));
  return [least, ...each.map((key) => ({ ...least, [key]: first(key) }))];
}

function withValue(container: unknown, [part, ...rest]: Path, value: unknown): unknown {
  if (part === undefined) return value;
  if (Array.isArray(container)) return container.map((item, i) => (i === part ? withValue(item, rest, value) : item));
  const record = isRecord(container) ? container : {};
  const inner = withValue(record[String(part)], rest, value);
  if (inner !== GONE) return { ...record, [part]: inner };
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== part));
}

/** A change as one line, for a report. */
export function describeChange({ path, value }: Changed): string {
  const text = value === GONE ? 'left out' : JSON.stringify(value);
  return `${path.join('.')} = ${text.length > 90 ? `${text.slice(0, 60)}... (${text.length})` : text}`;
}

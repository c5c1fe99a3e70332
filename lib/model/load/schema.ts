import type * as z from 'zod';
import type { FieldPath } from './positions.ts';

type Schema = z.core.$ZodTypes;

/** The schema of the value at `path`; undefined if the schema has no such path. */
export function schemaAt(root: z.ZodType, path: FieldPath): Schema | undefined {
  let schema: Schema | undefined = unwrap(root);
  for (const segment of path) {
    schema = schema && member(schema, segment);
    if (schema === undefined) return undefined;
  }
  return schema;
}

/** Names of the settings in an object schema, in its order; empty for other schemas. */
export function settingNames(schema: Schema | undefined): string[] {
  if (schema?._zod.def.type === 'union')
    return schema._zod.def.options.flatMap((option) => settingNames(unwrap(option)));
  return schema?._zod.def.type === 'object' ? Object.keys(schema._zod.def.shape) : [];
}

/** Names of the settings that an object schema requires; empty for other schemas. */
export function requiredSettings(schema: Schema | undefined): string[] {
  if (schema?._zod.def.type !== 'object') return [];
  const { shape } = schema._zod.def;
  return Object.keys(shape).filter((name) => shape[name]!._zod.optin === undefined);
}

/** Settings of `schema` that are objects and may contain `key`. */
export function holders(schema: Schema | undefined, key: string): string[] {
  return settingNames(schema).filter((name) => settingNames(member(schema!, name)).includes(key));
}

/** First sentence of the schema's description of the value at `path`. */
export function purpose(root: z.ZodType, path: FieldPath): string | undefined {
  const parent = schemaAt(root, path.slice(0, -1));
  const name = path.at(-1);
  if (parent?._zod.def.type !== 'object' || typeof name !== 'string') return undefined;
  const field = parent._zod.def.shape[name] as z.ZodType | undefined;
  // The points of "e.g." end no sentence.
  return field?.description?.split(/(?<=(?<!e\.g)\.) /, 1)[0];
}

function member(schema: Schema, segment: string | number): Schema | undefined {
  const { def } = schema._zod;
  switch (def.type) {
    case 'object':
      return Object.hasOwn(def.shape, segment) ? unwrap(def.shape[segment]!) : undefined;
    case 'record':
      return unwrap(def.valueType);
    case 'array':
      return unwrap(def.element);
    case 'union':
      return def.options.map((option) => member(unwrap(option), segment)).find((found) => found !== undefined);
    default:
      return undefined;
  }
}

/** The schema inside defaults, optionals and so on; for a transformation, its input. */
function unwrap(schema: z.core.$ZodType): Schema {
  let inner = schema as Schema;
  for (;;) {
    const { def } = inner._zod;
    if ('innerType' in def) inner = def.innerType as Schema;
    // The file format is before the transformation, or after it if it only prepares the value.
    else if (def.type === 'pipe') inner = (def.in._zod.def.type === 'transform' ? def.out : def.in) as Schema;
    else return inner;
  }
}

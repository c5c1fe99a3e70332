import * as z from 'zod';

/** Enough for every wrapper around one value: optional, default, transformation. */
const MAX_WRAPS = 10;

/**
 * The JSON Schema of what may be written in a file.
 *
 * The library omits defaults and examples of all transformed values (a number read as a quantity, a map merged with its
 * defaults), although both are written in files like this.
 */
export function jsonSchemaOf(schema: z.ZodType) {
  return z.toJSONSchema(schema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      const meta = z.globalRegistry.get(zodSchema);
      const standard = meta?.['default'] ?? defaultOf(zodSchema);
      if (standard !== undefined) jsonSchema.default = standard as never;
      if (meta?.examples !== undefined) jsonSchema.examples = meta.examples as never;
    },
  });
}

function defaultOf(schema: z.core.$ZodType): unknown {
  let inner = schema as z.core.$ZodTypes;
  for (let i = 0; i < MAX_WRAPS; i++) {
    const { def } = inner._zod;
    if (def.type === 'default') return def.defaultValue;
    if (!('innerType' in def)) return undefined;
    inner = def.innerType as z.core.$ZodTypes;
  }
  return undefined;
}

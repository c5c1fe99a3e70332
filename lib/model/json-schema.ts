import * as z from 'zod';

/** Deep enough for any wrapping of one value: optional, default, transformation. */
const MAX_WRAPS = 10;

/**
 * What may be written into a file, as JSON Schema.
 *
 * The library leaves out defaults and examples of all that is transformed when it is read (a number taken for a quantity,
 * a map merged with its defaults), although both are values as they are written here.
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

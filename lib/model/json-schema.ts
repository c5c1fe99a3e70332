import * as z from 'zod';

/**
 * JSON Schema of what a file may hold, for editors.
 *
 * zod leaves defaults and examples out where a value is changed while it is read, since they could be of either form;
 * ours are always of the form that is written.
 */
export function jsonSchema(schema: z.ZodType) {
  return z.toJSONSchema(schema, {
    io: 'input',
    override({ zodSchema, jsonSchema: result }) {
      const { examples, default: standard } = z.globalRegistry.get(zodSchema) ?? {};
      if (examples !== undefined) result.examples = examples as (typeof result)['examples'] & unknown[];
      if (standard !== undefined) result.default = standard as (typeof result)['default'] & {};
    },
  });
}

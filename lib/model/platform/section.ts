import * as z from 'zod';
import { quantity } from '../scalars.ts';

/** A section that may be left out: its own fields' defaults then apply. */
export function section<S extends z.ZodRawShape>(shape: S) {
  return z.strictObject(shape).prefault({} as never);
}

/** Names and values beside the defaults; null takes a default away. What is not named stays as it is. */
export function merged<Value>(
  key: z.ZodType<string>,
  value: z.ZodType<Value>,
  defaults: Readonly<Record<string, Value>>,
) {
  return z
    .record(key as z.core.$ZodRecordKey, value.nullable())
    .default({})
    .transform((own) => {
      const all = Object.entries({ ...defaults, ...own } as Record<string, Value | null>);
      return Object.fromEntries(all.filter((entry): entry is [string, Value] => entry[1] !== null));
    });
}

/** CPU and memory, as Kubernetes quantities. */
export const resources = z.strictObject({
  cpu: quantity.meta({ description: 'Cores: 1, or 250m for a quarter.', examples: ['250m'] }),
  memory: quantity.meta({ description: 'Bytes: 128Mi, 1Gi.', examples: ['128Mi'] }),
});

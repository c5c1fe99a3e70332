import * as z from 'zod';
import { closest } from '../load/suggest.ts';
import { quantity } from '../scalars.ts';

/** A section that may be left out: the defaults of its fields then apply. */
export function section<S extends z.ZodRawShape>(shape: S) {
  return z.strictObject(shape).prefault({} as never);
}

/** CPU and memory, as Kubernetes quantities. */
const cores = quantity.meta({ description: 'Cores: 1, or 250m for a quarter.', examples: ['250m'] });
const bytes = quantity.meta({ description: 'Bytes: 128Mi, 1Gi.', examples: ['128Mi'] });

export const resources = z.strictObject({ cpu: cores, memory: bytes });

/** The same, with defaults for missing values. */
export function resourcesOr(cpu: string, memory: string) {
  return section({
    cpu: quantity.default(cpu).meta({ description: 'Cores.' }),
    memory: quantity.default(memory).meta({ description: 'Bytes.' }),
  });
}

/** Why `null` removes no default: a misspelt name would leave the default in place. */
export function nothingToTake(name: string, defaults: readonly string[]): string | undefined {
  if (defaults.includes(name)) return undefined;
  const near = closest(name, defaults);
  const hint = near === undefined ? `the defaults are ${defaults.join(', ')}` : `did you mean ${near}?`;
  return `removes nothing: ${name} is not one of the defaults; ${hint}`;
}

/** A map whose entries are added to the defaults, or replace them; `null` removes a default. */
export function merged<K extends z.core.$ZodRecordKey, V extends z.ZodType>(
  key: K,
  value: V,
  defaults: Readonly<Record<string, z.output<V>>>,
) {
  return z
    .record(key, value.nullable())
    .superRefine((own, context) => {
      for (const [name, entry] of Object.entries(own)) {
        const message = entry === null ? nothingToTake(name, Object.keys(defaults)) : undefined;
        if (message !== undefined) context.addIssue({ code: 'custom', path: [name], message });
      }
    })
    .prefault({} as never)
    .transform((own): Record<string, z.output<V>> => {
      const entries = Object.entries({ ...defaults, ...own }) as [string, z.output<V> | null][];
      return Object.fromEntries(entries.filter((entry): entry is [string, z.output<V>] => entry[1] !== null));
    })
    .meta({ default: defaults });
}

import * as z from 'zod';
import type { Template } from './template.ts';

/**
 * What a correct preview of a template contains besides the fields of every preview: its required fields, each with its
 * first example.
 */
export function requiredFields({ name, fields }: Pick<Template, 'name' | 'fields'>): Record<string, unknown> {
  const required = Object.entries(fields).filter(([, field]) => !z.safeParse(field, undefined).success);
  return Object.fromEntries(
    required.map(([key, field]) => {
      const example = (z.globalRegistry.get(field)?.examples as unknown[] | undefined)?.[0];
      if (example === undefined)
        throw new Error(`${key} of the template ${name} has no example: add .meta({ examples }) to it`);
      return [key, example];
    }),
  );
}

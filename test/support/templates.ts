import * as z from 'zod';
import type { Template } from '../../lib/model/templates/template.ts';

/** What a preview of a template has to say beside the usual: its required fields, each with its first example. */
export function requiredFields({ name, fields }: Template): Record<string, unknown> {
  const required = Object.entries(fields).filter(([, field]) => !z.safeParse(field, undefined).success);
  return Object.fromEntries(
    required.map(([key, field]) => {
      const example = (z.globalRegistry.get(field)?.examples as unknown[] | undefined)?.[0];
      if (example === undefined)
        throw new Error(`${key} of the template ${name} lacks an example: .meta({ examples })`);
      return [key, example];
    }),
  );
}

/** The same as lines under `spec`. */
export function requiredLines(template: Template): string {
  return Object.entries(requiredFields(template))
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
    .join('');
}

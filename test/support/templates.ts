import { requiredFields } from '../../lib/model/templates/required.ts';
import type { Template } from '../../lib/model/templates/template.ts';

/** The required fields of a template with their examples, as lines under `spec`. */
export function requiredLines(template: Template): string {
  return Object.entries(requiredFields(template))
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
    .join('');
}

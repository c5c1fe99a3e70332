import { functionTemplate } from './function.ts';
import { staticSite } from './static-site.ts';
import type { Template } from './template.ts';
import { webService } from './web-service.ts';
import { worker } from './worker.ts';

const ALL = [staticSite, webService, functionTemplate, worker] as const;

/** Every template, in display order. Schema, JSON Schema and docs are generated from this list. */
export const TEMPLATES: readonly Template[] = ALL;

/** Names that makers can write under `template`. */
export type TemplateName = (typeof ALL)[number]['name'];

/** The names of {@link TEMPLATES}. */
export const TEMPLATE_NAMES: readonly TemplateName[] = ALL.map(({ name }) => name);

/** The template with a name. */
export function templateOf(name: TemplateName): Template {
  return ALL.find((template) => template.name === name)!;
}

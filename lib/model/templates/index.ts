import { functionTemplate } from './function.ts';
import { staticSite } from './static-site.ts';
import type { Template } from './template.ts';
import { webService } from './web-service.ts';
import { worker } from './worker.ts';

const ALL = [staticSite, webService, functionTemplate, worker] as const;

/** Every template, in the order in which they are shown. Schema, JSON Schema and docs are made from this list. */
export const TEMPLATES: readonly Template[] = ALL;

/** What makers can write under `template`. */
export type TemplateName = (typeof ALL)[number]['name'];

/** The names of {@link TEMPLATES}. */
export const TEMPLATE_NAMES: readonly TemplateName[] = ALL.map(({ name }) => name);

/** The template of a name. */
export function templateOf(name: TemplateName): Template {
  return ALL.find((template) => template.name === name)!;
}

import { Document, isCollection, isMap, type Node, Pair, Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import * as z from 'zod';
import { jsonSchemaOf } from '../../lib/model/json-schema.ts';
import { service } from '../../lib/model/platform/services.ts';
import { platformSchema } from '../../lib/model/platform.ts';
import { previewSchema } from '../../lib/model/preview.ts';
import { TEMPLATES } from '../../lib/model/templates/index.ts';
import type { Template } from '../../lib/model/templates/template.ts';

// Every setting of a file format as one valid, commented YAML file that people can copy from.

/** The parts of JSON Schema that zod gives for our formats. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

export const REFERENCES = {
  'greenroom.yaml': { schema: platformSchema, whose: 'the platform team, in the apps repo', name: 'platform' },
  'preview.yaml': { schema: previewSchema, whose: 'a maker, in the root of their repository', name: 'preview' },
} as const;

/** @returns Markdown of the page about one file @throws Error for a setting without a description */
export function referencePage(file: keyof typeof REFERENCES): string {
  const { schema, whose, name } = REFERENCES[file];
  const whole = jsonSchemaOf(schema) as Schema;
  const isPreview = file === 'preview.yaml';
  const text = referenceYaml(isPreview ? withoutTemplateFields(whole, TEMPLATES) : whole);
  return `# Every setting of ${file}

<!-- written by \`npm run docs\` from lib/model; edits are lost -->

Written by ${whose}. Each setting has its meaning, its default and an example; the
block as a whole is a file that works. \`greenroom schema ${name}\` prints the same as JSON Schema, for editors.

\`\`\`yaml
${text}\`\`\`
${isPreview ? templateSettings(TEMPLATES) : serviceSettings()}`;
}

/** Markdown: the settings of a type of `services`, with an image and with a class. */
function serviceSettings(): string {
  const { class: operated, ...withImage } = service.shape;
  const block = (fields: z.core.$ZodLooseShape) => referenceYaml(jsonSchemaOf(z.strictObject(fields)) as Schema);
  return `
## A type of \`services\` with an image

\`\`\`yaml
${block(withImage)}\`\`\`

## A type of \`services\` that an operator runs

\`variable\` is as above; the other settings of an image are not for it. [What is behind it](../platform-settings.md#a-database-that-an-operator-runs).

\`\`\`yaml
${block({ class: operated })}\`\`\`
`;
}

/** Settings of one template only: they are refused with the template that the page shows. */
function withoutTemplateFields(schema: Schema, templates: readonly Template[]): Schema {
  const own = templates.flatMap(({ fields }) => Object.keys(fields));
  const spec = schema.properties!['spec']!;
  const properties = Object.fromEntries(Object.entries(spec.properties!).filter(([name]) => !own.includes(name)));
  return { ...schema, properties: { ...schema.properties, spec: { ...spec, properties } } };
}

/** @returns Markdown: the settings under `spec` that only one template has, a section each */
export function templateSettings(templates: readonly Template[]): string {
  return templates
    .filter(({ fields }) => Object.keys(fields).length > 0)
    .map(({ name, fields }) => {
      const text = referenceYaml(jsonSchemaOf(z.strictObject(fields)) as Schema);
      return `\n## Only with \`template: ${name}\`\n\n\`\`\`yaml\n${text}\`\`\`\n`;
    })
    .join('');
}

function referenceYaml(schema: Schema): string {
  const document = new Document(undefined, { version: '1.2' });
  document.contents = nodeOf(schema, '', document) as never;
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** @param given this setting in the default of the group around it. @default - none */
function nodeOf(schema: Schema, path: string, document: Document, given?: unknown): Node {
  // An example is shown in place of the parts.
  const isWhole = schema.properties !== undefined || schema.examples !== undefined;
  const one = isWhole ? schema : (schema.anyOf?.find((each) => each.properties) ?? schema);
  if (one.properties !== undefined) return mapOf(one, path, document, given ?? schema.default);
  if (one.items?.properties !== undefined) {
    const list = document.createNode([]) as YAMLSeq;
    list.items.push(nodeOf(one.items, `${path}[]`, document) as never);
    return list;
  }
  const inner = entryOf(one);
  const value = given ?? exampleOf(schema, path);
  if (inner?.properties !== undefined) return recordOf(inner, value, path, document);
  const node = document.createNode(value) as Node;
  if (isCollection(node) && !(isMap(node) && node.items.length > 1)) node.flow = true;
  return node;
}

/** The values of a map; `null` removes a default. A map with an example is shown as that. */
function entryOf({ additionalProperties: inner, examples }: Schema): Schema | undefined {
  return typeof inner === 'object' && examples === undefined
    ? (inner.anyOf?.find((each) => each.properties !== undefined) ?? inner)
    : undefined;
}

/** A map with free names, such as sizes: one entry with comments, the others without. */
function recordOf(inner: Schema, value: unknown, path: string, document: Document): Node {
  const entries = Object.entries(value as Record<string, unknown>);
  const map = document.createNode({}) as YAMLMap;
  for (const [i, [key, content]] of entries.entries()) {
    const node = i === 0 ? nodeOf(inner, `${path}.${key}`, document, content) : (document.createNode(content) as Node);
    if (i > 0 && isCollection(node)) node.flow = true;
    map.items.push(new Pair(new Scalar(key), node) as never);
  }
  return map;
}

function mapOf(schema: Schema, path: string, document: Document, standard: unknown): Node {
  const map = document.createNode({}) as YAMLMap;
  const defaults = (standard ?? {}) as Record<string, unknown>;
  for (const [name, property] of Object.entries(schema.properties!)) {
    const here = path === '' ? name : `${path}.${name}`;
    const given = defaults[name];
    const isRequired = given === undefined && schema.required?.includes(name) === true;
    const key = new Scalar(name);
    key.commentBefore = commentOf(given === undefined ? property : { ...property, default: given }, here, isRequired);
    map.items.push(new Pair(key, nodeOf(property, here, document, given)) as never);
  }
  return map;
}

/** Fields of every file, which need no comment. */
const HEAD = ['apiVersion', 'kind', 'spec'];

function commentOf(schema: Schema, path: string, isRequired: boolean): string | undefined {
  if (HEAD.includes(path)) return undefined;
  if (schema.description === undefined)
    throw new Error(`${path} has no description: add .meta({ description, examples }) to it`);
  const one = schema.enum === undefined ? '' : ` One of ${schema.enum.join(', ')}.`;
  const values = schema.items?.enum === undefined ? one : ` Each is one of ${schema.items.enum.join(', ')}.`;
  return wrap(`${schema.description}${values}${defaultWords(schema, path, isRequired)}`);
}

function defaultWords(schema: Schema, path: string, isRequired: boolean): string {
  if (isRequired) return ' Required.';
  // A group of settings, or a description that states the default.
  if (schema.description?.includes('Default: ') || schema.properties !== undefined) return '';
  if (schema.default === undefined) throw new Error(`${path} is optional and says nothing of its default`);
  if (typeof schema.default !== 'object') return ` Default: ${String(schema.default)}.`;
  return Object.keys(schema.default as object).length === 0 ? ' Default: none.' : ' Default: as shown.';
}

function exampleOf({ const: fixed, examples, default: standard, enum: values }: Schema, path: string): unknown {
  if (fixed !== undefined) return fixed;
  if (examples?.[0] !== undefined) return examples[0];
  if (standard !== undefined) return standard;
  if (values?.[0] !== undefined) return values[0];
  throw new Error(`${path} has neither a default nor an example`);
}

/** Lines of a comment, as `yaml` needs them: each begins with a space. */
function wrap(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < 96) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => ` ${line}`).join('\n');
}

import type * as z from 'zod';
import { exceptionSchema } from './exception.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { microAppSchema } from './micro-app.ts';
import { platformSchema } from './platform.ts';
import { previewSchema } from './preview.ts';
import { API_VERSION } from './scalars.ts';

/** A kind of file that people write, with its JSON Schema for editors. */
export interface FileKind {
  readonly schema: z.ZodType;
  readonly title: string;
  readonly description: string;
}

/** Kinds of files by the name of their schema. */
export const FILE_KINDS = {
  preview: {
    schema: previewSchema,
    title: 'preview.yaml',
    description: 'What the preview of a pull request consists of; in the root of a micro app.',
  },
  platform: {
    schema: platformSchema,
    title: 'greenroom.yaml',
    description: 'What the platform team decides for all previews; in the root of the apps repo.',
  },
  'micro-app': {
    schema: microAppSchema,
    title: 'apps/<owner>/<repo>.yaml',
    description: 'Registers a micro app, and names who pays for its previews; in the apps repo.',
  },
  exception: {
    schema: exceptionSchema,
    title: 'exceptions/*.yaml',
    description: 'Exempts one repository or preview from rules, for a limited time; in the apps repo.',
  },
} as const satisfies Record<string, FileKind>;

/** Descriptions of the fields that every file has, for editors. Error messages do not need them. */
const FRAME: Readonly<Record<string, string>> = {
  apiVersion: 'Version of this format.',
  kind: 'What this file is.',
  metadata: 'Its name.',
  spec: 'Its contents.',
};

/**
 * The JSON Schema of a kind of file.
 *
 * Its `$id` is a name, not a URL: nothing is fetched from it, and greenroom need not own a domain.
 */
function fileSchema(name: string, { schema, title, description }: FileKind): object {
  const { $schema, properties = {}, ...rest } = jsonSchemaOf(schema);
  const $id = `urn:greenroom:${API_VERSION.split('/')[1]}:${name}`;
  const described = Object.entries(properties).map(([key, property]) => [
    key,
    typeof property === 'object' && Object.hasOwn(FRAME, key) ? { description: FRAME[key], ...property } : property,
  ]);
  return { $schema, $id, title, description, ...rest, properties: Object.fromEntries(described) };
}

/** The same schema as text, as it is written to files. */
export function schemaText(name: string, kind: FileKind): string {
  return `${JSON.stringify(fileSchema(name, kind), null, 2)}\n`;
}

/** File of a micro app with the schema of its preview.yaml, relative to the folder of the preview.yaml. */
export const PREVIEW_SCHEMA_FILE = '.greenroom/preview.schema.json';

/** File of the apps repo with a schema. */
export function schemaFile(name: keyof typeof FILE_KINDS): string {
  return `.greenroom/schemas/${name}.schema.json`;
}

/** First line of a YAML file: where editors find its schema. @param path relative to the file's own folder */
export function schemaHint(path: string): string {
  return `# yaml-language-server: $schema=${path}\n`;
}

import * as z from 'zod';
import { invalidInput } from '../core/errors.ts';
import { compareStrings, type FileSet, fileSet } from '../core/fileset.ts';
import { isSafePath } from '../core/path.ts';
import { printable } from '../core/text.ts';
import { type Loaded, loadDocument } from '../model/load.ts';
import { API_VERSION, dnsLabel } from '../model/scalars.ts';
import type { FileKind } from '../model/schemas.ts';
import { line, question } from './question.ts';

/** File with a template's questions. Each page is a JSON Schema, like Backstage's `parameters`. */
export const TEMPLATE_FILE = 'template.yaml';

/** Files of a new repository; those that end in `.njk` are rendered. */
export const SKELETON = 'skeleton/';
export const RENDERED = '.njk';

export const MAX_FILES = 200;
const MAX_BYTES = 1024 * 1024;

/** Values that greenroom provides for a new repository: a question must not use these names. */
export const GIVEN = ['repository', 'owner', 'repo', 'image', 'size', 'appsRepo', 'appsBranch'] as const;

const questionName = z
  .string()
  .regex(/^[a-z][A-Za-z0-9]{0,39}$/, 'must be letters and digits, and start with a lower-case letter')
  .refine((name) => !(name in Object.prototype), 'is a name that no question can have')
  .refine(
    (name) => !GIVEN.includes(name as never),
    `must be another name than ${GIVEN.join(', ')}, which greenroom gives`,
  );

const templateSchema = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Template'),
  metadata: z.strictObject({
    name: dnsLabel.meta({ description: 'What `greenroom new` calls it.' }),
    title: line(80).meta({ description: 'What people read.' }),
    description: line(300).meta({ description: 'One sentence more.' }),
  }),
  spec: z.strictObject({
    parameters: z
      .array(
        z.strictObject({
          title: line(120),
          description: line(500).optional(),
          required: z.array(z.string()).max(50).default([]),
          properties: z.record(questionName, question),
        }),
      )
      .max(10)
      .default([])
      .meta({ description: "Pages of questions, each a JSON Schema, as Backstage's `parameters`." }),
  }),
});

/** Schema for editors. */
export const TEMPLATE_KIND: FileKind = {
  schema: templateSchema,
  title: TEMPLATE_FILE,
  description: 'A template of `greenroom new`: its name, and the questions that it asks.',
};

export type TemplateDocument = z.output<typeof templateSchema>;

/** A valid template. */
export interface ProjectTemplate {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly pages: TemplateDocument['spec']['parameters'];
  /** Files by path in the new repository; those to render still end in `.njk`. */
  readonly skeleton: FileSet;
}

/**
 * Reads a template: `template.yaml` and the files below `skeleton/`.
 *
 * @param files all files of the template, by path in its folder
 * @throws GreenroomError `invalid-input` for an invalid template.yaml, more than 200 files or 1 MiB, a path that a
 *   repository must not have, or a file that is not text
 */
export function readTemplate(files: FileSet): ProjectTemplate {
  const text = files.get(TEMPLATE_FILE);
  if (text === undefined) throw invalidInput([{ file: TEMPLATE_FILE, message: 'is missing: a template has one' }]);
  checkContent(TEMPLATE_FILE, text);
  const { value } = loadTemplate(text);
  const paths = [...files.keys()].filter((path) => path.startsWith(SKELETON));
  if (paths.length === 0) throw invalidInput([{ file: SKELETON, message: 'is empty: a template lays down files' }]);
  if (paths.length > MAX_FILES) {
    throw invalidInput([{ file: SKELETON, message: `has ${paths.length} files; at most ${MAX_FILES} are allowed` }]);
  }
  const bytes = paths.reduce((sum, path) => sum + Buffer.byteLength(files.get(path)!), 0);
  if (bytes > MAX_BYTES) {
    throw invalidInput([{ file: SKELETON, message: `has ${bytes} bytes; at most ${MAX_BYTES} are allowed` }]);
  }
  const skeleton = fileSet(paths.map((path) => [path.slice(SKELETON.length), files.get(path)!]));
  checkPaths([...skeleton.keys()]);
  for (const [path, content] of skeleton) checkContent(`${SKELETON}${path}`, content);
  const { metadata, spec } = value;
  return { ...metadata, pages: spec.parameters, skeleton };
}

function loadTemplate(text: string): Loaded<TemplateDocument> {
  const loaded = loadDocument(templateSchema, text, TEMPLATE_FILE);
  const names = new Set<string>();
  for (const [i, { properties, required }] of loaded.value.spec.parameters.entries()) {
    const path = ['spec', 'parameters', i];
    const own = Object.keys(properties);
    const unknown = required.find((name) => !own.includes(name));
    const twice = own.find((name) => names.has(name));
    for (const name of own) names.add(name);
    if (unknown !== undefined) {
      const message = `names "${unknown}", which is not one of this page's properties: ${own.join(', ')}`;
      throw invalidInput([
        { ...loaded.positions.of([...path, 'required']), field: `spec.parameters[${i}].required`, message },
      ]);
    }
    if (twice !== undefined) {
      const message = `asks "${twice}" twice; name one of them otherwise`;
      throw invalidInput([
        { ...loaded.positions.of([...path, 'properties', twice]), field: `spec.parameters[${i}].properties`, message },
      ]);
    }
  }
  return loaded;
}

/** Checks paths: they are not rendered, and two paths must not give the same file, or a file and its folder. */
function checkPaths(paths: readonly string[]): void {
  const problem = (path: string, message: string) => invalidInput([{ file: printable(`${SKELETON}${path}`), message }]);
  const made = new Map<string, string>();
  const folders = new Map<string, string>();
  for (const path of [...paths].sort(compareStrings)) {
    if (!isSafePath(path)) throw problem(path, 'is a path that a repository may not have');
    if (/\$\{\{|\{%/.test(path)) throw problem(path, 'has a placeholder in its name; only contents are rendered');
    const name = sameName(path.endsWith(RENDERED) ? path.slice(0, -RENDERED.length) : path);
    if (/(^|\/)\.gitmodules$/.test(name)) throw problem(path, 'names submodules, which a template cannot have');
    const other = made.get(name);
    if (other !== undefined) throw problem(path, `gives the same file as ${SKELETON}${other}`);
    made.set(name, path);
    for (let end = name.indexOf('/'); end > 0; end = name.indexOf('/', end + 1)) folders.set(name.slice(0, end), path);
  }
  for (const [name, path] of made) {
    const inside = folders.get(name);
    if (inside !== undefined) throw problem(path, `gives a file where ${SKELETON}${inside} needs a folder`);
  }
}

/** Paths that are one file on macOS and Windows, which ignore case and Unicode's normal forms. */
function sameName(path: string): string {
  return path.normalize('NFC').toUpperCase().toLowerCase();
}

/** Files are text: they are rendered and compared as such, and a changed byte would not be noticed. */
function checkContent(file: string, text: string): void {
  if (/[\0\ufffd]/.test(text)) {
    throw invalidInput([{ file, message: 'is not UTF-8 text; a template has no binary files' }]);
  }
  if (text.startsWith('version https://git-lfs.github.com/spec/')) {
    throw invalidInput([{ file, message: 'is a pointer of Git LFS, not the file itself; add the file without LFS' }]);
  }
}

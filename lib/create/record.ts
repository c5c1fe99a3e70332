import * as z from 'zod';
import { parseBoundedJson } from '../core/bounded-json.ts';
import { sha256 } from '../core/digest.ts';
import { invalidInput } from '../core/errors.ts';
import { type FileSet, fileSet } from '../core/fileset.ts';
import { encodeObject, OBJECT_FORMATS } from '../core/git/objects.ts';
import { isSafePath } from '../core/path.ts';
import { type Answers, questionsOf } from './answers.ts';
import { renderSkeleton } from './render.ts';
import { GIVEN, type ProjectTemplate, RENDERED } from './template.ts';

/** What a repository remembers of the template that it was made from. */
export const ANSWERS_FILE = '.greenroom/template.json';

/** What {@link ANSWERS_FILE} says: enough to make the same files again, whatever became of the template. */
export interface TemplateRecord {
  readonly template: string;
  readonly answers: Answers;
  /** Git's ids (SHA-1) of files that were taken as they are, by path. */
  readonly plain: ReadonlyMap<string, string>;
  /** Sources of files that were rendered, by path with the ending `.njk`. */
  readonly sources: FileSet;
}

const MAX_PARTS = 20_000;

const record = z.object({
  template: z.string().max(100),
  answers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  files: z.record(z.string(), z.string().regex(/^[0-9a-f]{40}$/)),
  sources: z.record(z.string(), z.string()),
});

/** What tells a version of a template from another. */
export function templateDigest({ name, pages, skeleton }: ProjectTemplate): string {
  return `sha256:${sha256(JSON.stringify([name, pages, [...skeleton]]))}`;
}

/**
 * The text of {@link ANSWERS_FILE}, as a file to render: Backstage fills in the answers and writes the same bytes.
 *
 * @param skeleton all other files
 */
export function recordSource(template: ProjectTemplate, skeleton: FileSet): string {
  const placeholder = (name: string, type: string) =>
    type === 'string' ? `"\${{ values.${name} }}"` : `\${{ values.${name} }}`;
  const rendered = (path: string) => path.endsWith(RENDERED);
  const files = [...skeleton];
  return `{
  "template": "${template.name}",
  "digest": "${templateDigest(template)}",
  "answers": ${members([
    ...GIVEN.map((name): [string, string] => [name, placeholder(name, 'string')]),
    ...questionsOf(template).map(({ name, type }): [string, string] => [name, placeholder(name, type)]),
  ])},
  "files": ${members(files.filter(([path]) => !rendered(path)).map(([path, text]) => [path, `"${blobId(text)}"`]))},
  "sources": ${members(files.filter(([path]) => rendered(path)).map(([path, text]) => [path, inert(text)]))}
}
`;
}

function members(entries: readonly (readonly [string, string])[]): string {
  if (entries.length === 0) return '{}';
  return `{\n${entries.map(([name, value]) => `    ${JSON.stringify(name)}: ${value}`).join(',\n')}\n  }`;
}

/** As a JSON string in which nothing begins a placeholder or a tag. */
function inert(text: string): string {
  return JSON.stringify(text).replaceAll('{', '\\u007b');
}

/** Git's id of a file, by SHA-1 whatever the repository uses. */
export function blobId(text: string): string {
  return encodeObject(OBJECT_FORMATS.sha1, 'blob', Buffer.from(text)).oid;
}

/**
 * @param where for messages
 * @throws GreenroomError `invalid-input` for what is not the record of a template
 */
export function parseRecord(text: string, where: string): TemplateRecord {
  const result = record.safeParse(parseBoundedJson(Buffer.from(text), MAX_PARTS));
  const refuse = (message: string) => invalidInput([{ file: ANSWERS_FILE, message: `${message}, in ${where}` }]);
  if (!result.success) {
    const field = result.error.issues[0]?.path.join('.') ?? '';
    throw refuse(`is not what \`greenroom new\` wrote there${field === '' ? '' : ` (${field})`}`);
  }
  const { template, answers, files, sources } = result.data;
  const odd = [...Object.keys(files), ...Object.keys(sources)].find((path) => !isSafePath(path));
  if (odd !== undefined) throw refuse(`names ${JSON.stringify(odd)}, which is not a path of a repository`);
  return { template, answers, plain: new Map(Object.entries(files)), sources: fileSet(Object.entries(sources)) };
}

/** The files that were rendered when the record was written, by path. */
export function renderedThen({ sources, answers }: TemplateRecord): FileSet {
  return renderSkeleton(sources, answers);
}

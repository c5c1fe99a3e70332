import * as z from 'zod';
import { parseBoundedJson } from '../core/bounded-json.ts';
import { sha256 } from '../core/digest.ts';
import { invalidInput } from '../core/errors.ts';
import { type FileSet, fileSet } from '../core/fileset.ts';
import { encodeObject, OBJECT_FORMATS } from '../core/git/objects.ts';
import { isSafePath } from '../core/path.ts';
import { questionsOf, type TemplateAnswers } from './answers.ts';
import { renderSkeleton } from './render.ts';
import { GIVEN, type ProjectTemplate, RENDERED } from './template.ts';

/** File in a repository that records its template and answers. */
export const ANSWERS_FILE = '.greenroom/template.json';

/** Content of {@link ANSWERS_FILE}: enough to create the same files again, even if the template is gone. */
export interface TemplateRecord {
  readonly template: string;
  readonly answers: TemplateAnswers;
  /** Git's ids (SHA-1) of files that were copied without rendering, by path. */
  readonly plain: ReadonlyMap<string, string>;
  /** Sources of rendered files, by path including `.njk`. */
  readonly sources: FileSet;
}

const MAX_PARTS = 20_000;

const record = z.object({
  template: z.string().max(100),
  answers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  files: z.record(z.string(), z.string().regex(/^[0-9a-f]{40}$/)),
  sources: z.record(z.string(), z.string()),
});

/** Digest that identifies a version of a template. */
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

/** A JSON string without the start of a placeholder or a tag. */
function inert(text: string): string {
  return JSON.stringify(text).replaceAll('{', '\\u007b');
}

/** Git's id of a file, always with SHA-1, whatever format the repository uses. */
export function blobId(text: string): string {
  return encodeObject(OBJECT_FORMATS.sha1, 'blob', Buffer.from(text)).oid;
}

/**
 * @param where for messages
 * @throws GreenroomError `invalid-input` if it is not the record of a template
 */
export function parseTemplateRecord(text: string, where: string): TemplateRecord {
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

/** The rendered files at the time of the record, by path. */
export function renderedThen({ sources, answers }: TemplateRecord): FileSet {
  return renderSkeleton(sources, answers);
}

import { invalidInput } from '../core/errors.ts';
import { type FileSet, fileSet } from '../core/fileset.ts';
import { shippedFiles } from '../core/shipped.ts';
import { emitYaml } from '../core/yaml.ts';
import type { MicroApp } from '../model/micro-app.ts';
import { appsRepoUrl, type PlatformSpec } from '../model/platform.ts';
import { API_VERSION } from '../model/scalars.ts';
import { FILE_KINDS, PREVIEW_SCHEMA_FILE, schemaFile, schemaHint, schemaText } from '../model/schemas.ts';
import type { TemplateAnswers } from './answers.ts';
import { PLAIN_TEXT } from './question.ts';
import { ANSWERS_FILE, recordSource } from './record.ts';
import { renderSkeleton } from './render.ts';
import { type GIVEN, type ProjectTemplate, RENDERED, readTemplate, SKELETON } from './template.ts';

/** Values for every template, in addition to its answers. */
export type Given = Readonly<Record<(typeof GIVEN)[number], string>>;

const COMMON = '_common';

/** The templates that come with greenroom, by name. */
export function builtInTemplates(): ReadonlyMap<string, ProjectTemplate> {
  const files = shippedFiles('templates');
  const names = [...new Set([...files.keys()].map((path) => path.split('/')[0]!))].filter((name) => name !== COMMON);
  return new Map(names.map((name) => [name, readTemplate(below(files, name))]));
}

function below(files: FileSet, folder: string): FileSet {
  return fileSet(
    [...files].flatMap(([path, text]) =>
      path.startsWith(`${folder}/`) ? [[path.slice(folder.length + 1), text] as const] : [],
    ),
  );
}

/**
 * All files of a template, before rendering: its own, and the common ones of every repository (the build, the schema
 * for editors, the answers). A template's own file replaces a common one. Files that end in `.njk` are rendered later.
 */
export function wholeSkeleton(template: ProjectTemplate): FileSet {
  const common = below(shippedFiles('templates'), `${COMMON}/${SKELETON.slice(0, -1)}`);
  const made = new Map([...common, ...template.skeleton]);
  made.set(PREVIEW_SCHEMA_FILE, schemaText('preview', FILE_KINDS.preview));
  return fileSet([...made, [`${ANSWERS_FILE}${RENDERED}`, recordSource(template, fileSet(made))]]);
}

/** The files of a new repository. @throws GreenroomError `invalid-input` if the template cannot be rendered */
export function projectFiles(template: ProjectTemplate, given: Given, answers: TemplateAnswers): FileSet {
  return renderSkeleton(wholeSkeleton(template), { ...given, ...answers });
}

/**
 * The values that greenroom provides for a new repository.
 *
 * @param path `owner/name`
 * @throws GreenroomError `invalid-input` if an image or a preview cannot have this name
 */
export function givenOf(path: string, size: string, platform: PlatformSpec): Given {
  const [owner = '', repo = ''] = path.split('/');
  const problem = nameProblem(repo);
  if (problem !== undefined) {
    throw invalidInput([{ message: `the repository's name ${problem}; found "${repo}"` }]);
  }
  return {
    repository: path,
    owner,
    repo,
    image: `${platform.registries[0]!.replace(/\/$/, '')}/${repo}`,
    size,
    appsRepo: new URL(appsRepoUrl(platform).replace(/^[^/:@]+@([^:/]+):/, 'ssh://$1/')).pathname.replace(
      /^\/|\.git$/g,
      '',
    ),
    appsBranch: platform.appsRepo.branch,
  };
}

/** Names that have another meaning in a file system, a forge or an apps repo. */
export const RESERVED = ['.github', '.git', 'previews', 'apps', 'con', 'nul', 'aux', 'prn'];

/** Why a new repository cannot have a name, which is used for an image, as a part of a host name, and for a folder. */
export function nameProblem(name: string): string | undefined {
  if (name.length > 40) return 'must be at most 40 characters, since it is part of an address';
  if (RESERVED.includes(name.toLowerCase())) return 'is reserved; choose another';
  if (/^[a-z]([a-z0-9]|-(?!-))*$/.test(name) && !name.endsWith('-')) return undefined;
  return 'must be lower-case letters, digits and single dashes, and start with a letter';
}

/**
 * The text of `apps/<owner>/<repo>.yaml` for a new micro app.
 *
 * @param path of the repository, which decides where the file is. @default - as in `app`
 */
export function registrationText(app: MicroApp, path = app.repository): string {
  const up = '../'.repeat(path.split('/').length);
  return `${schemaHint(`${up}${schemaFile('micro-app')}`)}${emitYaml({ apiVersion: API_VERSION, kind: 'MicroApp', spec: app })}`;
}

/** A page of questions for Backstage's form, with the pattern for all texts. */
export function asJsonSchema(page: ProjectTemplate['pages'][number]): object {
  const properties = Object.entries(page.properties).map(([name, question]) => {
    const isFree = question.type === 'string' && question.enum === undefined && question.pattern === undefined;
    return [name, isFree ? { ...question, pattern: PLAIN_TEXT } : question];
  });
  // Our YAML output sorts keys; `ui:order` keeps the order of the questions.
  return { ...page, properties: Object.fromEntries(properties), 'ui:order': Object.keys(page.properties) };
}

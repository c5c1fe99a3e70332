import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createCompiler } from '../../lib/compile/compile.ts';
import type { CompiledPreview } from '../../lib/compile/compiler.ts';
import type { FileSet } from '../../lib/core/fileset.ts';
import { checkAnswers, questionsOf, type TemplateAnswers } from '../../lib/create/answers.ts';
import { builtInTemplates, givenOf, projectFiles } from '../../lib/create/project.ts';
import type { TemplateAnswer } from '../../lib/create/question.ts';
import { loadPlatform, loadPreview } from '../../lib/model/files.ts';
import { tempFolder } from './git.ts';
import { OPENED, platformText } from './inputs.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;

/** The image of the service that a template asks for. */
export const POSTGRES = `ghcr.io/acme/postgres@${DIGEST}`;

export const PROJECT_PLATFORM = platformText(`services: { postgres: { image: "${POSTGRES}" } }`);
const platform = loadPlatform(PROJECT_PLATFORM, 'greenroom.yaml').value.spec;

/** Names of the templates that come along. */
export const PROJECT_TEMPLATES = [...builtInTemplates().keys()];

/** What people type: other languages, quotes that are allowed, words of YAML and of HTML, the longest, next to nothing. */
export const ANSWERS: Readonly<Record<string, TemplateAnswers>> = {
  defaults: {},
  awkward: { description: "L'été: «Läden» & 日本語 #1, yes: no - 100%" },
  yaml: { description: ' - *all ? [!x] | @b, %c: &d, null ~ 0x1f ' },
  longest: { description: '日本'.repeat(60) },
  short: { description: '-' },
};

/** Every combination of what a template lets people choose from: yes and no, and each value of a list. */
export function choicesOf(name: string): TemplateAnswers[] {
  return questionsOf(builtInTemplates().get(name)!).reduce<TemplateAnswers[]>(
    (known, question) => {
      const values: readonly TemplateAnswer[] = question.enum ?? (question.type === 'boolean' ? [true, false] : []);
      return values.length === 0
        ? known
        : known.flatMap((answers) => values.map((value) => ({ ...answers, [question.name]: value })));
    },
    [{}],
  );
}

/** All files of a new repository. */
export function projectOf(name: string, answers: TemplateAnswers = {}, repository = 'acme/shop'): FileSet {
  const template = builtInTemplates().get(name)!;
  return projectFiles(template, givenOf(repository, 'small', platform), checkAnswers(template, answers));
}

/** Writes files into a new folder. */
export function written(files: FileSet): string {
  const folder = tempFolder();
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** The preview of pull request 7 of a new repository of acme. */
export function compileProject(files: FileSet, repository = 'shop'): CompiledPreview {
  return createCompiler({ platform, now: OPENED })({
    preview: loadPreview(files.get('preview.yaml')!, 'preview.yaml'),
    manifests: null,
    identity: { repositoryId: 42, owner: 'acme', repository, number: 7 },
    headSha: 'a1b2c3d'.padEnd(40, '0'),
    author: 'mia',
    labels: [],
    times: { createdAt: OPENED, updatedAt: OPENED, committedAt: OPENED },
  });
}

export const projectPlatform = platform;

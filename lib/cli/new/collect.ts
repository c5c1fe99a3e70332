import type { CompiledPreview } from '../../compile/compiler.ts';
import { systemClock } from '../../core/clock.ts';
import { GreenroomError, invalidInput } from '../../core/errors.ts';
import type { FileSet } from '../../core/fileset.ts';
import { isDenial } from '../../core/finding.ts';
import { namesOf, type RepositoryRef } from '../../core/repository.ts';
import { answerOf, checkAnswers, questionsOf } from '../../create/answers.ts';
import { builtInTemplates, givenOf, nameProblem, projectFiles, registrationText } from '../../create/project.ts';
import { problemOf, type TemplateAnswer } from '../../create/question.ts';
import type { ProjectTemplate } from '../../create/template.ts';
import { PREVIEW_FILE } from '../../model/layout.ts';
import { loadMicroApp, type MicroApp, microAppFile, microAppProblem } from '../../model/micro-app.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { findingLine } from '../../report/comment.ts';
import { compileWork } from '../shared/compile-file.ts';
import type { ExtensionOptions } from '../shared/extensions.ts';
import type { Io } from '../shared/io.ts';
import type { Format } from '../shared/options.ts';
import { findPlatform, type PlatformSide } from '../shared/platform.ts';
import type { Person } from './person.ts';
import { openTemplate } from './project-template.ts';

export interface NewOptions extends ExtensionOptions {
  repo?: RepositoryRef;
  branch?: string;
  forge?: string;
  owner?: string;
  team?: string;
  costCentre?: string;
  budget?: number;
  size?: string;
  set: Record<string, string>;
  input: boolean;
  dryRun?: boolean;
  format: Format;
}

/** The plan for everything to create. */
export interface CreationPlan {
  readonly template: ProjectTemplate;
  readonly repository: RepositoryRef;
  readonly files: FileSet;
  readonly app: MicroApp;
  /** The first preview, compiled with pull request number 1. */
  readonly compiled: CompiledPreview;
  /** Compiles it for the real pull request. */
  readonly compile: (pull: {
    readonly number: number;
    readonly sha: string;
    readonly repositoryId: number;
  }) => Promise<CompiledPreview>;
  /** Labels that its pull requests need to get a preview. */
  readonly labels: readonly string[];
  /** Whether it gets previews only after its registration is merged. */
  readonly isRegistrationNeeded: boolean;
  /** Whether previews are compiled with registrations; if not, only reports of costs read them. */
  readonly isRegistrationUsed: boolean;
}

interface Request {
  readonly template: string | undefined;
  readonly appsRepo: string;
  readonly options: NewOptions;
  /** Null if no questions can be asked. */
  readonly asks: Person | null;
}

/**
 * Plans what to create, from flags and, on a terminal, from questions.
 *
 * @throws GreenroomError `invalid-input` that names the missing or invalid flag; `denied` if the platform's rules deny
 *   the preview
 */
export async function creationPlan(
  { template: named, appsRepo, options, asks }: Request,
  io: Io,
): Promise<CreationPlan> {
  const place = {
    appsRepo,
    extension: options.extension,
    ...(options.branch !== undefined && { branch: options.branch }),
  };
  const side = (await findPlatform(place, [], systemClock(), io))!;
  const template = await openTemplate(named ?? (await askTemplate(asks)), io);
  const repository = options.repo ?? (await askRepository(side.platform, asks));
  const source = sourceOf(repository, side.platform);
  const size = sizeOf(options.size ?? side.platform.defaultSize, side.platform);
  const given = givenOf(repository.path, size, side.platform);
  const answers = checkAnswers(template, await askAnswers(template, {}, options.set, asks));
  const app = await appOf(repository, options, asks);
  const files = projectFiles(template, given, answers);
  const compile: CreationPlan['compile'] = (pull) => compilePreview(files, side, repository, pull, io);
  const compiled = await compile({ number: 1, sha: '0'.repeat(40), repositoryId: 1 });
  const denied = compiled.findings.filter(isDenial);
  if (denied.length > 0) {
    for (const finding of denied) io.err(`${findingLine(finding)}\n`);
    throw new GreenroomError('denied', `the platform's rules refuse the preview of ${template.name}; nothing was made`);
  }
  return {
    ...{ template, repository, files, app, compiled, compile },
    labels: labelsOf(source),
    isRegistrationNeeded: source.registered,
    isRegistrationUsed: side.platform.sources.some(({ registered }) => registered),
  };
}

/** @throws GreenroomError `invalid-input` if the platform does not have this size */
export function sizeOf(size: string, { sizes }: PlatformSpec): string {
  if (Object.hasOwn(sizes, size)) return size;
  const known = Object.keys(sizes).join(', ');
  throw invalidInput([{ message: `--size ${size}: the platform has no such size; it has ${known}` }]);
}

function compilePreview(
  files: FileSet,
  side: PlatformSide,
  repo: RepositoryRef,
  { number, sha, repositoryId }: Parameters<CreationPlan['compile']>[0],
  io: Io,
): Promise<CompiledPreview> {
  const text = files.get(PREVIEW_FILE);
  if (text === undefined)
    throw invalidInput([{ file: `skeleton/${PREVIEW_FILE}`, message: 'is missing: a template has one' }]);
  const now = systemClock();
  const work = { text, folder: '.', shown: (path: string) => path };
  const options = { repo, pr: number, repoId: repositoryId, sha, label: [], at: now, now, assumeDigest: true };
  return compileWork(work, side, options, io);
}

async function askTemplate(asks: Person | null): Promise<string> {
  const templates = [...builtInTemplates().values()];
  if (asks === null) {
    throw invalidInput([
      { message: `the template is missing: give one of ${templates.map(({ name }) => name).join(', ')}` },
    ]);
  }
  const options = templates.map(({ name, title, description }) => ({ value: name, label: title, hint: description }));
  return asks.choice({ message: 'What are you making?', options });
}

async function askRepository({ sources }: PlatformSpec, asks: Person | null): Promise<RepositoryRef> {
  if (asks === null) throw invalidInput([{ message: '--repo is missing: the new repository as OWNER/NAME' }]);
  const owner = sources[0]!.owner;
  const problem = (text: string) => asSentence(nameProblem(text));
  const name = await asks.text({ message: `What is its name? (a repository of ${owner})`, problem });
  return { path: `${owner}/${name}` };
}

/**
 * Answers from flags, from an earlier run, and from questions if somebody can be asked.
 *
 * @param known answers of an earlier run
 */
export async function askAnswers(
  template: ProjectTemplate,
  known: Readonly<Record<string, TemplateAnswer>>,
  set: Readonly<Record<string, string>>,
  asks: Person | null,
): Promise<Record<string, TemplateAnswer>> {
  const questions = questionsOf(template);
  const answers: Record<string, TemplateAnswer> = { ...known };
  for (const [name, text] of Object.entries(set)) {
    const question = questions.find((each) => each.name === name);
    answers[name] = question === undefined ? text : answerOf(question, text);
  }
  if (asks === null) return answers;
  for (const question of questions) {
    if (Object.hasOwn(answers, question.name)) continue;
    const { title: message, default: initial, type } = question;
    if (type === 'boolean') answers[question.name] = await asks.yes({ message, initial });
    else if (question.enum !== undefined) {
      const options = question.enum.map((value, i) => ({
        value: String(value),
        label: question.enumNames?.[i] ?? String(value),
      }));
      answers[question.name] = answerOf(question, await asks.choice({ message, initial, options }));
    } else {
      const isLeftOut = (text: string) => text === '' && !question.isRequired;
      const problem = (text: string) =>
        isLeftOut(text) ? undefined : asSentence(problemOf(question, answerOf(question, text)));
      const text = await asks.text({ message, initial, problem });
      if (!isLeftOut(text)) answers[question.name] = answerOf(question, text);
    }
  }
  return answers;
}

function asSentence(problem: string | undefined): string | undefined {
  return problem === undefined ? undefined : `It ${problem}.`;
}

async function appOf({ path }: RepositoryRef, options: NewOptions, asks: Person | null): Promise<MicroApp> {
  const owner = options.owner ?? (asks === null ? undefined : await askOwner(asks));
  if (owner === undefined)
    throw invalidInput([{ message: '--owner is missing: who is responsible for it, e.g. @acme/web' }]);
  const { team, costCentre, budget } = options;
  const app: MicroApp = {
    repository: path,
    owner,
    ...(team !== undefined && { team }),
    ...(costCentre !== undefined && { costCentre }),
    ...(budget !== undefined && { budget }),
  };
  const flags = { '--owner': 'owner', '--team': 'team', '--cost-centre': 'costCentre', '--budget': 'budget' } as const;
  const problems = Object.entries(flags).flatMap(([flag, name]) => {
    const problem = microAppProblem(name, app[name]);
    return problem === undefined ? [] : [{ message: `${flag} ${problem}; found ${JSON.stringify(app[name])}` }];
  });
  if (problems.length > 0) throw invalidInput(problems);
  return loadMicroApp(registrationText(app), microAppFile(path)).value.spec;
}

function askOwner(asks: Person): Promise<string> {
  const message = 'Who is responsible for it? (@account, @organization/team or an email address)';
  const problem = (text: string) => asSentence(microAppProblem('owner', text));
  return asks.text({ message, problem });
}

type SourceFilter = PlatformSpec['sources'][number];

/** @throws GreenroomError `invalid-input` if no source includes the repository: it would never get a preview */
export function sourceOf({ path }: RepositoryRef, { sources }: PlatformSpec): SourceFilter {
  const { owner, name } = namesOf({ path });
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  const source = sources.find(
    (each) => same(each.owner, owner) && (each.repos?.some((repo) => same(repo, name)) ?? true),
  );
  if (source !== undefined) return source;
  const known = sources.map((each) => `${each.owner}/${each.repos?.join(', ') ?? '*'}`).join('; ');
  const advice = 'ask its team to add it under sources';
  throw invalidInput([{ message: `--repo ${path}: the platform gives previews to ${known} only; ${advice}` }]);
}

/** Labels that a source requires; of alternatives the first. */
export function labelsOf({ label, labels }: SourceFilter): string[] {
  return [...new Set([label ?? [], labels.all ?? [], labels.any?.[0] ?? []].flat())];
}

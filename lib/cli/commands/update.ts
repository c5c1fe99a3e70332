import type { Command } from 'commander';
import { systemClock } from '../../core/clock.ts';
import { GreenroomError, invalidInput } from '../../core/errors.ts';
import { mergeTexts } from '../../core/git/merge.ts';
import type { RepositoryRef } from '../../core/repository.ts';
import { checkAnswers, questionsOf } from '../../create/answers.ts';
import { updateBody } from '../../create/description.ts';
import { builtInTemplates, givenOf, projectFiles } from '../../create/project.ts';
import { type ProposedUpdate, proposeUpdate } from '../../create/propose-update.ts';
import type { TemplateAnswer } from '../../create/question.ts';
import { ANSWERS_FILE, parseTemplateRecord, type TemplateRecord } from '../../create/record.ts';
import type { ProjectTemplate } from '../../create/template.ts';
import { planUpdate, type Update } from '../../create/update.ts';
import type { WorkRepository } from '../../forge/workshop.ts';
import { parseRemote } from '../../gitops/url.ts';
import { askAnswers, labelsOf, sizeOf, sourceOf } from '../new/collect.ts';
import { openTemplate } from '../new/project-template.ts';
import { canAsk, orCancelled, person } from '../new/questions.ts';
import { openWorkshops } from '../new/workshops.ts';
import type { Configure } from '../shared/command.ts';
import { type ExtensionOptions, extensionOption } from '../shared/extensions.ts';
import { type Io, json } from '../shared/io.ts';
import { answerArgument, type Format, formatOption, repositoryArgument, required } from '../shared/options.ts';
import { findPlatform } from '../shared/platform.ts';

interface Options extends ExtensionOptions {
  repo?: RepositoryRef;
  appsRepo?: string;
  branch?: string;
  forge?: string;
  template?: string;
  size?: string;
  set: Record<string, string>;
  input: boolean;
  dryRun?: boolean;
  format: Format;
}

export const configure: Configure = (command, io) => {
  updateOptions(extensionOption(formatOption(command)))
    .addHelpText(
      'after',
      `
Compares the present template with the one that ${ANSWERS_FILE} records, and opens a pull request with the changes.
Answers are kept. A file that was changed in the repository is merged; if that fails, it stays as it is, and the pull
request names it. Safe to run again.

Examples:
  greenroom update --repo acme/shop --apps-repo acme/previews --dry-run
  greenroom update --repo acme/shop --apps-repo acme/previews --template https://git.example.com/templates.git#go`,
    )
    .action((options: Options) => orCancelled(io, () => run(options, io)));
};

function updateOptions(command: Command): Command {
  return command
    .option('--repo <owner/name>', 'the micro app', repositoryArgument)
    .option('--apps-repo <where>', 'the apps repo: OWNER/NAME, or the path of a bare repository')
    .option('--branch <name>', "branch of the apps repo; default: the repository's own")
    .option('--forge <dir>', 'folder of a local forge; default: the forge in GREENROOM_FORGE')
    .option('--template <where>', 'folder or Git address of its template, if it does not come with greenroom')
    .option('--size <size>', 'a new size')
    .option('--set <name=value>', 'a changed answer, or one to a new question; can be repeated', answerArgument, {})
    .option('--no-input', 'ask no questions: a missing value is an error')
    .option('--dry-run', 'show what would change, open no pull request');
}

async function run(options: Options, io: Io): Promise<void> {
  const appsRepo = required(options.appsRepo, '--apps-repo', 'acme/previews');
  const wanted = required(options.repo, '--repo', 'acme/shop');
  const { source: workshop } = await openWorkshops(appsRepo, options.forge, io);
  const repository = await workshop.repository(wanted);
  if (repository === null) {
    throw new GreenroomError('failed', `${wanted.path} does not exist, or is not visible to these credentials`);
  }
  const { path } = repository;
  const entries = repository.head === null ? new Map() : await workshop.entries(repository, repository.head);
  const textAt = async (file: string) => {
    const entry = entries.get(file);
    if (entry === undefined) return undefined;
    return entry.kind === 'link' ? null : workshop.text(repository, entry.id);
  };
  const record = await recordOf(repository, textAt);
  const template = await templateOf(record, options, io);
  const { platform } = (await findPlatform({ ...options, appsRepo }, [], systemClock(), io))!;
  const answers = checkAnswers(template, await answersOf(template, record, options, io));
  const size = sizeOf(options.size ?? String(record.answers['size']), platform);
  const made = projectFiles(template, givenOf(path, size, platform), answers);
  const textOf = (id: string) => workshop.text(repository, id);
  const update = await planUpdate(record, made, { now: textAt, textOf, merge: mergeTexts });
  const proposed =
    update.change.size === 0 || options.dryRun === true
      ? null
      : await proposeUpdate(workshop, repository, {
          ...{ update, entries, title: `Update from the template ${template.title}` },
          body: updateBody(template.title, update),
          labels: labelsOf(sourceOf(repository, platform)),
        });
  report({ repository, template, update, proposed }, options, io);
}

async function recordOf(
  { path }: WorkRepository,
  textAt: (file: string) => Promise<string | null | undefined>,
): Promise<TemplateRecord> {
  const text = await textAt(ANSWERS_FILE);
  if (typeof text === 'string') return parseTemplateRecord(text, path);
  const advice = 'only apps that `greenroom new` or Backstage made from a template can be updated';
  throw invalidInput([{ file: ANSWERS_FILE, message: `there is no such file in ${path}; ${advice}` }]);
}

async function templateOf(record: TemplateRecord, options: Options, io: Io): Promise<ProjectTemplate> {
  const builtIn = builtInTemplates().get(record.template);
  if (options.template === undefined && builtIn === undefined) {
    const message = `it was made from "${record.template}", which does not come with greenroom: give --template`;
    throw invalidInput([{ message }]);
  }
  const template = options.template === undefined ? builtIn! : await openTemplate(options.template, io);
  if (template.name === record.template) return template;
  const message = `--template ${parseRemote(options.template!).description} is the template "${template.name}"; it was made from "${record.template}"`;
  throw invalidInput([{ message }]);
}

/** Earlier answers are used for questions that still exist. */
async function answersOf(
  template: ProjectTemplate,
  { answers }: TemplateRecord,
  options: Options,
  io: Io,
): Promise<Record<string, TemplateAnswer>> {
  const asked = questionsOf(template).map(({ name }) => name);
  const known = Object.fromEntries(Object.entries(answers).filter(([name]) => asked.includes(name)));
  return askAnswers(template, known, options.set, options.input && canAsk(io) ? await person(io) : null);
}

interface Result {
  readonly repository: WorkRepository;
  readonly template: ProjectTemplate;
  readonly update: Update;
  /** Null if no pull request was opened. */
  readonly proposed: ProposedUpdate | null;
}

function report({ repository, template, update, proposed }: Result, options: Options, io: Io): void {
  const { change, merged, kept } = update;
  const outcome = change.size === 0 ? 'current' : (proposed?.outcome ?? 'would open');
  const { number = null, url = null } = proposed?.pull ?? {};
  if (options.format === 'json') {
    const changed = [...change].map(([path, text]) => ({ path, how: howOf(path, text, merged) }));
    const left = kept.map(({ path, why }) => ({ path, why }));
    io.out(json({ repository: repository.path, template: template.name, outcome, number, url, changed, kept: left }));
    return;
  }
  if (outcome === 'current') {
    io.out(`${repository.path}: nothing to update; it has what ${template.name} makes now\n`);
    return;
  }
  const where = url ?? (number === null ? '' : `pull request ${number}`);
  io.out(`${repository.path}: ${[outcome, where].filter(Boolean).join(', ')}\n`);
  for (const [path, text] of change) io.out(`  ${path}: ${howOf(path, text, merged)}\n`);
  for (const { path, why } of kept) io.err(`${path} stays: it ${why}\n`);
  if (outcome === 'declined') io.err('It was closed before; delete its branch to have it proposed again.\n');
}

function howOf(path: string, text: string | null, merged: readonly string[]): string {
  if (text === null) return 'removed';
  return merged.includes(path) ? 'merged with what was changed here' : 'as the template has it';
}

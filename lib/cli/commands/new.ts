import type { Command } from 'commander';
import { GreenroomError } from '../../core/errors.ts';
import type { RepositoryRef } from '../../core/repository.ts';
import { builtInTemplates } from '../../create/project.ts';
import { costWords } from '../../report/running.ts';
import { count } from '../../report/text.ts';
import { creationPlan, type NewOptions } from '../new/collect.ts';
import { type Made, makeMicroApp } from '../new/make.ts';
import { Cancelled } from '../new/person.ts';
import { guessPreview } from '../new/preview-only.ts';
import { canAsk, orCancelled, person } from '../new/questions.ts';
import type { WaitOutcome } from '../new/until-ready.ts';
import { timeoutArgument, waitForPreview } from '../new/wait.ts';
import type { Configure } from '../shared/command.ts';
import { extensionOption } from '../shared/extensions.ts';
import { type Io, json } from '../shared/io.ts';
import { amountArgument, answerArgument, formatOption, repositoryArgument, required } from '../shared/options.ts';

interface Options extends NewOptions {
  appsRepo?: string;
  list?: boolean;
  previewOnly?: boolean;
  out?: string;
  overwrite?: boolean;
  wait?: boolean;
  timeout?: number;
}

/** Default limit of `--wait`, in seconds. */
const WAIT_LIMIT = 900;

export const configure: Configure = (command, io) => {
  newOptions(extensionOption(formatOption(command)))
    .addHelpText(
      'after',
      `
Opens two pull requests: one with the source of a micro app, in a repository that is created if it does not exist, and
one in the apps repo that registers it. On a terminal it asks for what is missing. Run it again after a failure: it
continues where it stopped. Without registered: true in greenroom.yaml, a registration only counts in cost --all.

Examples:
  greenroom new --apps-repo acme/previews
  greenroom new web-service-node --repo acme/shop --owner @acme/web --apps-repo acme/previews --no-input
  greenroom new --preview-only`,
    )
    .action((template: string | undefined, options: Options) => orCancelled(io, () => run(template, options, io)));
};

function newOptions(command: Command): Command {
  return command
    .argument('[template]', 'a template by its name, its folder or its Git address (address#folder)')
    .option('--list', 'list the templates that come with greenroom')
    .option('--repo <owner/name>', 'the new repository', repositoryArgument)
    .option('--apps-repo <where>', 'the apps repo: OWNER/NAME, or the path of a bare repository')
    .option('--branch <name>', "branch of the apps repo; default: the repository's own")
    .option('--forge <dir>', 'folder of a local forge; default: the forge in GREENROOM_FORGE')
    .option('--owner <who>', 'who is responsible for it: @account, @organization/team or an email address')
    .option('--team <team>', 'team of the micro app, for reports')
    .option('--cost-centre <code>', 'cost centre that pays, for reports')
    .option('--budget <amount>', "highest cost of its previews per month, in the platform's currency", amountArgument)
    .option('--size <size>', 'one of the sizes of greenroom.yaml')
    .option('--set <name=value>', 'an answer to a question of the template; can be repeated', answerArgument, {})
    .option('--preview-only', 'only write preview.yaml, from the Dockerfile in this folder')
    .option('--out <file>', 'with --preview-only: output file (default: preview.yaml)')
    .option('--overwrite', 'with --preview-only: overwrite an existing file')
    .option('--wait', 'afterwards follow the preview until it answers, or until you have to change something')
    .option('--timeout <time>', 'with --wait: longest time to wait, e.g. 1h; default: 15m', timeoutArgument)
    .option('--no-input', 'ask no questions: a missing value is an error')
    .option('--dry-run', 'show what would be created, create nothing');
}

async function run(template: string | undefined, options: Options, io: Io): Promise<void> {
  if (options.list === true) return list(options, io);
  if (options.previewOnly === true) return guessPreview(options, io);
  const appsRepo = required(options.appsRepo, '--apps-repo', 'acme/previews');
  if (options.wait === true && options.dryRun === true) {
    throw new GreenroomError('invalid-input', '--wait and --dry-run: a dry run makes nothing to wait for; give one');
  }
  if (options.timeout !== undefined && options.wait !== true) {
    throw new GreenroomError('invalid-input', '--timeout belongs to --wait');
  }
  const asks = options.input && canAsk(io) ? await person(io) : null;
  const wanted = await creationPlan({ template, appsRepo, options, asks }, io);
  if (options.format === 'text') io.err(announcement(wanted.repository, wanted));
  if (asks !== null && options.dryRun !== true && !(await asks.yes({ message: 'Open both pull requests?' }))) {
    throw new Cancelled();
  }
  let made: Made;
  try {
    made = await makeMicroApp(wanted, { appsRepo, forge: options.forge, dryRun: options.dryRun === true }, io);
  } catch (error) {
    if (error instanceof GreenroomError && error.code !== 'invalid-input') {
      io.err('Run the same command again: it finds what is there and goes on.\n');
    }
    throw error;
  }
  if (options.format === 'text') report(wanted, made, options, io);
  const followed = options.wait === true ? await waitFor(made, wanted, { ...options, appsRepo }, io) : null;
  if (options.format === 'json') {
    const { files, ...rest } = made;
    const waited = followed === null ? {} : { waited: { outcome: followed.outcome, sentence: followed.sentence } };
    const dryRun = options.dryRun === true;
    io.out(json({ repository: wanted.repository.path, dryRun, ...rest, files: [...files.keys()], ...waited }));
  }
  if (followed === null) return;
  if (followed.exitCode > 0) io.err(`greenroom: ${followed.sentence}\n`);
  else if (options.format === 'text') io.out(`${followed.sentence}\n`);
  io.fail(followed.exitCode);
}

async function waitFor(
  { source, registration }: Made,
  wanted: Awaited<ReturnType<typeof creationPlan>>,
  options: Options & { appsRepo: string },
  io: Io,
): Promise<WaitOutcome> {
  if (source.number === null) {
    const sentence = 'Its source is merged; a new pull request gets a preview of its own.';
    return { outcome: 'ready', sentence, exitCode: 0 };
  }
  const isMerged = registration.outcome === 'there' || !wanted.isRegistrationNeeded;
  const where = registration.url ?? `pull request ${registration.number} of ${registration.repository}`;
  const before = isMerged ? null : `the registration to be merged (${where})`;
  const { timeout: limit = WAIT_LIMIT } = options;
  return waitForPreview({ repository: wanted.repository, number: source.number, limit, before }, options, io);
}

function announcement(
  repository: RepositoryRef,
  { files, compiled }: Awaited<ReturnType<typeof creationPlan>>,
): string {
  const { cost, url } = compiled;
  const address = url === null ? '' : `Its previews answer at ${url.replace(/-1\./, '-<number>.')}.\n`;
  return `${repository.path}: ${count(files.size, 'file')}.\n${address}${costWords({ cost })}\n`;
}

const UNUSED_REGISTRATION =
  'The registration only counts in `greenroom cost --all`: no source in greenroom.yaml has `registered: true`.\n';

function report(wanted: Awaited<ReturnType<typeof creationPlan>>, made: Made, options: Options, io: Io): void {
  const { path } = wanted.repository;
  const line = (what: string, { outcome, number, url }: Made['source']) => {
    const where = url ?? (number === null ? '' : `pull request ${number}`);
    io.out(`${what}: ${[outcome, where].filter(Boolean).join(', ')}\n`);
  };
  line(`source, ${path}`, made.source);
  line(`registration, ${made.registration.repository}`, made.registration);
  if (made.preview !== null) io.out(`preview: ${made.preview}\n`);
  if (!wanted.isRegistrationUsed) io.err(UNUSED_REGISTRATION);
  if (options.dryRun === true) for (const file of made.files.keys()) io.out(`would write ${file}\n`);
  else
    io.err(
      `Next: ask for reviews of both; the preview starts when its image is built. The README of ${path} says more.\n`,
    );
}

function list({ format }: Options, io: Io): void {
  const templates = [...builtInTemplates().values()].map(({ name, title, description }) => ({
    name,
    title,
    description,
  }));
  if (format === 'json') io.out(json({ templates }));
  else for (const { name, title, description } of templates) io.out(`${name.padEnd(20)} ${title}: ${description}\n`);
}

import { GreenroomError } from '../../core/errors.ts';
import { pullRequestText, type RepositoryRef } from '../../core/repository.ts';
import type { PullTrigger } from '../../forge/webhook.ts';
import { handleTrigger } from '../../sync/trigger.ts';
import { type ClientOptions, clientOptions, withClients } from '../shared/clients.ts';
import type { Configure } from '../shared/command.ts';
import { readInput } from '../shared/files.ts';
import { forgeKind } from '../shared/forges.ts';
import { type Io, json } from '../shared/io.ts';
import { numberArgument, repositoryArgument, required } from '../shared/options.ts';
import { exitCodeOf, resultData, resultLines } from '../shared/results.ts';

interface SyncCommandOptions extends ClientOptions {
  repo?: RepositoryRef;
  pr?: number;
  event?: string;
}

export const configure: Configure = (command, io) => {
  clientOptions(command)
    .option('--repo <owner/name>', 'repository of the pull request', repositoryArgument)
    .option('--pr <number>', 'number of the pull request', numberArgument)
    .option(
      '--event <file>',
      'a webhook payload; it only names the pull request and the comment, nothing else in it is trusted',
    )
    .addHelpText(
      'after',
      `
Reads the present state of the pull request and makes the apps repo match it. What triggered it, in which order and how
often, does not matter. Safe to run again after any failure.

Examples:
  greenroom sync --repo acme/shop --pr 7 --apps-repo ./previews.git --forge ./forge
  greenroom sync --event "$GITHUB_EVENT_PATH" --apps-repo acme/previews --dry-run`,
    )
    .action((options: SyncCommandOptions) => run(options, io));
};

async function run(options: SyncCommandOptions, io: Io): Promise<void> {
  const trigger = await triggerOf(options, io);
  const dryRun = options.dryRun === true;
  const result = await withClients(options, io, (context) => handleTrigger(context, trigger, { dryRun }));
  if (result === null) {
    const about = pullRequestText({ ...trigger.repository, number: trigger.number });
    io.err(`greenroom: ${about}: no command without an answer in this comment\n`);
    return;
  }
  if (options.format === 'json') io.out(json(resultData(result)));
  else io.out(resultLines(result, dryRun));
  for (const note of result.notes) io.err(`greenroom: ${note}\n`);
  io.fail(exitCodeOf(result.state));
}

/** Options override the data of the event. */
async function triggerOf(options: SyncCommandOptions, io: Io): Promise<PullTrigger> {
  const event = options.event === undefined ? undefined : await readEvent(options.event, options, io);
  return {
    ...event,
    repository: required(options.repo ?? event?.repository, '--repo', 'acme/shop'),
    number: required(options.pr ?? event?.number, '--pr', '7'),
  };
}

/** The pull request of a webhook's payload; undefined if there is none, or more than one. */
async function readEvent(file: string, options: SyncCommandOptions, io: Io): Promise<PullTrigger | undefined> {
  const body = readInput(io.cwd, file);
  try {
    JSON.parse(new TextDecoder().decode(body));
  } catch (cause) {
    throw new GreenroomError('invalid-input', `${file}: is not JSON`, { cause });
  }
  // A local path is not a repository's name, so it matches no event.
  const apps = { path: options.appsRepo, branch: options.branch };
  const pulls = (await forgeKind(io.env).webhooks()).trigger(body, apps)?.pulls ?? [];
  return pulls.length === 1 ? pulls[0] : undefined;
}

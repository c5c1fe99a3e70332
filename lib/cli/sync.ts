import { GreenroomError } from '../core/errors.ts';
import type { RepositoryRef } from '../forge/forge.ts';
import { syncPullRequest } from '../sync/sync.ts';
import { type DoorOptions, doorOptions, withDoors } from './doors.ts';
import { readInput } from './files.ts';
import { type Io, json } from './io.ts';
import type { Configure } from './main.ts';
import { numberArgument, repositoryArgument, required } from './options.ts';
import { exitCodeOf, resultData, resultLines } from './results.ts';

interface SyncCommandOptions extends DoorOptions {
  repo?: RepositoryRef;
  pr?: number;
  event?: string;
}

export const configure: Configure = (command, io) => {
  doorOptions(command)
    .option('--repo <owner/name>', 'repository of the pull request', repositoryArgument)
    .option('--pr <number>', 'number of the pull request', numberArgument)
    .option('--event <file>', 'a webhook payload to take --repo and --pr from; nothing else in it is believed')
    .addHelpText(
      'after',
      `
Reads the pull request's state as it is now and makes the apps repo match it: whatever woke it up, in any order and as
often as you like. Safe to run again after any failure.

Examples:
  greenroom sync --repo acme/shop --pr 7 --apps-repo ./previews.git --forge ./forge
  greenroom sync --event "$GITHUB_EVENT_PATH" --apps-repo acme/previews --dry-run`,
    )
    .action((options: SyncCommandOptions) => run(options, io));
};

async function run(options: SyncCommandOptions, io: Io): Promise<void> {
  const hint = options.event === undefined ? {} : await readHint(options.event, io);
  const repository = required(options.repo ?? hint.repo, '--repo', 'acme/shop');
  const number = required(options.pr ?? hint.pr, '--pr', '7');
  const result = await withDoors(options, io, (context) =>
    syncPullRequest(context, repository, number, { dryRun: options.dryRun === true }),
  );
  if (options.format === 'json') io.out(json(resultData(result)));
  else io.out(resultLines(result, options.dryRun === true));
  for (const note of result.notes) io.err(`greenroom: ${note}\n`);
  io.fail(exitCodeOf(result.state));
}

/** The pull request that a webhook payload is about. */
async function readHint(file: string, io: Io): Promise<{ repo?: RepositoryRef; pr?: number }> {
  const text = new TextDecoder().decode(readInput(io.cwd, file));
  let payload: { repository?: { full_name?: unknown }; pull_request?: { number?: unknown }; number?: unknown } | null;
  try {
    payload = JSON.parse(text);
  } catch (cause) {
    throw new GreenroomError('invalid-input', `${file}: is not JSON`, { cause });
  }
  const name = payload?.repository?.full_name;
  const number = payload?.pull_request?.number ?? payload?.number;
  return {
    ...(typeof name === 'string' ? { repo: repositoryArgument(name) } : {}),
    ...(typeof number === 'number' ? { pr: numberArgument(String(number)) } : {}),
  };
}

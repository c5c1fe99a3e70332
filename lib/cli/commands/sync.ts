import { GreenroomError } from '../../core/errors.ts';
import type { RepositoryRef } from '../../forge/forge.ts';
import { PROPOSAL_BRANCH, proposalSubject } from '../../model/proposal.ts';
import { handleComment, syncAndAnswer } from '../../sync/answer.ts';
import { type ClientOptions, clientOptions, withClients } from '../shared/clients.ts';
import type { Configure } from '../shared/command.ts';
import { readInput } from '../shared/files.ts';
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
      'a webhook payload: which pull request, and which comment; nothing else in it is believed',
    )
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
  const hint = options.event === undefined ? {} : await readHint(options.event, options.appsRepo, io);
  const repository = required(options.repo ?? hint.repo, '--repo', 'acme/shop');
  const number = required(options.pr ?? hint.pr, '--pr', '7');
  const dryRun = options.dryRun === true;
  const result = await withClients(options, io, async (context) => {
    // A comment that asks for nothing changes nothing, so there is nothing to sync either.
    if (hint.comment !== undefined && !dryRun) return handleComment(context, repository, number, hint.comment);
    return syncAndAnswer(context, repository, number, { dryRun });
  });
  if (result === null) {
    io.err(
      `greenroom: ${repository.owner}/${repository.name}#${number}: no command without an answer in this comment\n`,
    );
    return;
  }
  if (options.format === 'json') io.out(json(resultData(result)));
  else io.out(resultLines(result, dryRun));
  for (const note of result.notes) io.err(`greenroom: ${note}\n`);
  io.fail(exitCodeOf(result.state));
}

interface Hint {
  readonly repo?: RepositoryRef;
  readonly pr?: number;
  /** Id of a comment that was written or edited. */
  readonly comment?: number;
}

/** What a webhook payload is about: a pull request, and perhaps a comment of it. */
async function readHint(file: string, appsRepo: string, io: Io): Promise<Hint> {
  const text = new TextDecoder().decode(readInput(io.cwd, file));
  let payload: {
    repository?: { full_name?: unknown; id?: unknown };
    pull_request?: { number?: unknown; body?: unknown; head?: { ref?: unknown; repo?: { id?: unknown } | null } };
    issue?: { number?: unknown };
    comment?: { id?: unknown };
    number?: unknown;
  } | null;
  try {
    payload = JSON.parse(text);
  } catch (cause) {
    throw new GreenroomError('invalid-input', `${file}: is not JSON`, { cause });
  }
  const name = payload?.repository?.full_name;
  const proposed = payload?.pull_request;
  // What becomes of a proposal is told to whom it is for. Whoever writes to a branch of the apps repo is trusted as far.
  const isOwn =
    String(name).toLowerCase() === appsRepo.toLowerCase() && proposed?.head?.repo?.id === payload?.repository?.id;
  if (isOwn && String(proposed?.head?.ref).startsWith(PROPOSAL_BRANCH)) {
    const subject = proposalSubject(String(proposed?.body));
    if (subject !== null) return { repo: subject.pullRequest, pr: subject.pullRequest.number };
  }
  const number = payload?.pull_request?.number ?? payload?.issue?.number ?? payload?.number;
  // Comments on lines of the diff come with a pull request in the place of an issue; they carry no commands.
  const comment = payload?.issue === undefined ? undefined : payload?.comment?.id;
  return {
    ...(typeof name === 'string' ? { repo: repositoryArgument(name) } : {}),
    ...(typeof number === 'number' ? { pr: numberArgument(String(number)) } : {}),
    ...(typeof comment === 'number' ? { comment } : {}),
  };
}

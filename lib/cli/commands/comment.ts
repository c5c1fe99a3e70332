import { GreenroomError, invalidInput } from '../../core/errors.ts';
import type { RepositoryRef } from '../../core/repository.ts';
import { openForge } from '../shared/clients.ts';
import type { Configure } from '../shared/command.ts';
import { readInput } from '../shared/files.ts';
import type { Io } from '../shared/io.ts';
import { numberArgument, repositoryArgument } from '../shared/options.ts';

interface CommentOptions {
  repo: RepositoryRef;
  pr: number;
  forge?: string;
}

const MAX_BYTES = 65_536;

export const configure: Configure = (command, io) => {
  command
    .argument('<file>', 'Markdown whose first line is a marker, as `greenroom diff` writes it')
    .requiredOption('--repo <owner/name>', 'repository of the pull request', repositoryArgument)
    .requiredOption('--pr <number>', 'number of the pull request', numberArgument)
    .option('--forge <dir>', 'folder of a local forge; default: the forge in GREENROOM_FORGE')
    .addHelpText(
      'after',
      `
The comment is recognized by its first line and its author, and edited in place, so there is never a second one. The token
needs "pull-requests: write" and "statuses: read" on that repository and nothing else.

Example:
  greenroom comment diff.md --repo acme/previews --pr 12`,
    )
    .action((file: string, options: CommentOptions) => run(file, options, io));
};

async function run(file: string, { repo, pr, ...options }: CommentOptions, io: Io): Promise<void> {
  const comment = new TextDecoder().decode(await readInput(io.cwd, file, MAX_BYTES));
  const marker = /^<!-- greenroom:[a-z]+ -->(?=\n)/.exec(comment)?.[0];
  if (marker === undefined) {
    throw invalidInput([{ file, line: 1, message: 'must be a marker such as <!-- greenroom:impact -->' }]);
  }
  const forge = await openForge(options, io);
  try {
    const lookup = await forge.pullRequest(repo, pr);
    if (lookup.status === 'unknown') throw new GreenroomError('unreachable', lookup.reason);
    const { failures } = await forge.publish(lookup.value, {
      environment: null,
      said: () => ({ comment, check: null, deployment: null }),
      sameAs: comment,
      marker,
      notice: null,
      suggestions: [],
    });
    if (failures[0] !== undefined) throw failures[0];
    io.err(`written on ${repo.path}#${pr}\n`);
  } finally {
    await forge.close();
  }
}

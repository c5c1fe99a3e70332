import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { type CompiledPreview, createCompiler } from '../../compile/compile.ts';
import { parseTime } from '../../core/clock.ts';
import { GreenroomError } from '../../core/errors.ts';
import { namesOf, type RepositoryRef } from '../../core/repository.ts';
import { loadPreview } from '../../model/files.ts';
import { type ExtensionOptions, extensionOption, loadExtensions } from './extensions.ts';
import { readFolder, readInput } from './files.ts';
import type { Io } from './io.ts';
import { numberArgument, repositoryArgument, shaArgument } from './options.ts';
import { readPlatform } from './platform.ts';

export interface CompileFileOptions extends ExtensionOptions {
  platform: string;
  repo: RepositoryRef;
  pr: number;
  repoId: number;
  sha: string;
  at: string;
  label: string[];
}

/** Options of commands that compile a file as if it came with a pull request. */
export function compileFileOptions(command: Command): Command {
  return extensionOption(command)
    .argument('<preview.yaml>', "the maker's file; its manifests folder is looked up beside it")
    .requiredOption('--platform <file>', "the platform's greenroom.yaml; exceptions/ beside it counts")
    .requiredOption('--repo <owner/name>', 'repository of the pull request', repositoryArgument)
    .requiredOption('--pr <number>', 'number of the pull request', numberArgument)
    .option('--repo-id <id>', 'numeric id of the repository on its forge', numberArgument, 1)
    .option('--sha <sha>', 'head commit', shaArgument, '0'.repeat(40))
    .option('--at <time>', "the pull request's time, ISO 8601 with a zone", '1970-01-01T00:00:00Z')
    .option(
      '--label <label>',
      'a label of the pull request; may be given again',
      (l, all: string[]) => [...all, l],
      [],
    );
}

/** Compiles a file. The result depends on the files and options alone: times come from `--at`, never from a clock. */
export async function compileFile(file: string, options: CompileFileOptions, io: Io): Promise<CompiledPreview> {
  const at = parseTime(options.at);
  if (at === undefined) {
    throw new GreenroomError('invalid-input', `--at takes a time such as 2026-11-24T08:00:00Z; found "${options.at}"`);
  }
  const platform = readPlatform(io.cwd, options.platform);
  const exceptions = readFolder(resolve(io.cwd, join(dirname(options.platform), 'exceptions')), 'exceptions');
  const preview = loadPreview(readInput(io.cwd, file), file);
  const folder = preview.value.spec.manifests;
  const manifests = folder === undefined ? null : readFolder(resolve(io.cwd, dirname(file), folder), folder);
  const { owner, name: repository } = namesOf(options.repo);
  const extensions = await loadExtensions(options, io);
  return createCompiler({ platform, exceptions: exceptions ?? undefined, now: at, ...extensions })({
    preview,
    manifests,
    identity: { repositoryId: options.repoId, owner, repository, number: options.pr },
    headSha: options.sha,
    author: '',
    labels: options.label,
    times: { createdAt: at, updatedAt: at, committedAt: at },
  });
}

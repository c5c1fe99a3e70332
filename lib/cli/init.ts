import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { EXIT_CODES, GreenroomError } from '../core/errors.ts';
import { VERSION } from '../core/version.ts';
import { PLATFORM_FILE } from '../model/layout.ts';
import { count } from '../report/text.ts';
import type { Answers } from '../scaffold/answers.ts';
import { type InitResult, init } from '../scaffold/init.ts';
import type { Configure } from './command.ts';
import { type ExtensionOptions, extensionOption, loadExtensions } from './extensions.ts';
import { readInput } from './files.ts';
import { type Io, json } from './io.ts';
import { type Format, formatOption } from './options.ts';

export interface ScaffoldOptions extends ExtensionOptions {
  overwrite?: boolean;
  dryRun?: boolean;
  format: Format;
}

interface InitCommandOptions extends ScaffoldOptions {
  platform?: string;
  domain?: string;
  owner?: string;
  registry?: string;
  contact?: string;
  appsRepo?: string;
  input: boolean;
}

export function scaffoldOptions(command: Command): Command {
  return extensionOption(formatOption(command))
    .option('--overwrite', 'write over files that somebody edited; without it their differences are shown')
    .option('--dry-run', 'say what would be written, write nothing');
}

export const configure: Configure = (command, io) => {
  scaffoldOptions(command)
    .argument('<dir>', 'folder of the apps repo; made if it is not there')
    .option('--platform <file>', 'a greenroom.yaml to start from')
    .option('--domain <name>', 'previews answer at https://<name>.<domain>')
    .option('--owner <name>', 'organization or user whose pull requests get previews')
    .option('--registry <place>', 'where images come from; default: ghcr.io/<owner>')
    .option('--contact <handle>', 'whom every refusal names; default: @<owner>/platform')
    .option('--apps-repo <address>', 'what Argo CD clones; default: https://github.com/<owner>/previews.git')
    .option('--no-input', 'ask nothing, even on a terminal')
    .addHelpText(
      'after',
      `
Writes files and commits nothing. Safe to run again: what is right stays untouched, what you edited stays yours.

Examples:
  greenroom init previews --domain apps.example.com --owner acme
  greenroom init previews --platform greenroom.yaml`,
    )
    .action((dir: string, options: InitCommandOptions) => run(dir, options, io));
};

async function run(dir: string, options: InitCommandOptions, io: Io): Promise<void> {
  const platform =
    options.platform === undefined ? undefined : new TextDecoder().decode(readInput(io.cwd, options.platform));
  const answers = platform === undefined ? await collectAnswers(resolve(io.cwd, dir), options, io) : undefined;
  const { rules } = await loadExtensions(options, io);
  const result = await init({
    rules,
    dir: resolve(io.cwd, dir),
    version: VERSION,
    overwrite: options.overwrite === true,
    dryRun: options.dryRun === true,
    ...(platform === undefined ? {} : { platform }),
    ...(answers === undefined ? {} : { answers }),
  });
  report(dir, result, options, io);
  if (options.format === 'text' && result.left.length === 0 && options.dryRun !== true) {
    io.err(`Next: read ${dir}/README.md, then commit and push.\n`);
  }
}

/** Flags first; what is missing is asked on a terminal, and nowhere else. None where greenroom.yaml is there already. */
async function collectAnswers(dir: string, options: InitCommandOptions, io: Io): Promise<Answers | undefined> {
  const { registry, contact, appsRepo } = options;
  let { domain, owner } = options;
  if (domain === undefined || owner === undefined) {
    if (existsSync(resolve(dir, PLATFORM_FILE))) return undefined;
    if (!(options.input && io.interactive)) {
      const missing = domain === undefined ? '--domain' : '--owner';
      throw new GreenroomError('invalid-input', `there is no ${PLATFORM_FILE} in ${dir} yet: give ${missing}`);
    }
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      domain ??= (await terminal.question('Domain of the previews, e.g. apps.example.com: ')).trim();
      owner ??= (await terminal.question('Organization whose pull requests get previews: ')).trim();
    } finally {
      terminal.close();
    }
  }
  return {
    domain,
    owner,
    ...(registry === undefined ? {} : { registry }),
    ...(contact === undefined ? {} : { contact }),
    ...(appsRepo === undefined ? {} : { appsRepo }),
  };
}

/** One line a file that is not as it was, the differences of those left alone, and a sum. */
export function report(dir: string, result: InitResult, options: ScaffoldOptions, io: Io): void {
  const changed = result.files.filter((file) => file.action !== 'same' && file.action !== 'keep');
  const action = (file: InitResult['files'][number]) =>
    file.action === 'edited' && !result.left.includes(file.path) ? 'overwrite' : file.action;
  if (options.format === 'json') {
    io.out(json({ files: result.files.map((file) => ({ path: file.path, action: action(file), diff: file.diff })) }));
  } else {
    for (const file of changed) {
      io.out(`${action(file)} ${file.path}\n`);
      if (file.action === 'edited') io.out(file.diff.replace(/^/gm, '    ').trimEnd().concat('\n'));
    }
    const written = changed.length - result.left.length;
    io.err(`${options.dryRun ? 'would write' : 'wrote'} ${count(written, 'file')} in ${dir}\n`);
  }
  for (const note of result.notes) io.err(`greenroom: lifts nothing: ${note}\n`);
  if (result.left.length > 0) {
    io.err(
      `greenroom: ${count(result.left.length, 'file')} that somebody edited left alone; --overwrite replaces them\n`,
    );
    io.fail(EXIT_CODES.failed);
  }
}

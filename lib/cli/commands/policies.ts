import { dirname, join, resolve } from 'node:path';
import { Option } from 'commander';
import { systemClock } from '../../core/clock.ts';
import { formatProblem } from '../../core/errors.ts';
import { PLATFORM_FILE } from '../../model/layout.ts';
import { ENGINES, type Engine } from '../../model/platform.ts';
import { compileOptions, compilePolicies, policyFiles } from '../../policies/engines/index.ts';
import { loadExceptions } from '../../policies/exceptions.ts';
import { chosenRules } from '../../policies/rule-set.ts';
import { count } from '../../report/text.ts';
import type { Configure } from '../shared/command.ts';
import { type ExtensionOptions, extensionOption, loadExtensions } from '../shared/extensions.ts';
import { readFolder, writeFiles } from '../shared/files.ts';
import { type Io, json } from '../shared/io.ts';
import { type Format, formatOption } from '../shared/options.ts';
import { soundPlatform } from '../shared/platform.ts';

interface PoliciesOptions extends ExtensionOptions {
  engine: Engine;
  platform: string;
  out?: string;
  format: Format;
}

export const configure: Configure = (command, io) => {
  extensionOption(formatOption(command))
    .addOption(new Option('--engine <engine>', 'admission engine').choices(ENGINES).makeOptionMandatory())
    .option('--platform <file>', "the platform's greenroom.yaml; exceptions/ in its folder is read too", PLATFORM_FILE)
    .option('--out <dir>', 'write one file per object into this folder instead of printing them')
    .addHelpText(
      'after',
      `
Compiles the rules that check a preview before it is committed, for the cluster's own admission. Valid exceptions are
compiled in, so compile again when one ends.

Example:
  greenroom policies --engine vap --platform greenroom.yaml --out policies/vap`,
    )
    .action((options: PoliciesOptions) => run(options, io));
};

async function run(options: PoliciesOptions, io: Io): Promise<void> {
  const { engine, platform: file, out, format } = options;
  const modules = await loadExtensions(options, io, file);
  const { extraRules } = modules;
  const platform = soundPlatform(io.cwd, file, modules);
  const folder = join(dirname(file), 'exceptions');
  const given = readFolder(resolve(io.cwd, folder), 'exceptions') ?? new Map();
  const rules = chosenRules({ extraRules });
  const { honoured, refused, malformed } = loadExceptions(given, { now: systemClock(), platform, rules });
  for (const problem of [...malformed, ...refused]) io.err(`greenroom: exception ignored: ${formatProblem(problem)}\n`);
  const objects = compilePolicies({ ...compileOptions(platform, engine), extraRules, exceptions: honoured });
  const files = policyFiles(objects);
  if (format === 'json') io.out(json({ engine, objects }));
  if (out !== undefined) {
    writeFiles(resolve(io.cwd, out), files);
    io.err(`${count(files.size, 'file')} in ${out}\n`);
  } else if (format === 'text') {
    io.out([...files.values()].map((text) => `---\n${text}`).join(''));
  }
}

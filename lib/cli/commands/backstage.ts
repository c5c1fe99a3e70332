import { resolve } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { GreenroomError } from '../../core/errors.ts';
import { backstageTemplate } from '../../create/backstage.ts';
import { builtInTemplates } from '../../create/project.ts';
import { count } from '../../report/text.ts';
import { openTemplate } from '../new/project-template.ts';
import type { Configure } from '../shared/command.ts';
import { extensionOption } from '../shared/extensions.ts';
import { writeFiles } from '../shared/files.ts';
import type { Io } from '../shared/io.ts';
import { required } from '../shared/options.ts';
import { findPlatform, type PlatformOptions, platformOptions } from '../shared/platform.ts';

interface Options extends PlatformOptions {
  out?: string;
  host: string;
}

export const configure: Configure = (command, io) => {
  platformOptions(extensionOption(command))
    .argument('[template...]', 'templates by name, folder or Git address; default: those that come with greenroom')
    .option('--out <dir>', 'write the templates into this folder, each into its own subfolder')
    .option('--host <name>', 'host of the repositories', 'github.com')
    .addHelpText(
      'after',
      `
Backstage's form asks the same questions, and its scaffolder writes the same files. Register each template.yaml in its
catalog. Run this command again after a change of greenroom.yaml (sizes, registry, apps repo).

Example:
  greenroom backstage --platform greenroom.yaml --out backstage`,
    )
    .action((names: string[], options: Options) => run(names, options, io));
};

async function run(names: readonly string[], options: Options, io: Io): Promise<void> {
  const out = required(options.out, '--out', 'backstage');
  if (!/^[a-z0-9.-]+(:\d+)?$/.test(options.host)) {
    throw new GreenroomError('invalid-input', `--host takes a name such as github.com; found "${options.host}"`);
  }
  const side = await findPlatform(options, ['.'], systemClock(), io);
  if (side === null) throw new GreenroomError('invalid-input', 'give --platform FILE or --apps-repo WHERE');
  const wanted = names.length > 0 ? names : [...builtInTemplates().keys()];
  const templates = await Promise.all(wanted.map((name) => openTemplate(name, io)));
  for (const template of templates) {
    writeFiles(resolve(io.cwd, out, template.name), backstageTemplate(template, side.platform, options.host));
    io.out(`${out}/${template.name}/template.yaml\n`);
  }
  io.err(`wrote ${count(templates.length, 'template')}\n`);
}

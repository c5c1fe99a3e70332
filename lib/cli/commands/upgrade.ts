import { join, resolve } from 'node:path';
import { VERSION } from '../../core/version.ts';
import { PLATFORM_FILE } from '../../model/layout.ts';
import { init } from '../../scaffold/init.ts';
import type { Configure } from '../shared/command.ts';
import { loadExtensions } from '../shared/extensions.ts';
import { report, type ScaffoldOptions, scaffoldOptions } from './init.ts';

export const configure: Configure = (command, io) => {
  scaffoldOptions(command)
    .argument('<dir>', 'folder of the apps repo')
    .addHelpText(
      'after',
      `
Compiles bootstrap/, policies/ and the workflows again from greenroom.yaml, and upgrades an older apps repo to this
version. Writes files and commits nothing.

Example:
  greenroom upgrade . --dry-run`,
    )
    .action(async (dir: string, options: ScaffoldOptions) => {
      const modules = await loadExtensions(options, io, join(dir, PLATFORM_FILE));
      const result = await init({
        dir: resolve(io.cwd, dir),
        version: VERSION,
        ...modules,
        overwrite: options.overwrite === true,
        dryRun: options.dryRun === true,
      });
      report(dir, result, options, io);
    });
};

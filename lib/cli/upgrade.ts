import { resolve } from 'node:path';
import { VERSION } from '../core/version.ts';
import { init } from '../scaffold/init.ts';
import { report, scaffoldOptions } from './init.ts';
import type { Configure } from './main.ts';
import type { Format } from './options.ts';

export const configure: Configure = (command, io) => {
  scaffoldOptions(command)
    .argument('<dir>', 'folder of the apps repo')
    .addHelpText(
      'after',
      `
Compiles bootstrap/, policies/ and the workflows anew from greenroom.yaml, and brings an older apps repo to this
version. Writes files and commits nothing.

Example:
  greenroom upgrade . --dry-run`,
    )
    .action(async (dir: string, options: { overwrite?: boolean; dryRun?: boolean; format: Format }) => {
      const result = await init({
        dir: resolve(io.cwd, dir),
        version: VERSION,
        overwrite: options.overwrite === true,
        dryRun: options.dryRun === true,
      });
      report(dir, result, options, io);
    });
};

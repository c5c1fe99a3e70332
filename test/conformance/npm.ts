import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, makeOnce } from './cache.ts';
import { judgeModule, moduleHash } from './judges.ts';
import { run } from './run.ts';

/** The folder in which the packages of a judge's package-lock.json are installed; none of their scripts is run. */
export async function installed(module: string): Promise<string> {
  return makeOnce(join(cacheFolder(), `npm-${module}-${moduleHash(module)}`), async (draft) => {
    mkdirSync(draft, { recursive: true });
    for (const name of ['package.json', 'package-lock.json'])
      cpSync(join(judgeModule(module), name), join(draft, name));
    const args = ['ci', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--prefer-offline'];
    await run('npm', args, { cwd: draft, timeoutMs: 600_000 });
  });
}

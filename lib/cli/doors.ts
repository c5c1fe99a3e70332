import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../core/clock.ts';
import { GreenroomError } from '../core/errors.ts';
import type { SyncContext } from '../sync/base.ts';
import type { Io } from './io.ts';
import { type Format, formatOption } from './options.ts';

export interface DoorOptions {
  appsRepo: string;
  branch?: string;
  forge?: string;
  dryRun?: boolean;
  format: Format;
}

/** Options of every command that works on an apps repo and a forge. */
export function doorOptions(command: Command): Command {
  return formatOption(command)
    .requiredOption('--apps-repo <where>', 'a bare repository (path), an address that git can push to, or OWNER/NAME')
    .option('--branch <name>', "branch of the apps repo; default: the repository's own")
    .option('--forge <dir>', 'a local forge instead of GitHub')
    .option('--dry-run', 'print the plan, write nothing');
}

/** Opens both sides, hands them to `work`, and closes them whatever happens. */
export async function withDoors<T>(
  options: DoorOptions,
  io: Io,
  work: (context: SyncContext) => Promise<T>,
): Promise<T> {
  const forge = await openForge(options, io);
  try {
    const repo = await openAppsRepo(options, io);
    try {
      return await work({ repo, forge, clock: systemClock });
    } finally {
      await repo.close();
    }
  } finally {
    await forge.close();
  }
}

async function openForge(options: DoorOptions, io: Io) {
  if (options.forge !== undefined) {
    const { LocalForge } = await import('../forge/local.ts');
    return new LocalForge(resolve(io.cwd, options.forge));
  }
  throw new GreenroomError('invalid-input', 'this build reads pull requests from a local forge only; give --forge DIR');
}

async function openAppsRepo(options: DoorOptions, io: Io) {
  const { openGitAppsRepo } = await import('../gitops/open.ts');
  const { appsRepo, branch } = options;
  const location = existsSync(resolve(io.cwd, appsRepo)) ? resolve(io.cwd, appsRepo) : appsRepo;
  return openGitAppsRepo(location, { clock: systemClock, branch, env: { ...io.env } });
}

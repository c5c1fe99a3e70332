import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { EXIT_CODES, formatProblem, GreenroomError } from '../core/errors.ts';
import { VERSION } from '../core/version.ts';
import { PLATFORM_FILE, RECORD_FILE } from '../model/layout.ts';
import { count } from '../report/text.ts';
import { examine } from '../scaffold/doctor.ts';
import { init } from '../scaffold/init.ts';
import { type ExtensionOptions, extensionOption, loadExtensions } from './extensions.ts';
import { readInput } from './files.ts';
import { type Io, json } from './io.ts';
import type { Configure } from './main.ts';
import { type Format, formatOption } from './options.ts';
import { readPlatform } from './platform.ts';

interface DoctorOptions extends ExtensionOptions {
  since?: string;
  format: Format;
}

export const configure: Configure = (command, io) => {
  extensionOption(formatOption(command))
    .argument('<dir>', 'a checkout of the apps repo')
    .option('--since <commit>', 'also hold the removal of previews since this commit against the allowed share')
    .addHelpText(
      'after',
      `
Says what must not reach the branch: files that are not what greenroom would write, a preview.json that would stop every
preview, a removal of most of them. Writes nothing.

Example:
  greenroom doctor . --since origin/main`,
    )
    .action((dir: string, options: DoctorOptions) => run(resolve(io.cwd, dir), options, io));
};

async function run(dir: string, options: DoctorOptions, io: Io): Promise<void> {
  const platform = readPlatform(dir, PLATFORM_FILE);
  const { rules } = await loadExtensions(options, io);
  const { files: scaffold } = await init({ dir, version: VERSION, dryRun: true, rules });
  const paths = await previewPaths(dir);
  const records = new Map<string, string>();
  for (const path of paths) {
    if (path.endsWith(`/${RECORD_FILE}`)) records.set(path, new TextDecoder().decode(readInput(dir, path)));
  }
  const before = options.since === undefined ? null : await foldersAt(dir, options.since);
  const problems = examine({ platform, scaffold, paths, records, before });
  if (options.format === 'json') io.out(json({ problems }));
  else for (const problem of problems) io.out(`${formatProblem(problem)}\n`);
  if (problems.length === 0) io.err(`nothing to change; ${count(records.size, 'preview')}\n`);
  else io.fail(EXIT_CODES.failed);
}

/** Sorted; a link is listed like a file, and is then no file of a preview. */
async function previewPaths(dir: string): Promise<string[]> {
  const entries = await readdir(join(dir, 'previews'), { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw new GreenroomError('invalid-input', `${join(dir, 'previews')}: cannot be read (${error.code})`);
    },
  );
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name).slice(dir.length + 1);
      return entry.isFile() ? path : `${path} (a link)`;
    })
    .sort();
}

async function foldersAt(dir: string, commit: string): Promise<string[]> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._/~^-]{0,200}$/.test(commit)) {
    throw new GreenroomError('invalid-input', `--since takes a commit or a branch; found "${commit}"`);
  }
  try {
    const args = ['-C', dir, 'ls-tree', '-r', '-z', '--name-only', commit, '--', 'previews'];
    const { stdout } = await promisify(execFile)('git', args, { maxBuffer: 1024 * 1024 * 1024 });
    const records = stdout.split('\0').filter((path) => path.endsWith(`/${RECORD_FILE}`));
    return records.map((path) => path.slice(0, -RECORD_FILE.length - 1));
  } catch (cause) {
    throw new GreenroomError('invalid-input', `--since: ${dir} has no commit ${commit}`, { cause });
  }
}

import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { formatProblem, GreenroomError } from '../../core/errors.ts';
import type { FileSet } from '../../core/fileset.ts';
import { EXCEPTIONS_GLOB, PLATFORM_FILE } from '../../model/layout.ts';
import { MANIFEST_FILE, refuseNewer } from '../../model/manifest.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { loadExceptions } from '../../policies/exceptions.ts';
import { loadPlatform } from '../../policies/platform.ts';
import type { Rule } from '../../policies/rule.ts';
import { chosenRules } from '../../policies/rule-set.ts';
import { openAppsRepo } from './clients.ts';
import { readFolder, readInput } from './files.ts';
import type { Io } from './io.ts';

export interface PlatformOptions {
  platform?: string;
  appsRepo?: string;
  branch?: string;
}

/** Where a platform's side may come from; without an option, it is looked for. */
export function platformOptions(command: Command): Command {
  return command
    .option(
      '--platform <file>',
      `the platform's ${PLATFORM_FILE}; exceptions/ beside it counts; default: the one beside the file or above it, or here`,
    )
    .option('--apps-repo <where>', 'take both from an apps repo: a bare repository (path), an address, or OWNER/NAME')
    .option('--branch <name>', "with --apps-repo: its branch; default: the repository's own");
}

/** The platform's side of a preview. */
export interface PlatformSide {
  readonly platform: PlatformSpec;
  /** Text of `exceptions/*.yaml` by path. */
  readonly exceptions: FileSet;
}

/**
 * The platform's side from an option, or else from the nearest {@link PLATFORM_FILE}: in these folders or above them, up
 * to the root of their repository. Null where there is none. Says which exceptions lift nothing at `now`.
 *
 * @param rules of the platform's own, beside greenroom's
 * @throws GreenroomError `invalid-input` when it is wrong, or lies in an apps repo that a newer greenroom laid down
 */
export async function findPlatform(
  options: PlatformOptions,
  folders: readonly string[],
  { rules, now }: { readonly rules: readonly Rule[]; readonly now: number },
  io: Io,
): Promise<PlatformSide | null> {
  const side = await readSide(options, folders, rules, io);
  if (side === null) return null;
  const reviewed = { now, platform: side.platform, rules: chosenRules({ extraRules: rules }) };
  const { refused, malformed } = loadExceptions(side.exceptions, reviewed);
  for (const problem of [...malformed, ...refused]) io.err(`greenroom: exception ignored: ${formatProblem(problem)}\n`);
  return side;
}

async function readSide(
  { platform: file, appsRepo, branch }: PlatformOptions,
  folders: readonly string[],
  rules: readonly Rule[],
  io: Io,
): Promise<PlatformSide | null> {
  if (file !== undefined && appsRepo !== undefined) {
    throw new GreenroomError('invalid-input', '--platform and --apps-repo name two platforms; give one');
  }
  if (appsRepo !== undefined) return fromAppsRepo(appsRepo, branch, rules, io);
  const found = file ?? folders.map((folder) => nearest(io.cwd, folder)).find((path) => path !== undefined);
  if (found === undefined) return null;
  const exceptions = readFolder(resolve(io.cwd, join(dirname(found), 'exceptions')), 'exceptions');
  const isException = (path: string) => /^exceptions\/[^/]+\.yaml$/.test(path);
  return {
    platform: readPlatform(io.cwd, found, rules),
    exceptions: new Map([...(exceptions ?? [])].filter(([path]) => isException(path))),
  };
}

async function fromAppsRepo(
  appsRepo: string,
  branch: string | undefined,
  rules: readonly Rule[],
  io: Io,
): Promise<PlatformSide> {
  const repo = await openAppsRepo({ appsRepo, branch }, io);
  try {
    const { files } = await repo.read([MANIFEST_FILE, PLATFORM_FILE, EXCEPTIONS_GLOB]);
    refuseNewer(files.get(MANIFEST_FILE));
    const text = files.get(PLATFORM_FILE);
    if (text === undefined) throw new GreenroomError('invalid-input', `${repo.description} has no ${PLATFORM_FILE}`);
    const exceptions = new Map([...files].filter(([path]) => path.startsWith('exceptions/')));
    return { platform: loadPlatform(text, PLATFORM_FILE, rules).value.spec, exceptions };
  } finally {
    await repo.close();
  }
}

/** As the user would write it: relative where the folder is. */
function nearest(cwd: string, folder: string): string | undefined {
  let at = folder;
  for (;;) {
    const path = resolve(cwd, at);
    if (existsSync(join(path, PLATFORM_FILE))) return join(at, PLATFORM_FILE);
    if (existsSync(join(path, '.git')) || dirname(path) === path) return undefined;
    at = join(at, '..');
  }
}

/**
 * A greenroom.yaml of this machine.
 *
 * @param rules of the platform's own, beside greenroom's
 * @throws GreenroomError `invalid-input` when it is wrong, or lies in an apps repo that a newer greenroom laid down
 */
export function readPlatform(cwd: string, file: string, rules: readonly Rule[] = []): PlatformSpec {
  const manifest = join(dirname(file), MANIFEST_FILE);
  if (existsSync(resolve(cwd, manifest))) refuseNewer(new TextDecoder().decode(readInput(cwd, manifest)));
  return loadPlatform(readInput(cwd, file), file, rules).value.spec;
}

import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { checkPlatform } from '../../compile/compile.ts';
import { formatProblem, GreenroomError } from '../../core/errors.ts';
import type { FileSet } from '../../core/fileset.ts';
import { EXCEPTIONS_GLOB, PLATFORM_FILE } from '../../model/layout.ts';
import type { Loaded, Positions } from '../../model/load.ts';
import { MANIFEST_FILE, refuseNewer } from '../../model/manifest.ts';
import { MICRO_APPS_GLOB } from '../../model/micro-app.ts';
import { namedExtensions } from '../../model/platform/extensions.ts';
import type { Platform, PlatformSpec } from '../../model/platform.ts';
import { Registrations } from '../../model/registrations.ts';
import { loadExceptions } from '../../policies/exceptions.ts';
import { loadPlatform } from '../../policies/platform.ts';
import type { Rule } from '../../policies/rule.ts';
import { chosenRules } from '../../policies/rule-set.ts';
import { type OwnModules, ownModules } from '../../sync/plan/base.ts';
import { openAppsRepo } from './clients.ts';
import { type ExtensionOptions, loadExtensions, moduleLoader } from './extensions.ts';
import { readFolder, readInput } from './files.ts';
import type { Io } from './io.ts';

export interface PlatformOptions extends ExtensionOptions {
  platform?: string;
  appsRepo?: string;
  branch?: string;
}

/** Where the platform's settings come from; without an option they are searched for. */
export function platformOptions(command: Command): Command {
  return command
    .option(
      '--platform <file>',
      `the platform's ${PLATFORM_FILE}; exceptions/ in its folder is read too; default: searched in the file's folder, above it, and here`,
    )
    .option(
      '--apps-repo <where>',
      'read both from an apps repo: OWNER/NAME, a Git address, or the path of a bare repository',
    )
    .option('--branch <name>', "with --apps-repo: its branch; default: the repository's own");
}

/** The platform's settings with its modules: those of `--extension`, and those that the settings name. */
export interface PlatformSide extends OwnModules {
  readonly platform: PlatformSpec;
  /** Positions of its settings in the file. */
  readonly positions: Positions;
  /** Text of `exceptions/*.yaml` by path. */
  readonly exceptions: FileSet;
  /** Registrations of its apps repo, if a source requires them. @default - not known */
  readonly registrations?: Registrations;
}

/**
 * The platform's settings from an option, or from the nearest {@link PLATFORM_FILE}: in these folders or above them, up
 * to the root of their repository. Null if there is none. Prints which exceptions are ignored at `now`.
 *
 * Modules of a greenroom.yaml that was only found are not run: a pull request may have changed them.
 *
 * @throws GreenroomError `invalid-input` if it is invalid, or a newer greenroom set up its apps repo
 */
export async function findPlatform(
  options: PlatformOptions,
  folders: readonly string[],
  now: number,
  io: Io,
): Promise<PlatformSide | null> {
  const side = await readSide(options, folders, io);
  if (side === null) return null;
  const reviewed = { now, platform: side.platform, rules: chosenRules(side) };
  const { refused, malformed } = loadExceptions(side.exceptions, reviewed);
  for (const problem of [...malformed, ...refused]) io.err(`greenroom: exception ignored: ${formatProblem(problem)}\n`);
  return side;
}

async function readSide(options: PlatformOptions, folders: readonly string[], io: Io): Promise<PlatformSide | null> {
  const { platform: file, appsRepo } = options;
  if (file !== undefined && appsRepo !== undefined) {
    throw new GreenroomError('invalid-input', '--platform and --apps-repo name two platforms; give one');
  }
  if (appsRepo !== undefined) return fromAppsRepo(appsRepo, options, io);
  const found = file ?? folders.map((folder) => nearest(io.cwd, folder)).find((path) => path !== undefined);
  if (found === undefined) return null;
  const exceptions = readFolder(resolve(io.cwd, join(dirname(found), 'exceptions')), 'exceptions');
  const modules = await loadExtensions(options, io, file);
  if (file === undefined) sayWhatIsNotRun(found, io);
  const isException = (path: string) => /^exceptions\/[^/]+\.yaml$/.test(path);
  const { value, positions } = readPlatform(io.cwd, found, modules.extraRules);
  return {
    ...modules,
    platform: value.spec,
    positions,
    exceptions: new Map([...(exceptions ?? [])].filter(([path]) => isException(path))),
  };
}

function sayWhatIsNotRun(file: string, io: Io): void {
  const named = namedExtensions(new TextDecoder().decode(readInput(io.cwd, file)));
  if (named.length === 0) return;
  io.err(`greenroom: ${named.join(', ')} of ${file} are not run; with --platform ${file} they are\n`);
}

async function fromAppsRepo(appsRepo: string, options: PlatformOptions, io: Io): Promise<PlatformSide> {
  const { branch } = options;
  const given = await loadExtensions(options, io);
  const repo = await openAppsRepo({ appsRepo, branch }, io);
  try {
    const { head, files } = await repo.read([MANIFEST_FILE, PLATFORM_FILE, EXCEPTIONS_GLOB]);
    refuseNewer(files.get(MANIFEST_FILE));
    const text = files.get(PLATFORM_FILE);
    if (text === undefined) throw new GreenroomError('invalid-input', `${repo.description} has no ${PLATFORM_FILE}`);
    const exceptions = new Map([...files].filter(([path]) => path.startsWith('exceptions/')));
    const modules = await ownModules({ repo, ...given, modules: moduleLoader(io) }, text, head);
    const { value, positions } = loadPlatform(text, PLATFORM_FILE, modules.extraRules);
    const asks = value.spec.sources.some(({ registered }) => registered);
    const registrations = asks ? new Registrations((await repo.read([MICRO_APPS_GLOB], head)).files) : undefined;
    return { ...modules, platform: value.spec, positions, exceptions, ...(registrations && { registrations }) };
  } finally {
    await repo.close();
  }
}

/** Path as the user would write it: relative if the folder is relative. */
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
 * Reads a local greenroom.yaml, and checks that previews can start with it.
 *
 * @throws GreenroomError `invalid-input` if it is invalid, or no preview can start with it and its modules
 */
export function soundPlatform(cwd: string, file: string, modules: OwnModules): PlatformSpec {
  const { value, positions } = readPlatform(cwd, file, modules.extraRules);
  checkPlatform({ platform: value.spec, positions, ...modules, now: 0 });
  return value.spec;
}

/**
 * Reads a local greenroom.yaml.
 *
 * @param rules the platform's own, in addition to the built-in ones
 * @throws GreenroomError `invalid-input` if it is invalid, or a newer greenroom set up its apps repo
 */
function readPlatform(cwd: string, file: string, rules: readonly Rule[] = []): Loaded<Platform> {
  const manifest = join(dirname(file), MANIFEST_FILE);
  if (existsSync(resolve(cwd, manifest))) refuseNewer(new TextDecoder().decode(readInput(cwd, manifest)));
  return loadPlatform(readInput(cwd, file), file, rules);
}

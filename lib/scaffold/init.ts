import { lstat, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkPlatform } from '../compile/compile.ts';
import type { PreviewExtension } from '../constructs/extension.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { formatProblem, GreenroomError } from '../core/errors.ts';
import { type FileSet, fileSet } from '../core/fileset.ts';
import { shippedCommand, shippedNotices } from '../core/shipped.ts';
import { writeWholeFile } from '../core/whole-file.ts';
import { PLATFORM_FILE } from '../model/layout.ts';
import { formatManifest, MANIFEST_FILE, parseManifest, refuseNewer } from '../model/manifest.ts';
import type { PlatformSpec } from '../model/platform.ts';
import { loadExceptions } from '../policies/exceptions.ts';
import { loadPlatform } from '../policies/platform.ts';
import type { Rule } from '../policies/rule.ts';
import { chosenRules } from '../policies/rule-set.ts';
import { type InitAnswers, platformText } from './answers.ts';
import { scaffoldFiles } from './files.ts';
import { type PlannedFile, planScaffold } from './plan.ts';
import { readScaffoldTemplate } from './template.ts';

/** Modules of the platform. */
interface Modules {
  /** Additional rules of the platform. @default - none */
  readonly extraRules?: readonly Rule[];
  /** They are included when greenroom.yaml is checked. @default - none */
  readonly extensions?: readonly PreviewExtension[];
}

export interface InitOptions extends Modules {
  /** Folder of the apps repo; created if missing. */
  readonly dir: string;
  /** Version of this greenroom. */
  readonly version: string;
  /** A greenroom.yaml to start from. @default - the one in `dir`, else one generated from `answers` */
  readonly platform?: string;
  /** To leave out exceptions that have ended. @default - the system's clock */
  readonly clock?: Clock;
  /** Required if there is no greenroom.yaml yet. */
  readonly answers?: InitAnswers;
  /** Overwrite files that somebody edited. @default false */
  readonly overwrite?: boolean;
  /** Only plan, write nothing. @default false */
  readonly dryRun?: boolean;
}

export interface InitResult {
  readonly files: readonly PlannedFile[];
  /** Edited files that were not changed. */
  readonly left: readonly string[];
  /** Why an exception is ignored, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Creates an apps repo, or updates one. It only writes files and makes no commit. It is safe to run again: files that are
 * up to date are not touched, and edited files are kept unless `overwrite` is set.
 *
 * @throws GreenroomError `invalid-input` for an invalid greenroom.yaml, for missing answers, and for a folder that a newer
 *   greenroom wrote; nothing is written then
 */
export async function init(options: InitOptions): Promise<InitResult> {
  const { dir, version, overwrite = false, extraRules = [] } = options;
  const template = readScaffoldTemplate();
  const recorded = await readText(dir, MANIFEST_FILE);
  refuseNewer(recorded, version);
  const current = await readText(dir, PLATFORM_FILE);
  if (options.platform !== undefined && current !== null && current !== options.platform && !overwrite) {
    throw new GreenroomError(
      'invalid-input',
      `${join(dir, PLATFORM_FILE)} exists with different content; edit it, or pass --overwrite to replace it`,
    );
  }
  const text = options.platform ?? current ?? fromAnswers(template, options.answers);
  const platform = platformOf(text, options);
  const { exceptions, notes } = await readExceptions(dir, platform, (options.clock ?? systemClock)(), extraRules);
  const shipped = { template, command: shippedCommand(), notices: shippedNotices() };
  const wanted = scaffoldFiles({ platformText: text, platform, exceptions, version, extraRules, ...shipped });
  const manifest = recorded === null ? null : parseManifest(recorded);
  const existing = await readExisting(dir, new Set([...wanted.keys(), ...Object.keys(manifest?.files ?? {})]));
  const plan = planScaffold({ wanted, existing, manifest, version, overwrite });
  if (options.dryRun !== true) {
    for (const { path, action, text: content } of plan.files) {
      if (action === 'same' || action === 'keep' || (action === 'edited' && !overwrite)) continue;
      await write(dir, path, content);
    }
    await write(dir, MANIFEST_FILE, formatManifest(plan.manifest));
  }
  const left = overwrite ? [] : plan.files.filter((file) => file.action === 'edited').map((file) => file.path);
  return { files: plan.files, left, notes };
}

/**
 * All files of a new apps repo by path, including `.greenroom.json`.
 *
 * @throws GreenroomError `invalid-input` for an invalid greenroom.yaml and for missing answers
 */
export function newAppsRepo(options: Pick<InitOptions, 'version' | 'platform' | 'answers'> & Modules): FileSet {
  const { version, extraRules = [] } = options;
  const template = readScaffoldTemplate();
  const text = options.platform ?? fromAnswers(template, options.answers);
  const platform = platformOf(text, options);
  const wanted = scaffoldFiles({
    platformText: text,
    platform,
    exceptions: [],
    version,
    template,
    command: shippedCommand(),
    notices: shippedNotices(),
    extraRules,
  });
  const { manifest } = planScaffold({ wanted, existing: new Map(), manifest: null, version, overwrite: false });
  return fileSet([...wanted, [MANIFEST_FILE, formatManifest(manifest)]]);
}

/** Refuses settings with which no preview could start. */
function platformOf(text: string, { extraRules = [], extensions = [] }: Modules): PlatformSpec {
  const { value, positions } = loadPlatform(text, PLATFORM_FILE, extraRules);
  checkPlatform({ platform: value.spec, positions, extraRules, extensions, now: 0 });
  return value.spec;
}

function fromAnswers(template: FileSet, answers: InitAnswers | undefined): string {
  if (answers !== undefined) return platformText(template, answers);
  throw new GreenroomError(
    'invalid-input',
    'there is no greenroom.yaml yet: pass --platform FILE, or --domain and --owner to generate one',
  );
}

/** Exceptions of `exceptions/*.yaml` that are valid; others are reported and ignored. */
async function readExceptions(dir: string, platform: PlatformSpec, now: number, extraRules: readonly Rule[]) {
  const names = await readdir(join(dir, 'exceptions')).catch(() => []);
  const paths = names.filter((name) => name.endsWith('.yaml')).map((name) => `exceptions/${name}`);
  const files = await readExisting(dir, new Set(paths));
  const { honoured, refused, malformed } = loadExceptions(files, { now, platform, rules: chosenRules({ extraRules }) });
  return { exceptions: honoured, notes: [...malformed, ...refused].map(formatProblem) };
}

async function readExisting(dir: string, paths: ReadonlySet<string>): Promise<FileSet> {
  const entries: [string, string][] = [];
  for (const path of paths) {
    const text = await readText(dir, path);
    if (text !== null) entries.push([path, text]);
  }
  return fileSet(entries);
}

/** Null for a missing file. A link is refused, since it may lead out of the folder. */
async function readText(dir: string, path: string): Promise<string | null> {
  if (!(await isPlain(dir, path))) return null;
  try {
    return await readFile(join(dir, path), 'utf8');
  } catch (cause) {
    throw new GreenroomError('failed', `${join(dir, path)}: cannot be read`, { cause });
  }
}

async function isPlain(dir: string, path: string): Promise<boolean> {
  const segments = path.split('/');
  for (let i = 1; i <= segments.length; i++) {
    const at = join(dir, ...segments.slice(0, i));
    const info = await lstat(at).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw new GreenroomError('invalid-input', `${at}: cannot be used (${error.code})`, { cause: error });
    });
    if (info === null) return false;
    const right = i === segments.length ? info.isFile() : info.isDirectory();
    if (!right)
      throw new GreenroomError('invalid-input', `${at}: is not a plain ${i === segments.length ? 'file' : 'folder'}`);
  }
  return true;
}

async function write(dir: string, path: string, text: string | null): Promise<void> {
  const target = join(dir, path);
  try {
    if (text === null) {
      await rm(target, { force: true });
      return;
    }
    writeWholeFile(target, text);
  } catch (cause) {
    throw new GreenroomError('failed', `${target}: cannot be written (${(cause as NodeJS.ErrnoException).code})`, {
      cause,
    });
  }
}

import { lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkPlatform } from '../compile/compile.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { formatProblem, GreenroomError } from '../core/errors.ts';
import { type FileSet, fileSet } from '../core/fileset.ts';
import { PLATFORM_FILE } from '../model/layout.ts';
import { formatManifest, MANIFEST_FILE, parseManifest, refuseNewer } from '../model/manifest.ts';
import type { PlatformSpec } from '../model/platform.ts';
import { readExceptions } from '../policies/exceptions.ts';
import { loadPlatform } from '../policies/platform.ts';
import type { Rule } from '../policies/rule.ts';
import { RULES } from '../policies/rules/index.ts';
import { type Answers, platformText } from './answers.ts';
import { scaffoldFiles } from './files.ts';
import { type PlannedFile, planScaffold } from './plan.ts';
import { readTemplate } from './template.ts';

export interface InitOptions {
  /** Folder of the apps repo; made if it is not there. */
  readonly dir: string;
  /** Version of this greenroom. */
  readonly version: string;
  /** A greenroom.yaml to start from. @default - the one in `dir`, else one made from `answers` */
  readonly platform?: string;
  /** For exceptions that have ended. @default - the system's clock */
  readonly clock?: Clock;
  /** Needed when there is no greenroom.yaml yet. */
  readonly answers?: Answers;
  /** Rules of the platform's own, beside greenroom's. @default - none */
  readonly rules?: readonly Rule[];
  /** Write over files that somebody edited. @default false */
  readonly overwrite?: boolean;
  /** Plan and say, write nothing. @default false */
  readonly dryRun?: boolean;
}

export interface InitResult {
  readonly files: readonly PlannedFile[];
  /** Paths that somebody edited and that were left alone. */
  readonly left: readonly string[];
  /** Why an exception lifts nothing, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Lays down an apps repo, or brings one up to date: files and nothing else, no commit. Safe to run again: what is
 * right stays untouched, and what somebody edited stays unless `overwrite` says otherwise.
 *
 * @throws GreenroomError `invalid-input` for a wrong greenroom.yaml, for missing answers, and for a folder that a newer
 *   greenroom laid down; nothing is written then
 */
export async function init(options: InitOptions): Promise<InitResult> {
  const { dir, version, overwrite = false, rules = [] } = options;
  const template = readTemplate();
  const recorded = await readText(dir, MANIFEST_FILE);
  refuseNewer(recorded, version);
  const current = await readText(dir, PLATFORM_FILE);
  if (options.platform !== undefined && current !== null && current !== options.platform && !overwrite) {
    throw new GreenroomError(
      'invalid-input',
      `${join(dir, PLATFORM_FILE)} is there and says something else; edit that one, or pass --overwrite to replace it`,
    );
  }
  const text = options.platform ?? current ?? fromAnswers(template, options.answers);
  const platform = platformOf(text, rules);
  const { exceptions, notes } = await exceptionsOf(dir, platform, (options.clock ?? systemClock)(), rules);
  const wanted = scaffoldFiles({ platformText: text, platform, exceptions, version, template, rules });
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
 * All files of a new apps repo by path, `.greenroom.json` among them, for a place that holds nothing yet.
 *
 * @throws GreenroomError `invalid-input` for a wrong greenroom.yaml and for missing answers
 */
export function newAppsRepo(options: Pick<InitOptions, 'version' | 'platform' | 'answers' | 'rules'>): FileSet {
  const { version, rules = [] } = options;
  const template = readTemplate();
  const text = options.platform ?? fromAnswers(template, options.answers);
  const platform = platformOf(text, rules);
  const wanted = scaffoldFiles({ platformText: text, platform, exceptions: [], version, template, rules });
  const { manifest } = planScaffold({ wanted, existing: new Map(), manifest: null, version, overwrite: false });
  return fileSet([...wanted, [MANIFEST_FILE, formatManifest(manifest)]]);
}

/** Nothing is laid down for settings with which no preview could start. */
function platformOf(text: string, rules: readonly Rule[]): PlatformSpec {
  const platform = loadPlatform(text, PLATFORM_FILE, rules).value.spec;
  checkPlatform({ platform, rules, now: 0 });
  return platform;
}

function fromAnswers(template: FileSet, answers: Answers | undefined): string {
  if (answers !== undefined) return platformText(template, answers);
  throw new GreenroomError(
    'invalid-input',
    'there is no greenroom.yaml yet: give --platform FILE, or --domain and --owner to have one written',
  );
}

/** Those of `exceptions/*.yaml` that hold; one that does not is no reason to stop. */
async function exceptionsOf(dir: string, platform: PlatformSpec, now: number, rules: readonly Rule[]) {
  const names = await readdir(join(dir, 'exceptions')).catch(() => []);
  const paths = names.filter((name) => name.endsWith('.yaml')).map((name) => `exceptions/${name}`);
  const files = await readExisting(dir, new Set(paths));
  const { honoured, refused } = readExceptions(files, { now, platform, rules: [...RULES, ...rules] });
  return { exceptions: honoured, notes: refused.map(formatProblem) };
}

async function readExisting(dir: string, paths: ReadonlySet<string>): Promise<FileSet> {
  const entries: [string, string][] = [];
  for (const path of paths) {
    const text = await readText(dir, path);
    if (text !== null) entries.push([path, text]);
  }
  return fileSet(entries);
}

/** Null for a file that is not there. A link is refused: it may lead out of the folder. */
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

/** By way of a temporary name, so that no reader meets half a file. */
async function write(dir: string, path: string, text: string | null): Promise<void> {
  const target = join(dir, path);
  try {
    if (text === null) {
      await rm(target, { force: true });
      return;
    }
    await mkdir(dirname(target), { recursive: true });
    const temporary = `${target}.${process.pid}.tmp`;
    await writeFile(temporary, text);
    await rename(temporary, target);
  } catch (cause) {
    throw new GreenroomError('failed', `${target}: cannot be written (${(cause as NodeJS.ErrnoException).code})`, {
      cause,
    });
  }
}

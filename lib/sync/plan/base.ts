import { createCompiler } from '../../compile/compile.ts';
import type { Compiler } from '../../compile/compiler.ts';
import type { PreviewExtension } from '../../constructs/extension.ts';
import type { Clock } from '../../core/clock.ts';
import { asPlatforms, formatProblem, GreenroomError, platformAtFault } from '../../core/errors.ts';
import type { FileSet } from '../../core/fileset.ts';
import { InTurn } from '../../core/in-turn.ts';
import type { ImageRegistry } from '../../evidence/registry/lookup.ts';
import type { Trust } from '../../evidence/signatures/trust.ts';
import type { ImageVerifier } from '../../evidence/verify-image.ts';
import type { Forge } from '../../forge/forge.ts';
import type { AppsRepo, StatedCommit } from '../../gitops/apps-repo.ts';
import { EXCEPTIONS_GLOB, EXTENSIONS_GLOB, PLATFORM_FILE, RECORDS_GLOB, TRUST_GLOB } from '../../model/layout.ts';
import type { Loaded } from '../../model/load.ts';
import { MANIFEST_FILE, refuseNewer } from '../../model/manifest.ts';
import { MICRO_APPS_GLOB } from '../../model/micro-app.ts';
import { missingModules, namedExtensions } from '../../model/platform/extensions.ts';
import type { Platform, PlatformSpec } from '../../model/platform.ts';
import { type PreviewRecord, parseRecord } from '../../model/record.ts';
import { Registrations } from '../../model/registrations.ts';
import type { CelCompiler } from '../../policies/cel.ts';
import { loadExceptions } from '../../policies/exceptions.ts';
import { loadPlatform } from '../../policies/platform.ts';
import type { Rule } from '../../policies/rule.ts';
import { chosenRules } from '../../policies/rule-set.ts';
import type { Looked } from '../../probe/looker.ts';
import type { Observation } from '../../status/observation.ts';

/** Extensions and rules from the platform's own modules. */
export interface OwnModules {
  readonly extensions: readonly PreviewExtension[];
  /** Rules in addition to the built-in ones. */
  readonly extraRules: readonly Rule[];
}

/**
 * Loads modules of the apps repo.
 *
 * @param named their paths
 * @param files text by path: every file they can import from the apps repo
 * @throws GreenroomError `invalid-input`, the platform's, if a module cannot be loaded
 */
export type ModuleLoader = (named: readonly string[], files: FileSet) => Promise<OwnModules>;

/** What a sync needs; the same for every pull request. */
export interface SyncContext {
  readonly repo: AppsRepo;
  readonly forge: Forge;
  readonly clock: Clock;
  /** Shared in the whole process. @default - the platform file is parsed each time */
  readonly platforms?: PlatformReader;
  /** Looks up image digests if the platform requires evidence. @default - nothing is looked up */
  readonly images?: ImageRegistry;
  /** Evaluates images against the platform's other demands. @default - no demand is ever met */
  readonly verifier?: ImageVerifier;
  /** Probes the address of a preview, if the platform allows it. @default - no probes */
  readonly look?: (looked: Looked) => Promise<Observation | null>;
  readonly extensions?: readonly PreviewExtension[];
  /** The platform's own rules, in addition to the built-in ones. @default - none */
  readonly extraRules?: readonly Rule[];
  /** Loads the modules named under `extensions` in greenroom.yaml. @default - none can be loaded */
  readonly modules?: ModuleLoader;
  /** Compiled CEL; the same for every head of the apps repo. @default - none */
  readonly cel?: CelCompiler;
}

/** The platform's settings at one commit of the apps repo. */
export interface Base {
  readonly head: string | null;
  readonly platform: PlatformSpec;
  readonly compile: Compiler;
  /** Compiling blocks the process for some milliseconds: previews take turns. */
  readonly turns: InTurn;
  /** The platform's own rules, in addition to the built-in ones. */
  readonly extraRules: readonly Rule[];
  /** Trusted signers; null if the platform requires only digests. */
  readonly trust: Trust | null;
  /** Unix seconds; read once and used for all decisions on this base. */
  readonly now: number;
  /** Why an exception is ignored, a sentence each. */
  readonly notes: readonly string[];
  /** Null if no source requires registrations. */
  readonly registrations: Registrations | null;
  /** The files this was read from; null if other things decide too, such as the platform's own modules. */
  readonly source: FileSet | null;
  /** The latest commits, newest first, with the statuses that others wrote on them; read when first needed. */
  readonly commitStatuses: () => Promise<readonly StatedCommit[]>;
  /** The records of all previews at this commit; read when first needed, since most runs need only one. */
  readonly records: () => Promise<readonly StoredRecord[]>;
}

export interface StoredRecord {
  /** Folder of the preview, without a slash at the end. */
  readonly folder: string;
  /** Null if its preview.json is malformed. */
  readonly record: PreviewRecord | null;
  /** The text of its preview.json. */
  readonly text: string;
}

/** Commit statuses are read from all commits of this many seconds, as far as two hundred commits reach. */
const STATUSES_SECONDS = 2 * 3600;

/**
 * Reads the platform from the apps repo's branch.
 *
 * @param at commit to read. @default - the branch's head
 * @throws GreenroomError, always the platform's: `failed` if the apps repo has no greenroom.yaml, `invalid-input` if it
 *   is invalid or a newer greenroom set up the apps repo, `unreachable` if the apps repo does not answer
 */
export async function readBase(context: Omit<SyncContext, 'forge'>, at?: string): Promise<Base> {
  try {
    return await readPlatformSide(context, at);
  } catch (error) {
    throw asPlatforms(error);
  }
}

async function readPlatformSide(context: Omit<SyncContext, 'forge'>, at: string | undefined): Promise<Base> {
  const { head, files, irregular } = await context.repo.read(
    [MANIFEST_FILE, PLATFORM_FILE, EXCEPTIONS_GLOB, TRUST_GLOB],
    at,
  );
  refuseNewer(files.get(MANIFEST_FILE));
  const text = files.get(PLATFORM_FILE);
  if (irregular.includes(PLATFORM_FILE)) {
    const what = 'is a symbolic link or a submodule, which is never followed: commit the file itself';
    throw new GreenroomError('failed', `${context.repo.description}: ${PLATFORM_FILE} ${what}`);
  }
  if (text === undefined) {
    throw new GreenroomError('failed', `${context.repo.description} ${await lackOf(context.repo, head)}`);
  }
  const { extensions, extraRules } = await ownModules(context, text, head);
  const { value, positions } = (context.platforms ?? new PlatformReader()).read(text, extraRules);
  const platform = value.spec;
  const now = context.clock();
  const exceptions = exceptionFiles(files);
  const { refused, malformed } = loadExceptions(exceptions, { now, platform, rules: chosenRules({ extraRules }) });
  const registered = await registrationFiles(context.repo, platform, head);
  let records: Promise<readonly StoredRecord[]> | undefined;
  let statuses: Promise<readonly StatedCommit[]> | undefined;
  return {
    head,
    source: namedExtensions(text).length > 0 ? null : new Map([...files, ...(registered ?? [])]),
    platform,
    now,
    extraRules,
    notes: [...malformed, ...refused].map((problem) => `exception ignored: ${formatProblem(problem)}`),
    trust: await trustOf(platform, files, now),
    registrations: registered && new Registrations(registered),
    compile: createCompiler({ platform, positions, exceptions, now, extensions, extraRules, cel: context.cel }),
    turns: new InTurn(),
    commitStatuses: () => {
      statuses ??= context.repo.statuses?.(now - STATUSES_SECONDS) ?? Promise.resolve([]);
      return statuses;
    },
    records: () => {
      records ??= readRecords(context.repo, [RECORDS_GLOB], head);
      return records;
    },
  };
}

type OwnModulesContext = Pick<SyncContext, 'repo' | 'extensions' | 'extraRules' | 'modules'>;

/**
 * The given modules, and those that greenroom.yaml names under `extensions`.
 *
 * Most platforms name none, so nothing more is read.
 *
 * @param head the commit of the file
 * @throws GreenroomError `invalid-input`, the platform's, if a module is missing or cannot be loaded
 */
export async function ownModules(
  { repo, extensions = [], extraRules = [], modules }: OwnModulesContext,
  text: string,
  head: string | null,
): Promise<OwnModules> {
  const named = namedExtensions(text);
  if (named.length === 0) return { extensions, extraRules };
  const { files } = await repo.read([EXTENSIONS_GLOB], head);
  const missing = missingModules(text, PLATFORM_FILE, (path) => files.has(path));
  if (missing.length > 0) throw platformAtFault(missing);
  if (modules === undefined) {
    throw platformAtFault([{ file: PLATFORM_FILE, field: 'spec.extensions', message: 'cannot be loaded here' }]);
  }
  const own = await modules(named, files);
  return { extensions: [...extensions, ...own.extensions], extraRules: [...extraRules, ...own.extraRules] };
}

/** One file for each micro app; read only if a source requires registrations. */
async function registrationFiles(
  repo: AppsRepo,
  { sources }: PlatformSpec,
  head: string | null,
): Promise<FileSet | null> {
  if (!sources.some(({ registered }) => registered)) return null;
  return (await repo.read([MICRO_APPS_GLOB], head)).files;
}

/** sigstore's libraries are loaded only if signatures are needed. */
async function trustOf({ evidence }: PlatformSpec, files: FileSet, now: number): Promise<Trust | null> {
  if (evidence.require.every((demand) => demand === 'digest')) return null;
  const { createTrust } = await import('../../evidence/signatures/trust.ts');
  return createTrust(evidence, files, now);
}

/** Caches the parsed platform file: it rarely changes, and every pull request needs it. */
export class PlatformReader {
  #last: { readonly key: string; readonly loaded: Loaded<Platform> } | undefined;

  /**
   * @param extraRules the platform's own rules; the file may use their ids
   * @throws GreenroomError `invalid-input` if it is invalid
   */
  read(text: string, extraRules?: readonly Rule[]): Loaded<Platform> {
    const key = [text, ...(extraRules ?? []).map(({ id }) => id)].join('\0');
    if (this.#last?.key !== key) this.#last = { key, loaded: loadPlatform(text, PLATFORM_FILE, extraRules) };
    return this.#last.loaded;
  }
}

/** Why there is no platform, and what to do. */
async function lackOf(repo: AppsRepo, head: string | null): Promise<string> {
  if (head !== null) return `has no ${PLATFORM_FILE}; create it with \`greenroom init\`, commit and push it`;
  const isGone = (await repo.isEmpty?.()) === false;
  return isGone
    ? 'has no such branch any more: push it again, or choose another one with --branch'
    : 'is empty; fill it with `greenroom init --commit`';
}

function exceptionFiles(files: FileSet): FileSet {
  return new Map([...files].filter(([path]) => path.startsWith('exceptions/')));
}

/** @param globs patterns for preview.json files */
export async function readRecords(
  repo: AppsRepo,
  globs: readonly string[],
  head?: string | null,
): Promise<readonly StoredRecord[]> {
  const { files } = await repo.read(globs, head);
  return [...files].map(([path, text]) => ({
    folder: path.slice(0, path.lastIndexOf('/')),
    record: parseRecord(text),
    text,
  }));
}

import { type Compiler, createCompiler } from '../../compile/compile.ts';
import type { PreviewExtension } from '../../constructs/extension.ts';
import type { Clock } from '../../core/clock.ts';
import { formatProblem, GreenroomError } from '../../core/errors.ts';
import type { FileSet } from '../../core/fileset.ts';
import type { ImageRegistry } from '../../evidence/registry.ts';
import type { Forge } from '../../forge/forge.ts';
import type { AppsRepo } from '../../gitops/apps-repo.ts';
import { EXCEPTIONS_GLOB, PLATFORM_FILE, RECORDS_GLOB } from '../../model/layout.ts';
import { MANIFEST_FILE, refuseNewer } from '../../model/manifest.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { type PreviewRecord, parseRecord } from '../../model/record.ts';
import { readExceptions } from '../../policies/exceptions.ts';
import { loadPlatform } from '../../policies/platform.ts';
import type { Rule } from '../../policies/rule.ts';
import { RULES } from '../../policies/rules/index.ts';

/** What a sync works with; nothing in it knows which pull request it is about. */
export interface SyncContext {
  readonly repo: AppsRepo;
  readonly forge: Forge;
  readonly clock: Clock;
  /** Asked for the digest of images where the platform asks for evidence. @default - nobody is asked */
  readonly images?: ImageRegistry;
  readonly extensions?: readonly PreviewExtension[];
  /** Rules of the platform's own, beside greenroom's. @default - none */
  readonly rules?: readonly Rule[];
}

/** The platform's side of one commit of the apps repo. */
export interface Base {
  readonly head: string | null;
  readonly platform: PlatformSpec;
  readonly compile: Compiler;
  /** Unix seconds; one reading of the clock for everything decided on this base. */
  readonly now: number;
  /** Why an exception lifts nothing, a sentence each. */
  readonly notes: readonly string[];
  /** The records of all previews at this commit; read when first asked for, since most runs need only their own. */
  readonly records: () => Promise<readonly StoredRecord[]>;
}

export interface StoredRecord {
  /** Folder of the preview, without a slash at the end. */
  readonly folder: string;
  /** Null for a preview.json that is out of shape. */
  readonly record: PreviewRecord | null;
}

/**
 * Reads the platform from the apps repo's branch.
 *
 * @param at a commit to read it at. @default - the branch's head
 * @throws GreenroomError `failed` when the apps repo has no greenroom.yaml, `invalid-input` when it is wrong or when a
 *   newer greenroom laid the apps repo down
 */
export async function readBase(context: Omit<SyncContext, 'forge'>, at?: string): Promise<Base> {
  const { head, files } = await context.repo.read([MANIFEST_FILE, PLATFORM_FILE, EXCEPTIONS_GLOB], at);
  refuseNewer(files.get(MANIFEST_FILE));
  const text = files.get(PLATFORM_FILE);
  if (text === undefined) {
    const what =
      head === null
        ? 'is empty; lay it down with `greenroom init --commit`'
        : `has no ${PLATFORM_FILE}; lay it down with \`greenroom init\`, commit and push it`;
    throw new GreenroomError('failed', `${context.repo.description} ${what}`);
  }
  const rules = context.rules ?? [];
  const platform = platformOf(text, rules);
  const now = context.clock();
  const exceptions = exceptionFiles(files);
  const { refused } = readExceptions(exceptions, { now, platform, rules: [...RULES, ...rules] });
  let records: Promise<readonly StoredRecord[]> | undefined;
  return {
    head,
    platform,
    now,
    notes: refused.map((problem) => `lifts nothing: ${formatProblem(problem)}`),
    compile: createCompiler({
      platform,
      exceptions,
      now,
      extensions: context.extensions,
      rules,
    }),
    records: () => {
      records ??= readRecords(context.repo, [RECORDS_GLOB], head);
      return records;
    },
  };
}

let last: { readonly text: string; readonly rules: readonly Rule[]; readonly platform: PlatformSpec } | undefined;

/** The platform's file stays the same for weeks, and is read for every pull request. */
function platformOf(text: string, rules: readonly Rule[]): PlatformSpec {
  if (last?.text !== text || last.rules.length !== rules.length || last.rules.some((rule, i) => rule !== rules[i])) {
    last = { text, rules, platform: loadPlatform(text, PLATFORM_FILE, rules).value.spec };
  }
  return last.platform;
}

function exceptionFiles(files: FileSet): FileSet {
  return new Map([...files].filter(([path]) => path.startsWith('exceptions/')));
}

/** @param globs of files that are called preview.json */
export async function readRecords(
  repo: AppsRepo,
  globs: readonly string[],
  head: string | null,
): Promise<readonly StoredRecord[]> {
  const { files } = await repo.read(globs, head);
  return [...files].map(([path, text]) => ({
    folder: path.slice(0, path.lastIndexOf('/')),
    record: parseRecord(text),
  }));
}

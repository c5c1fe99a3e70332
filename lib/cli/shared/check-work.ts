import { dirname, join } from 'node:path';
import { GreenroomError, type Problem } from '../../core/errors.ts';
import type { Finding } from '../../core/finding.ts';
import { fileText } from '../../forge/file-text.ts';
import { loadPreview } from '../../model/files.ts';
import { PREVIEW_FILE } from '../../model/layout.ts';
import type { Rule } from '../../policies/rule.ts';
import type { OwnModules } from '../../sync/plan/base.ts';
import { type CheckedFile, type Checkers, checkFile } from '../../verify/check-file.ts';
import { type CheckInput, STDIN } from './check-inputs.ts';
import { compileWork, openWorkFile, type WorkFile } from './compile-file.ts';
import { writeFiles } from './files.ts';
import type { Io } from './io.ts';
import type { PlatformSide } from './platform.ts';
import type { StandInOptions } from './stand-in.ts';

export interface CheckSetting extends StandInOptions {
  /** Null if there is none: then a maker's file is only checked against its schema. */
  readonly side: PlatformSide | null;
  /** The platform's own rules, in addition to the built-in ones. */
  readonly extraRules: readonly Rule[];
  readonly extensions: OwnModules['extensions'];
  readonly checkers: Checkers;
  /** `owner/name`; null if not known. */
  readonly repository: string | null;
  /** The preview that manifests would be part of, if the pull request is given. @default - not given */
  readonly preview?: string | undefined;
  /** Unix seconds. */
  readonly now: number;
  readonly fix?: boolean;
  /** Whether findings contain fixes. */
  readonly fixes: boolean;
}

export interface Checked {
  readonly findings: readonly Finding[];
  readonly problems: readonly Problem[];
  readonly objects: number;
  /** Number of fixed files. */
  readonly fixed: number;
}

type Outcome = Pick<CheckedFile, 'findings' | 'objects' | 'fixed'> & { readonly problems: readonly Problem[] };

/**
 * Checks files. A maker's file is compiled as in `sync`, with the manifests that it names; all other files are checked
 * separately.
 */
export async function checkInputs(inputs: readonly CheckInput[], setting: CheckSetting, io: Io): Promise<Checked> {
  const { checkers, repository, preview, extraRules, extensions, fix = false, fixes } = setting;
  const at = setting.side === null ? undefined : { platform: setting.side.platform, now: setting.now };
  const outcomes = new Map<CheckInput, Outcome>();
  // Fix files first, so that a preview is checked with its fixed manifests.
  for (const input of inputs.filter(({ isPreview }) => !isPreview)) {
    const outcome = await settled(() =>
      checkFile(checkers, input.bytes, input.file, { fix, fixes, repository, preview, extraRules, extensions, at }),
    );
    outcomes.set(input, outcome);
  }
  const fixed = new Map(
    [...outcomes].flatMap(([{ file }, outcome]) => (outcome.fixed === null ? [] : [[file, outcome.fixed] as const])),
  );
  writeFiles(io.cwd, fixed);
  for (const input of inputs.filter(({ isPreview }) => isPreview)) {
    outcomes.set(input, await settled(() => checkPreview(input, setting, io)));
    const folder = setting.side === null ? undefined : manifestsOf(input);
    for (const [other, outcome] of outcomes) {
      // Findings of these files are already reported with the preview.
      const isManifest = folder !== undefined && !other.isPreview && other.file.startsWith(`${folder}/`);
      if (isManifest) outcomes.set(other, { ...outcome, findings: [], problems: [] });
    }
  }
  const all = inputs.flatMap((input) => outcomes.get(input) ?? []);
  return {
    findings: all.flatMap(({ findings }) => findings),
    problems: all.flatMap(({ problems }) => problems),
    objects: all.reduce((sum, { objects }) => sum + objects, 0),
    fixed: fixed.size,
  };
}

async function checkPreview(input: CheckInput, setting: CheckSetting, io: Io): Promise<CheckedFile> {
  const { side, now } = setting;
  const work = input.file === STDIN ? standardInput(input.bytes) : openWorkFile(input.file, io);
  if (side === null) {
    loadPreview(work.text, work.shown(PREVIEW_FILE));
    return { findings: [], objects: 1, fixed: null };
  }
  // A preview that begins now has not ended, and its tags are resolved only when it runs.
  const { findings } = await compileWork(work, side, { ...setting, at: now, now, assumeDigest: true }, io);
  return { findings, objects: 1, fixed: null };
}

/** Piped input counts as a file in the current folder. */
function standardInput(bytes: Uint8Array): WorkFile {
  const shown = (path: string) => (path === PREVIEW_FILE ? STDIN : path);
  return { text: fileText(STDIN, bytes), folder: '.', shown };
}

/** The manifests folder of a preview, as the user would write it; undefined if it has none or cannot be read. */
function manifestsOf({ file, bytes }: CheckInput): string | undefined {
  try {
    const { manifests } = loadPreview(bytes, file).value.spec;
    return manifests === undefined ? undefined : join(dirname(file), manifests);
  } catch (error) {
    if (error instanceof GreenroomError) return undefined;
    throw error;
  }
}

/** Returns problems of a file, so that the other files are still checked. */
async function settled(work: () => CheckedFile | Promise<CheckedFile>): Promise<Outcome> {
  try {
    return { ...(await work()), problems: [] };
  } catch (error) {
    if (!(error instanceof GreenroomError) || error.code !== 'invalid-input') throw error;
    return { findings: [], problems: error.problems, objects: 0, fixed: null };
  }
}

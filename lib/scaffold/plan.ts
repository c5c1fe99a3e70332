import { createHash } from 'node:crypto';
import { GreenroomError, invalidInput } from '../core/errors.ts';
import { compareStrings, type FileSet } from '../core/fileset.ts';
import { unifiedDiff } from './diff.ts';
import { SEEDS } from './files.ts';

/** What an apps repo remembers of the run that laid it down. */
export interface Manifest {
  /** Version of greenroom. */
  readonly version: string;
  /** sha256 of each file as it was written, by path: whether somebody edited it since. */
  readonly files: Readonly<Record<string, string>>;
}

/** File of the {@link Manifest}. */
export const MANIFEST_FILE = '.greenroom.json';

/**
 * - `create`: not there yet; `update`, `remove`: as greenroom left it, and now wanted otherwise;
 * - `same`: nothing to do; `keep`: the team's own since it was laid down;
 * - `edited`: somebody changed it, and it is wanted otherwise.
 */
export type Action = 'create' | 'update' | 'remove' | 'same' | 'keep' | 'edited';

export interface PlannedFile {
  readonly path: string;
  readonly action: Action;
  /** New content; null removes. */
  readonly text: string | null;
  /** From what is there to what is wanted; empty when nothing changes, and for new files. */
  readonly diff: string;
}

export interface ScaffoldPlan {
  readonly files: readonly PlannedFile[];
  /** {@link MANIFEST_FILE} once the plan is carried out. */
  readonly manifest: Manifest;
}

export interface PlanInput {
  readonly wanted: FileSet;
  /** What is there of the wanted files and of those in the manifest. */
  readonly existing: FileSet;
  /** Null for a folder that greenroom has not laid down. */
  readonly manifest: Manifest | null;
  readonly version: string;
  /** Whether edited files are written over. */
  readonly overwrite: boolean;
}

/** Decides file by file; pure. Files are in the order of their paths. */
export function planScaffold(input: PlanInput): ScaffoldPlan {
  const { wanted, existing, manifest, version, overwrite } = input;
  if (manifest !== null) refuseNewer(manifest.version, version);
  const recorded = new Map(Object.entries(manifest?.files ?? {}));
  const paths = [...new Set([...wanted.keys(), ...recorded.keys()])].sort(compareStrings);
  const files = paths.map((path) => planFile(path, wanted.get(path), existing.get(path), recorded.get(path)));
  const left = files.filter(({ action }) => action === 'edited' && !overwrite);
  const hashes = files.flatMap(({ path, text, action }): [string, string][] => {
    // What is left alone keeps its old mark, so that the next run sees it as edited again.
    const old = recorded.get(path);
    if (left.some((file) => file.path === path)) return old === undefined ? [] : [[path, old]];
    return text === null || action === 'keep' ? [] : [[path, sha256(text)]];
  });
  return { files, manifest: { version, files: Object.fromEntries(hashes) } };
}

function planFile(
  path: string,
  wanted: string | undefined,
  existing: string | undefined,
  recorded: string | undefined,
): PlannedFile {
  const text = wanted ?? null;
  if (existing === undefined) return { path, action: text === null ? 'same' : 'create', text, diff: '' };
  if (existing === text) return { path, action: 'same', text, diff: '' };
  if (SEEDS.has(path)) return { path, action: 'keep', text, diff: '' };
  const diff = unifiedDiff(existing, text ?? '');
  if (recorded !== sha256(existing)) return { path, action: 'edited', text, diff };
  return { path, action: text === null ? 'remove' : 'update', text, diff };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** @throws GreenroomError `invalid-input` for a file that is no manifest */
export function parseManifest(text: string): Manifest {
  try {
    const data = JSON.parse(text) as Partial<Manifest> | null;
    const files = Object.entries(data?.files ?? {});
    if (typeof data?.version === 'string' && files.every(([, hash]) => typeof hash === 'string')) {
      return { version: data.version, files: Object.fromEntries(files) };
    }
  } catch {
    // Said below, with what to do.
  }
  throw invalidInput([
    { file: MANIFEST_FILE, message: 'is not what greenroom wrote; restore it from Git, or delete it and run again' },
  ]);
}

export function formatManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

function refuseNewer(theirs: string, ours: string): void {
  if (compareVersions(theirs, ours) <= 0) return;
  throw new GreenroomError(
    'invalid-input',
    `this apps repo was laid down by greenroom ${theirs}, and this is ${ours}; run \`npx greenroom@${theirs}\``,
  );
}

/** By number, part by part; a pre-release comes before its release. */
export function compareVersions(a: string, b: string): number {
  const parse = (version: string) => {
    const [core = '', pre] = version.split('-', 2);
    return { numbers: core.split('.').map(Number), pre };
  };
  const [x, y] = [parse(a), parse(b)];
  for (let i = 0; i < 3; i++) {
    const difference = (x.numbers[i] ?? 0) - (y.numbers[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (x.pre === y.pre) return 0;
  if (x.pre === undefined) return 1;
  return y.pre === undefined ? -1 : compareStrings(x.pre, y.pre);
}

import { unifiedDiff } from '../core/diff.ts';
import { sha256 } from '../core/digest.ts';
import { compareStrings, type FileSet } from '../core/fileset.ts';
import { COMMAND_FILE } from '../model/layout.ts';
import type { Manifest } from '../model/manifest.ts';
import { SEEDS } from './files.ts';

/**
 * - `create`: does not exist yet; `update`, `remove`: not edited, and the wanted content has changed;
 * - `same`: nothing to do; `keep`: belongs to the team;
 * - `edited`: somebody edited it, and it differs from the wanted content.
 */
export type Action = 'create' | 'update' | 'remove' | 'same' | 'keep' | 'edited';

export interface PlannedFile {
  readonly path: string;
  readonly action: Action;
  /** New content; null removes. */
  readonly text: string | null;
  /** Diff from the current to the wanted content; empty for unchanged and for new files. */
  readonly diff: string;
}

export interface ScaffoldPlan {
  readonly files: readonly PlannedFile[];
  /** `.greenroom.json` after the plan is applied. */
  readonly manifest: Manifest;
}

export interface PlanInput {
  readonly wanted: FileSet;
  /** Current content of the wanted files and of those in the manifest. */
  readonly existing: FileSet;
  /** Null if greenroom did not write the folder. */
  readonly manifest: Manifest | null;
  readonly version: string;
  /** Whether edited files are overwritten. */
  readonly overwrite: boolean;
}

/** Plans each file; pure. Files are sorted by path. */
export function planScaffold(input: PlanInput): ScaffoldPlan {
  const { wanted, existing, manifest, version, overwrite } = input;
  const recorded = new Map(Object.entries(manifest?.files ?? {}));
  const paths = [...new Set([...wanted.keys(), ...recorded.keys()])].sort(compareStrings);
  const files = paths.map((path) => planFile(path, wanted.get(path), existing.get(path), recorded.get(path)));
  const left = files.filter(({ action }) => action === 'edited' && !overwrite);
  const hashes = files.flatMap(({ path, text, action }): [string, string][] => {
    // An edited file that is kept also keeps its old hash, so that the next run sees it as edited again.
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
  const diff = path === COMMAND_FILE ? hashes(existing, text) : unifiedDiff(existing, text ?? '');
  if (recorded !== sha256(existing)) return { path, action: 'edited', text, diff };
  return { path, action: text === null ? 'remove' : 'update', text, diff };
}

/** A diff of hashes, for a file that is too long to read. */
function hashes(before: string, after: string | null): string {
  return `-sha256 ${sha256(before)}\n${after === null ? '' : `+sha256 ${sha256(after)}\n`}`;
}

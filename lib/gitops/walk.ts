import { GreenroomError, invalidInput } from '../core/errors.ts';
import type { ObjectFormat, TreeEntry } from '../core/git/objects.ts';
import { decodeEntry, decodeTree, isFileMode, MODE, nameToText, rawEntries } from '../core/git/objects.ts';
import type { Glob } from './glob.ts';
import { matches, mayMatch } from './glob.ts';

/** Returns the bytes of a tree. */
export type TreeSource = (oid: string) => Promise<Buffer>;

export interface Match {
  readonly path: string;
  readonly oid: string;
  /** False for symbolic links and submodules. */
  readonly regular: boolean;
}

/** A glob, and how many of its segments the current path has matched. */
interface Progress {
  readonly glob: Glob;
  readonly depth: number;
}

/** How much of a tree may be read: a few small trees can stand for billions of files. */
export interface WalkLimits {
  readonly files: number;
  readonly folders: number;
}

/**
 * Every entry below a tree that matches a glob. Only trees that can contain matches are read, level by level.
 *
 * @throws GreenroomError `invalid-input` above the limits
 */
export async function walk(
  format: ObjectFormat,
  source: TreeSource,
  root: string,
  globs: readonly Glob[],
  limits: WalkLimits = { files: Number.POSITIVE_INFINITY, folders: Number.POSITIVE_INFINITY },
): Promise<Match[]> {
  const found: Match[] = [];
  let folders = 0;
  const visit = async (oid: string, path: string, active: readonly Progress[]): Promise<void> => {
    if (++folders > limits.folders) throw tooMany(limits.folders, 'folders');
    const tree = await source(oid);
    const below: Promise<void>[] = [];
    for (const { entry, text, next } of matchingEntries(format, tree, path, active)) {
      const full = path + text;
      if (entry.mode === MODE.folder) {
        const deeper = next.filter(({ glob, depth }) => glob.deep || depth < glob.segments.length);
        if (deeper.length > 0) below.push(visit(entry.oid, `${full}/`, deeper));
      } else if (next.some(({ glob, depth }) => isEnd(glob, depth))) {
        found.push({ path: full, oid: entry.oid, regular: isFileMode(entry.mode) });
        if (found.length > limits.files) throw tooMany(limits.files, 'files');
      }
    }
    await Promise.all(below);
  };
  await visit(
    root,
    '',
    globs.map((glob) => ({ glob, depth: 0 })),
  );
  return found;
}

function tooMany(limit: number, what: string): GreenroomError {
  return invalidInput([{ message: `has more than ${limit} ${what}` }]);
}

/** Whether a path matches the glob to its end: at its last segment, or anywhere below it if the glob is deep. */
function isEnd(glob: Glob, depth: number): boolean {
  return glob.deep ? depth > glob.segments.length : depth === glob.segments.length;
}

interface Candidate {
  readonly entry: TreeEntry;
  readonly text: string;
  readonly next: Progress[];
}

function* matchingEntries(
  format: ObjectFormat,
  tree: Buffer,
  folder: string,
  active: readonly Progress[],
): Generator<Candidate> {
  const perhaps = active.some(({ glob, depth }) => tree.includes(glob.segments[depth]?.trace ?? ''));
  if (!perhaps) return;
  for (const at of rawEntries(format, tree)) {
    const possible = active.filter(({ glob, depth }) => {
      const pattern = glob.segments[depth];
      return pattern === undefined || mayMatch(pattern, tree, at.nameStart, at.nameEnd);
    });
    if (possible.length === 0) continue;
    const entry = decodeEntry(tree, at);
    const text = nameToText(entry.name);
    if (text === undefined) {
      // `*` skips such a name. `**` must not: the caller would believe that it got all files.
      if (!possible.some(({ glob, depth }) => depth >= glob.segments.length)) continue;
      throw new GreenroomError(
        'failed',
        `${folder || 'the repository'} contains a file whose name is not UTF-8; rename or remove it by hand`,
      );
    }
    const next = possible
      .filter(({ glob, depth }) => glob.segments[depth] === undefined || matches(glob.segments[depth], text))
      .map(({ glob, depth }) => ({ glob, depth: depth + 1 }));
    if (next.length > 0) yield { entry, text, next };
  }
}

/** One path in which two trees differ; `before` or `after` is undefined if it is missing there. */
export interface Difference {
  readonly path: string;
  readonly before: TreeEntry | undefined;
  readonly after: TreeEntry | undefined;
}

/** Compares two trees entry by entry, entering only folders that differ. */
export async function difference(
  format: ObjectFormat,
  source: TreeSource,
  before: string | null,
  after: string | null,
  path = '',
): Promise<Difference[]> {
  const [old, now] = await Promise.all(
    [before, after].map(async (oid) =>
      oid === null ? new Map<string, TreeEntry>() : decodeTree(format, await source(oid)),
    ),
  );
  const found: Difference[] = [];
  for (const name of new Set([...old!.keys(), ...now!.keys()])) {
    const [a, b] = [old!.get(name), now!.get(name)];
    if (a?.oid === b?.oid && a?.mode === b?.mode) continue;
    const full = path + (nameToText(name) ?? name);
    const [aTree, bTree] = [a, b].map((entry) => (entry?.mode === MODE.folder ? entry.oid : null));
    if (aTree !== null || bTree !== null) {
      found.push(...(await difference(format, source, aTree ?? null, bTree ?? null, `${full}/`)));
    }
    const [aLeaf, bLeaf] = [a, b].map((entry) => (entry?.mode === MODE.folder ? undefined : entry));
    if (aLeaf !== undefined || bLeaf !== undefined) found.push({ path: full, before: aLeaf, after: bLeaf });
  }
  return found;
}

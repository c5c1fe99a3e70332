import { GreenroomError } from '../../core/errors.ts';
import type { ChangeSet } from '../../core/fileset.ts';
import { encodeObject, kindOf, MODE } from '../../core/git/objects.ts';
import type { RepositoryRef } from '../../core/repository.ts';
import { type Commit, type Entry, formatOf } from './objects.ts';
import { exactly, type TreeReader } from './trees.ts';

/** The part of a change that really differs from the tree it was planned on. */
export interface EffectiveChange {
  readonly additions: readonly (readonly [path: string, content: string])[];
  readonly deletions: readonly string[];
  /**
   * Whether an addition replaces a folder, a link, a submodule, an executable, or a file where a folder is needed:
   * `createCommitOnBranch` keeps the mode of what it overwrites, and has no order of changes.
   */
  readonly replacesOtherKinds: boolean;
}

/** Leaves out files that are already as wanted, and removals of files that do not exist. */
export async function effectiveChange(
  trees: TreeReader,
  commit: Commit,
  change: ChangeSet,
  description: string,
): Promise<EffectiveChange> {
  const clash = (path: string, what: string) =>
    new GreenroomError('failed', `${path} ${what} in ${description}; remove it by hand and run again`);
  const paths = [...change.keys()];
  const above = new Set(paths.flatMap(ancestors));
  const globs = [...new Set([...paths, ...above])].map((path) => exactly(path));
  const below = paths.map((path) => exactly(path, true));
  const present = await trees.find(commit, [...globs, ...below], false);
  const stays = (path: string) => present.has(path) && change.get(path) !== null;
  const additions: [string, string][] = [];
  const deletions: string[] = [];
  let replacesOtherKinds = false;
  for (const [path, content] of change) {
    const entry = present.get(path);
    const inside = [...present.keys()].filter((other) => other.startsWith(`${path}/`));
    if (content === null) {
      if (inside.length > 0) throw clash(path, 'is a folder, not a file');
      if (entry !== undefined) deletions.push(path);
      continue;
    }
    if (inside.some(stays)) throw clash(path, 'is a folder, not a file');
    const blocked = ancestors(path).filter((parent) => present.has(parent));
    const blocking = blocked.find(stays);
    if (blocking !== undefined) throw clash(blocking, `is ${kindOf(present.get(blocking)!.mode)}, not a folder`);
    if (isSame(entry, encodeObject(formatOf(commit.oid), 'blob', Buffer.from(content)).oid)) continue;
    additions.push([path, content]);
    const isOfOtherKind = entry !== undefined && entry.mode !== MODE.file;
    replacesOtherKinds ||= isOfOtherKind || inside.length > 0 || blocked.length > 0;
  }
  return { additions, deletions, replacesOtherKinds };
}

/** Input of `createCommitOnBranch`. */
export function commitInput(
  repository: RepositoryRef,
  branchName: string,
  expectedHeadOid: string,
  { additions, deletions }: Pick<EffectiveChange, 'additions' | 'deletions'>,
  message: string,
): object {
  const [headline = '', ...body] = message.split('\n');
  return {
    branch: { repositoryNameWithOwner: repository.path, branchName },
    expectedHeadOid,
    message: { headline, body: body.join('\n').trim() },
    fileChanges: {
      additions: additions.map(([path, text]) => ({ path, contents: Buffer.from(text).toString('base64') })),
      deletions: deletions.map((path) => ({ path })),
    },
  };
}

function isSame(entry: Entry | undefined, oid: string): boolean {
  return entry?.mode === MODE.file && entry.oid === oid;
}

function ancestors(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'));
}

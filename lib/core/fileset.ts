/** Files by path (relative, `/` separated), as text in UTF-8. Iteration order is the sorted order of paths. */
export type FileSet = ReadonlyMap<string, string>;

/** A change as data: path to content; `null` deletes. Paths are relative to the repository's root. */
export type ChangeSet = ReadonlyMap<string, string | null>;

/** Sorts by code units, the same in every locale. */
export function compareStrings(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function fileSet(entries: Iterable<readonly [string, string]>): FileSet {
  return new Map([...entries].sort(([a], [b]) => compareStrings(a, b)));
}

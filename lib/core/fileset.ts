/** Files by path (relative, with `/`), as UTF-8 text. They are sorted by path. */
export type FileSet = ReadonlyMap<string, string>;

/** A change: content by path; `null` deletes. Paths are relative to the repository's root. */
export type ChangeSet = ReadonlyMap<string, string | null>;

/** Compares by code units, the same in every locale. */
export function compareStrings(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function fileSet(entries: Iterable<readonly [string, string]>): FileSet {
  return new Map([...entries].sort(([a], [b]) => compareStrings(a, b)));
}

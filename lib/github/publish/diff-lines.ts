/** The lines of the new side that a hunk of a diff shows, both inclusive. */
export interface HunkLines {
  readonly first: number;
  readonly last: number;
}

/** The hunks of a file's `patch` as GitHub gives it; lines that are not a hunk header are ignored. */
export function hunksOf(patch: string): HunkLines[] {
  return [...patch.matchAll(/^@@ -\d+(?:,\d+)? \+(\d{1,9})(?:,(\d{1,9}))? @@/gm)].flatMap(([, start, size]) => {
    const [first, count] = [Number(start), size === undefined ? 1 : Number(size)];
    return count === 0 ? [] : [{ first, last: first + count - 1 }];
  });
}

/** Whether GitHub accepts a review comment on these lines: both ends must be in one hunk. */
export function isInDiff(hunks: readonly HunkLines[], startLine: number, endLine: number): boolean {
  return hunks.some(({ first, last }) => first <= startLine && startLine <= endLine && endLine <= last);
}

import { expect, test } from 'vitest';
import { unifiedDiff } from '../../lib/core/diff.ts';
import { hunksOf, isInDiff } from '../../lib/github/publish/diff-lines.ts';
import fc from '../support/property.ts';

test('both ends in one hunk', () => {
  const hunks = hunksOf('@@ -1,3 +1,4 @@ a\n a\n+b\n c\n d\n@@ -20 +21,2 @@\n x\n+y\n');
  expect(hunks).toEqual([
    { first: 1, last: 4 },
    { first: 21, last: 22 },
  ]);
  expect([isInDiff(hunks, 1, 4), isInDiff(hunks, 22, 22), isInDiff(hunks, 4, 21)]).toEqual([true, true, false]);
  expect([isInDiff(hunks, 5, 5), isInDiff(hunks, 3, 2)]).toEqual([false, false]);
});

test('nothing is shown of a deleted file, of a file without a patch, and of text that only looks like a header', () => {
  expect(hunksOf('@@ -1,3 +0,0 @@\n-a\n-b\n-c')).toEqual([]);
  expect(hunksOf('')).toEqual([]);
  expect(hunksOf('@@ -1 +1 @@\n-x\n+@@ -9 +9 @@')).toEqual([{ first: 1, last: 1 }]);
});

test('every line that a diff adds is in it', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 })
    .map((lines) => lines.map((l) => `${l}\n`).join(''));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const diff = unifiedDiff(before, after);
      const hunks = hunksOf(diff);
      let line = 0;
      for (const row of diff.split('\n')) {
        const start = /^@@ .* \+(\d+)/.exec(row)?.[1];
        if (start !== undefined) line = Number(start);
        else if (row.startsWith('+')) expect(isInDiff(hunks, line, line++)).toBe(true);
        else if (row.startsWith(' ')) line++;
      }
    }),
  );
});

import { describe, expect, it } from 'vitest';
import { unifiedDiff } from '../../lib/core/diff.ts';
import fc from '../support/property.ts';

/** What `patch` does: applies a diff to the text that it was made from. */
function patch(before: string, diff: string): string {
  const old = before === '' ? [] : before.replace(/\n$/, '').split('\n');
  const out: string[] = [];
  let at = 0;
  for (const line of diff.split('\n').slice(0, -1)) {
    const head = /^@@ -(\d+),(\d+) /.exec(line);
    if (head) {
      const start = Number(head[2]) === 0 ? Number(head[1]) : Number(head[1]) - 1;
      while (at < start) out.push(old[at++]!);
    } else if (line.startsWith('+')) {
      out.push(line.slice(1));
    } else {
      if (old[at] !== line.slice(1)) throw new Error(`line ${at + 1} is not ${line}`);
      if (line.startsWith(' ')) out.push(line.slice(1));
      at++;
    }
  }
  return [...out, ...old.slice(at)].map((line) => `${line}\n`).join('');
}

describe('unifiedDiff', () => {
  it('is empty for equal texts', () => {
    expect(unifiedDiff('a\nb\n', 'a\nb\n')).toBe('');
  });

  it('shows three lines around a change', () => {
    const lines = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];
    const before = `${lines.join('\n')}\n`;
    expect(unifiedDiff(before, before.replace('5', 'five'))).toBe(
      '@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n',
    );
  });

  it('leads from the one text to the other', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', 'd', ''), { maxLength: 40 })
      .map((lines) => lines.map((line) => `${line}\n`).join(''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(patch(before, unifiedDiff(before, after))).toBe(after);
      }),
    );
  });
});

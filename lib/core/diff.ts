/**
 * A unified diff of two texts without headers, with three lines of context; empty for equal texts. Meant for files of
 * some hundred lines: time and memory grow with the product of the numbers of different lines. Above a limit all of
 * them are shown as replaced.
 */
export function unifiedDiff(before: string, after: string, context = 3): string {
  const [a, b] = [lines(before), lines(after)];
  const ops = compare(a, b);
  const hunks: string[] = [];
  let i = 0;
  while (i < ops.length) {
    if (ops[i]!.sign === ' ') {
      i++;
      continue;
    }
    const start = Math.max(0, i - context);
    let end = i;
    let same = 0;
    for (; end < ops.length && same <= 2 * context; end++) same = ops[end]!.sign === ' ' ? same + 1 : 0;
    end = Math.min(ops.length, end - Math.max(0, same - context));
    hunks.push(hunk(ops, start, end));
    i = end;
  }
  return hunks.join('');
}

interface Op {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

function lines(text: string): string[] {
  if (text === '') return [];
  return text.replace(/\n$/, '').split('\n');
}

function hunk(ops: readonly Op[], start: number, end: number): string {
  const count = (signs: string, list: readonly Op[]) => list.filter((op) => signs.includes(op.sign)).length;
  const [before, shown] = [ops.slice(0, start), ops.slice(start, end)];
  const [oldLines, newLines] = [count(' -', shown), count(' +', shown)];
  const at = (signs: string, size: number) => count(signs, before) + (size === 0 ? 0 : 1);
  const head = `@@ -${at(' -', oldLines)},${oldLines} +${at(' +', newLines)},${newLines} @@\n`;
  return head + shown.map((op) => `${op.sign}${op.text}\n`).join('');
}

/** Skips the common head and tail, and compares the rest by its longest common subsequence. */
function compare(a: readonly string[], b: readonly string[]): Op[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const keep = (text: string): Op => ({ sign: ' ', text });
  return [
    ...a.slice(0, head).map(keep),
    ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map(keep),
  ];
}

const MAX_PRODUCT = 4_000_000;

function middle(a: readonly string[], b: readonly string[]): Op[] {
  if (a.length * b.length > MAX_PRODUCT) {
    const as = (sign: Op['sign']) => (text: string) => ({ sign, text });
    return [...a.map(as('-')), ...b.map(as('+'))];
  }
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i * width + j] =
        a[i] === b[j]
          ? longest[(i + 1) * width + j + 1]! + 1
          : Math.max(longest[(i + 1) * width + j]!, longest[i * width + j + 1]!);
    }
  }
  const ops: Op[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      ops.push({ sign: ' ', text: a[i]! });
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && longest[(i + 1) * width + j]! >= longest[i * width + j + 1]!)) {
      ops.push({ sign: '-', text: a[i]! });
      i++;
    } else {
      ops.push({ sign: '+', text: b[j]! });
      j++;
    }
  }
  return ops;
}

const SIZE = 1024 * 1024 - 4096;

function fill(unit: string): string {
  return unit.repeat(Math.floor(SIZE / unit.length));
}

/**
 * YAML files of the size that is just read, each made of what costs a parser most. Some are valid; all must be answered
 * within a second and 256 MB.
 */
export function expensiveYaml(): ReadonlyMap<string, string> {
  return new Map([
    ['lists in lists', fill('[')],
    ['maps in maps', fill('{a: ')],
    ['dashes', fill('- ')],
    ['question marks', fill('? ')],
    ['colons', fill(': ')],
    ['sixty deep, many times', `[${`${'['.repeat(60)}${']'.repeat(60)},`.repeat(500)}]`],
    ['a long list', `[${'a,'.repeat(31_000)}]`],
    ['a long map', Array.from({ length: 9_000 }, (_, i) => `k${i}: v\n`).join('')],
    ['one key again and again', 'a: 1\n'.repeat(12_000)],
    ['empty items', `[${','.repeat(60_000)}]`],
    ['faults', 'a #b\n'.repeat(12_000)],
    ['closing brackets', ']'.repeat(60_000)],
    ['documents', '---\na\n'.repeat(15_000)],
    ['anchors', '- &a '.repeat(15_000)],
    ['comments', fill('# a comment\n')],
    ['blank lines', `a: b\n${fill('\n')}`],
    ['carriage returns', fill('\r\n')],
    ['steps of indentation', Array.from({ length: 1400 }, (_, i) => `${' '.repeat(i)}a:\n`).join('')],
    ['a folded text', `a: >\n${fill('  x\n')}`],
    ['headers of folded texts', fill('>\n')],
    ['a literal text', `a: |\n${fill('  x\n')}`],
    ['a plain text of many lines', `a: ${fill('x\n  ')}`],
    ['a quoted text of many lines', `a: "${fill('x\n  ')}"`],
    ['quotes', `a: '${fill("''")}'`],
    ['escapes', `a: "${fill('\\n')}"`],
    ['digits', `a: ${fill('1')}`],
    ['digits and underscores', `a: ${fill('1_')}`],
    ['a long key', `${fill('a')}: b`],
    ['unclosed quotes', fill('"a": "b')],
  ]);
}

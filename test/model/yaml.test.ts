import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { emitYaml } from '../../lib/core/yaml.ts';
import { MAX_PLATFORM_BYTES, parseSafeYaml, type SafeYaml } from '../../lib/model/load.ts';
import { AWKWARD_STRINGS } from '../support/awkward-strings.ts';
import { cpuMilliseconds } from '../support/cpu-time.ts';
import fc, { runs } from '../support/property.ts';

function read(text: string | Uint8Array, documents: 'one' | 'many' = 'one'): SafeYaml {
  return parseSafeYaml(text, { file: 'f.yaml', maxBytes: MAX_PLATFORM_BYTES, documents });
}

/** The value of a text without problems. */
function value(text: string): unknown {
  const { documents, problems } = read(text);
  expect(problems).toEqual([]);
  return documents[0]?.value;
}

function messages(text: string, documents: 'one' | 'many' = 'one'): string[] {
  return read(text, documents).problems.map(({ line, column, field, message }) =>
    [`${line}:${column}`, field, message].filter(Boolean).join(' '),
  );
}

describe('values', () => {
  it.each<[string, unknown]>([
    ['a', 'a'],
    ['', null],
    ['~', null],
    ['null', null],
    ['true', true],
    ['False', false],
    ['0', 0],
    ['-0', 0],
    ['+12', 12],
    ['-7', -7],
    ['0x1F', 31],
    ['1.50', 1.5],
    ['.5', 0.5],
    ['1e3', 1000],
    ['12e-1', 1.2],
    ['9007199254740991', 9007199254740991],
    ['0.1', 0.1],
    ['2026-11-24', '2026-11-24'],
    ['12:30:45', '12:30:45'],
    ['1.2.3', '1.2.3'],
    ['_1', '_1'],
    ['0abc12', '0abc12'],
    ['250m', '250m'],
    ['"\\u00e9"', 'é'],
    ["'it''s'", "it's"],
    ['|\n  a\n  b\n', 'a\nb\n'],
    ['>-\n  a\n  b\n', 'a b'],
    ['|\r\n  a\r\n  b\r\n', 'a\nb\n'],
    ['👩‍💻'.replace('\u200d', ''), '👩💻'],
    ['"❤️"', '❤️'],
  ])('reads %j', (text, expected) => {
    expect(value(`a: ${text}`)).toEqual({ a: expected });
  });

  it.each([
    ...['yes', 'No', 'on', 'OFF', 'y', 'N'],
    ...['0644', '-012', '00', '0o17', '0b11', '0X1f', '-0x1f', '1_000', '1_0.5', '0x_f'],
    ...['.inf', '-.Inf', '.NaN', '1e999', '9007199254740993', '1e20', '0.1000000000000000055511151231257827', '1e-400'],
    ...[`1${'0'.repeat(60_000)}`, `0.${'0'.repeat(60_000)}1`],
  ])('refuses %.20s, which readers do not agree on or cannot keep', (text) => {
    expect(messages(`a:\n  - ${text}\n`)).toEqual([expect.stringMatching(/^2:5 a\[0\] is .*quotes/)]);
    expect(value(`a: "${text}"`)).toEqual({ a: text });
  });

  it('agrees with a YAML 1.1 reader on whatever it reads', () => {
    // The YAML 1.1 reader of Kubernetes leaves dates and base-60 numbers as text, as YAML 1.2 does.
    const isLeftAsText = (text: string): boolean =>
      /^\d{4}-\d\d-\d\d|^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$/.test(text);
    let agreed = 0;
    for (const text of AWKWARD_STRINGS.filter((t) => !isLeftAsText(t))) {
      const source = `a: ${text}\n`;
      const { documents, problems } = read(source);
      if (problems.length > 0) continue;
      agreed++;
      const old = parse(source, { version: '1.1', uniqueKeys: false, logLevel: 'silent' }) as unknown;
      // Through JSON, as in Kubernetes, where there is no negative zero.
      expect(documents[0]?.value, text).toEqual(JSON.parse(JSON.stringify(old)));
    }
    expect(agreed).toBeGreaterThan(40);
  });

  it('reads back whatever the writer writes', () => {
    const word = fc.oneof(fc.constantFrom(...AWKWARD_STRINGS), fc.string({ unit: 'grapheme' }), fc.string());
    const key = word.filter((text) => text !== '__proto__' && !/[\t\n]/.test(text));
    const scalar = fc.oneof(
      word,
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        scalar,
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (data) => {
        let text: string;
        try {
          text = emitYaml(data);
        } catch {
          return; // Half a surrogate pair cannot be written at all.
        }
        const { documents, problems } = read(text);
        const plain = JSON.parse(JSON.stringify(data)) as unknown;
        if (problems.every(({ message }) => message.includes('hidden character'))) {
          if (problems.length === 0) expect(documents[0]?.value).toEqual(plain);
        } else expect(problems).toEqual([]);
      }),
      { numRuns: runs(500) },
    );
  });
});

describe('keys', () => {
  it('keeps names of prototypes as plain members', () => {
    const data = value('constructor: 1\ntoString: 2\nhasOwnProperty: 3\n') as object;
    expect(Object.entries(data)).toEqual([
      ['constructor', 1],
      ['toString', 2],
      ['hasOwnProperty', 3],
    ]);
  });

  it.each([
    ['a: 1\nb: 2\na: 3\n', '3:1 a is set twice; keep one'],
    ['x: { a: 1, "a": 2 }\n', '1:12 x.a is set twice; keep one'],
    ['x:\n  - { <<: {} }\n', '2:7 x[0] has a merge key (<<); write the values out'],
    ['x: { __proto__: {} }\n', '1:6 x must not have the key "__proto__"'],
    ['on: 1\n', '1:1 has the key on, which not every YAML reader reads as text; put it in quotes'],
    ['1: a\n', '1:1 has the key 1, which not every YAML reader reads as text; put it in quotes'],
    ['? [a]\n: b\n', '1:3 has a key that is not text'],
  ])('refuses %j', (text, message) => {
    expect(messages(text)).toEqual([message]);
  });

  it('finds a duplicate among 8,000 keys at once', () => {
    const text = `${Array.from({ length: 8000 }, (_, i) => `k${i}: x\n`).join('')}k17: y\n`;
    const spent = cpuMilliseconds(() => expect(messages(text)).toEqual(['8001:1 k17 is set twice; keep one']));
    expect(spent).toBeLessThan(1000);
  });

  it('refuses 40,000 keys at once', () => {
    const text = Array.from({ length: 40_000 }, (_, i) => `k${i}: x\n`).join('');
    const spent = cpuMilliseconds(() => expect(messages(text)).toEqual([expect.stringContaining('too many values')]));
    expect(spent).toBeLessThan(1000);
  });
});

describe('several documents', () => {
  it('reads each, leaves out empty ones, and knows their places', () => {
    const { documents, problems } = read('# first\n---\na: 1\n---\n\n---\n# nothing\n---\nb:\n  c: 2\n...\n', 'many');
    expect(problems).toEqual([]);
    expect(documents.map((document) => document.value)).toEqual([{ a: 1 }, { b: { c: 2 } }]);
    expect(documents[1]?.positions.of(['b', 'c'])).toEqual({ file: 'f.yaml', line: 10, column: 6 });
    expect(documents[1]?.positions.of(['kind'])).toEqual({ file: 'f.yaml', line: 9, column: 1 });
  });

  it('reports the problems of all of them, in order', () => {
    expect(messages('a: on\n---\nb: 1\nb: 2\n', 'many')).toEqual([
      expect.stringMatching(/^1:4 a is text for some YAML readers/),
      '4:1 b is set twice; keep one',
    ]);
  });

  it('stops at a thousand', () => {
    expect(read('---\na: 1\n'.repeat(1000), 'many').documents).toHaveLength(1000);
    expect(messages('---\na: 1\n'.repeat(1001), 'many')).toEqual([
      expect.stringMatching(/^2001:\d+ is one document more/),
    ]);
  });

  it('reads JSON, with tabs', () => {
    expect(value('{\n\t"a": [\n\t\t1,\n\t\t"b"\n\t]\n}\n')).toEqual({ a: [1, 'b'] });
  });
});

describe('faults', () => {
  it('are reported once a line, all lines at once', () => {
    expect(messages('a: @b @c\nd: "\\q \\q"\ne: f: g: h\n').map((m) => m.split(' ')[0])).toEqual(['1:4', '2:5', '3:4']);
  });

  it.each([
    ['lists', `a: ${'['.repeat(65)}${']'.repeat(65)}\n`],
    ['maps', `a: ${'{b: '.repeat(65)}c${'}'.repeat(65)}\n`],
    ['lists in block form', `${'- '.repeat(65)}x\n`],
  ])('of depth: %s nested more than 64 levels', (_, text) => {
    expect(messages(text).join()).toContain('is nested more than 64 levels deep');
  });

  it('are found behind a byte order mark and CRLF at the place that an editor shows', () => {
    expect(messages('\ufeffa: 1\r\nb: on\r\n')).toEqual([expect.stringMatching(/^2:4 b /)]);
  });

  it('of the encoding have a line', () => {
    const { problems } = read(Uint8Array.from([0x61, 0x3a, 0x20, 0x62, 0x0a, 0x23, 0xe9, 0x0a]));
    expect(problems).toEqual([
      {
        file: 'f.yaml',
        line: 2,
        column: 2,
        message: 'is not UTF-8 text from here on; save the file with the encoding UTF-8',
      },
    ]);
  });
});

describe('whatever the input', () => {
  const fragments = [
    ...[
      'a',
      'b',
      '- ',
      '? ',
      ': ',
      ':',
      '[',
      ']',
      '{',
      '}',
      ', ',
      ',',
      '"',
      "'",
      '|',
      '>',
      '|2-',
      '\n',
      '\n  ',
      '\n    ',
    ],
    ...[
      '#',
      ' #',
      '&a ',
      '*a',
      '!t ',
      '!!str ',
      '%',
      '%YAML 1.2',
      '---',
      '---\n',
      '...\n',
      '\t',
      '<<',
      '__proto__',
      '0644',
    ],
    ...['yes', '\u200b', '\\', '\\x', '\r\n', '\r', '@', '`', '=', '~', '\ufeff', '\ud83d', '1e999', 'spec:\n', ' '],
  ];
  const soup = fc.array(fc.constantFrom(...fragments), { maxLength: 60 }).map((parts) => parts.join(''));
  const input = fc.oneof(soup, fc.string(), fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 200 }));

  it('answers with data or with problems, never with an exception', () => {
    fc.assert(
      fc.property(input, fc.constantFrom('one' as const, 'many' as const), (text, documents) => {
        const result = read(text, documents);
        for (const { line, column, message, file } of result.problems) {
          expect(file).toBe('f.yaml');
          expect(message).toMatch(/^[ -~]+$/);
          if (line !== undefined) {
            const found = result.text.split('\n')[line - 1];
            expect(found).toBeDefined();
            expect(column).toBeLessThanOrEqual(found!.length + 1);
          }
        }
        if (result.problems.length === 0 && documents === 'one') expect(result.documents).toHaveLength(1);
        // Plain data: JSON carries it both ways without a change.
        for (const { value: data } of result.documents) expect(JSON.parse(JSON.stringify(data))).toEqual(data);
      }),
      { numRuns: runs(3000) },
    );
  });
});

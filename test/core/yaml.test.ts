import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { emitYaml } from '../../lib/core/yaml.ts';
import { AWKWARD_STRINGS } from '../support/awkward-strings.ts';
import fc, { runs } from '../support/property.ts';

function readBack(text: string): unknown[] {
  return [parse(text, { schema: 'yaml-1.1', version: '1.1' }), parse(text, { schema: 'core', version: '1.2' })];
}

describe('a string means the same to a YAML 1.1 and a 1.2 reader', () => {
  test.each(AWKWARD_STRINGS.map((s) => [JSON.stringify(s), s]))('%s', (_, s) => {
    for (const value of [s, [s], { key: s }, { [s]: [{ deep: s }] }]) {
      expect(readBack(emitYaml(value))).toEqual([value, value]);
    }
  });

  test('any data', () => {
    const leaf = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'binary' }).filter((s) => s.isWellFormed()),
      fc.constantFrom(...AWKWARD_STRINGS),
      fc.boolean(),
      fc.integer(),
      fc.constant(null),
    );
    const key = fc.string().filter((k) => k !== '__proto__');
    const data = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('value')), fc.dictionary(key, tie('value'))),
    })).value;
    fc.assert(
      fc.property(data, (value) => {
        const wrapped = JSON.parse(JSON.stringify({ value }));
        expect(readBack(emitYaml({ value }))).toEqual([wrapped, wrapped]);
      }),
      { numRuns: runs(500) },
    );
  });
});

test('numbers stay numbers and keep their value', () => {
  for (const n of [0, -0, 1, -1, 1.5, 1e21, 1.5e-7, 1e-7, 2 ** 53]) {
    expect(readBack(emitYaml({ n }))).toEqual([{ n: n + 0 }, { n: n + 0 }]);
  }
});

test('the order of keys does not depend on the order of insertion', () => {
  const object = { spec: { b: 1, a: [{ y: 1, name: 'n' }] }, metadata: { name: 'x' }, kind: 'K', apiVersion: 'v1' };
  expect(emitYaml(object)).toBe(
    'apiVersion: v1\nkind: K\nmetadata:\n  name: x\nspec:\n  a:\n  - name: "n"\n    "y": 1\n  b: 1\n',
  );
});

test('text of several lines is a literal block', () => {
  expect(emitYaml({ text: 'if a {\n\n  b\n}\n' })).toBe('text: |\n  if a {\n\n    b\n  }\n');
});

test('what YAML cannot carry is an error, not a guess', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 1, '\ud800']) {
    expect(() => emitYaml({ bad })).toThrow(TypeError);
  }
});

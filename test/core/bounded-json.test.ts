import { describe, expect, test } from 'vitest';
import { parseBoundedJson } from '../../lib/core/bounded-json.ts';
import { cpuMilliseconds } from '../support/cpu-time.ts';
import fc, { runs } from '../support/property.ts';

const parse = (text: string, most = 1000) => parseBoundedJson(Buffer.from(text), most);

test('JSON is what it says, with quotes and brackets in its strings', () => {
  const json = fc.json({ maxDepth: 5, stringUnit: fc.constantFrom('"', '\\', '[', '{', ',', 'ä', 'a') });
  fc.assert(
    fc.property(json, (text) => {
      expect(parse(text)).toEqual(JSON.parse(text));
    }),
    { numRuns: runs(2000) },
  );
});

test('no text breaks it, and none that is no JSON has a value', () => {
  const text = fc.string({ unit: fc.constantFrom('"', '\\', '[', ']', '{', '}', ',', ':', '1', ' ', 'a') });
  fc.assert(
    fc.property(text, (any) => {
      let value: unknown;
      try {
        value = JSON.parse(any);
      } catch {}
      expect(parse(any)).toEqual(value);
    }),
    { numRuns: runs(2000) },
  );
});

describe('a bomb costs next to nothing', () => {
  const MANY = 8 * 1024 * 1024;
  test.each<[string, string]>([
    ['lists in lists', '['.repeat(MANY) + ']'.repeat(MANY)],
    ['lists without an end', '['.repeat(MANY)],
    ['maps in maps', `${'{"a":'.repeat(MANY / 4)}1${'}'.repeat(MANY / 4)}`],
    ['empty maps', `[${'{},'.repeat(MANY / 2)}{}]`],
    ['empty lists in a member', `{"predicate":[${'[],'.repeat(MANY / 2)}[]]}`],
    ['numbers', `[${'1,'.repeat(MANY / 2)}1]`],
    ['quotes', '"'.repeat(MANY)],
    ['escapes', `"${'\\"'.repeat(MANY / 2)}`],
  ])('%s', (_, text) => {
    const bytes = Buffer.from(text);
    const cost = cpuMilliseconds(() => {
      expect(parseBoundedJson(bytes, 2_000_000)).toBeUndefined();
    });
    expect(cost).toBeLessThan(1500);
  });
});

describe('members that an object has twice', () => {
  const unique = (text: string) => parseBoundedJson(Buffer.from(text), 1000, { unique: true });

  test.each([
    '{"a":1,"a":2}',
    '{"a":1,"b":{"c":[{"d":1,"d":1}]}}',
    '{"a":1,"\\u0061":2}',
    '{"a" :1,"a"\n:2}',
    '{"":1,"":2}',
  ])('are refused where they are asked to be: %s', (text) => {
    expect(unique(text)).toBeUndefined();
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  test('are none in other objects, in values, or in names that are longer', () => {
    const json = fc.json({ maxDepth: 5, stringUnit: fc.constantFrom('"', '\\', '{', ':', 'ä', 'a') });
    fc.assert(
      fc.property(json, (text) => {
        // What is written from an object has each member once.
        const once = JSON.stringify(JSON.parse(text));
        expect(unique(once)).toEqual(JSON.parse(once));
      }),
      { numRuns: runs(2000) },
    );
    expect(unique('[{"a":"a"},{"a":["a","a"]}]')).toEqual([{ a: 'a' }, { a: ['a', 'a'] }]);
  });
});

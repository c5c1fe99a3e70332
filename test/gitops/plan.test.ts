import { describe, expect, test } from 'vitest';
import type { GreenroomError } from '../../lib/core/errors.ts';
import { fileSet } from '../../lib/core/fileset.ts';
import { planChange } from '../../lib/gitops/plan.ts';
import fc from '../support/property.ts';

const folders = ['previews/main/shop/pr-shop-7'];
const at = (file: string) => `${folders[0]}/${file}`;
const files = (...names: string[]) => fileSet(names.map((name) => [name, name] as const));
const full = (entries: Record<string, string>) => fileSet(Object.entries(entries).map(([k, v]) => [at(k), v]));

test('what is equal plans nothing, what differs is written, what is not wanted is removed', () => {
  const now = { files: full({ a: '1', b: '1', c: '1' }), irregular: [at('link')] };
  const wanted = full({ a: '1', b: '2', d: '1' });
  expect([...planChange({ now, wanted, folders })]).toEqual([
    [at('b'), '2'],
    [at('c'), null],
    [at('d'), '1'],
    [at('link'), null],
  ]);
  expect(planChange({ now: { files: wanted, irregular: [] }, wanted, folders }).size).toBe(0);
});

test('a plan applied to what was there gives what is wanted, and planning again gives nothing', () => {
  const set = fc.dictionary(fc.constantFrom('a', 'b', 'c/d', 'e/f', 'g'), fc.constantFrom('1', '2', ''));
  fc.assert(
    fc.property(set, set, (before, after) => {
      const result = new Map(full(before));
      for (const [path, content] of planChange({
        now: { files: result, irregular: [] },
        wanted: full(after),
        folders,
      })) {
        if (content === null) result.delete(path);
        else result.set(path, content);
      }
      expect(fileSet(result)).toEqual(full(after));
      expect(planChange({ now: { files: result, irregular: [] }, wanted: full(after), folders }).size).toBe(0);
    }),
  );
});

describe('paths outside the folders', () => {
  const empty = { files: files(), irregular: [] };
  test.each([
    ['previews/main/shop/pr-shop-77/a', 'is outside the folder'],
    ['previews/main/shop/pr-shop-7', 'is outside the folder'],
    ['greenroom.yaml', 'is outside the folder'],
    [at('../pr-shop-8/a'), 'is an unsafe path'],
    [at('.git/config'), 'is an unsafe path'],
    [at('app//a'), 'is an unsafe path'],
    [at('app/a\nb'), 'is an unsafe path'],
  ])('%j %s', (path, message) => {
    const problems = expect.arrayContaining([expect.objectContaining({ message })]);
    expect(() => planChange({ now: empty, wanted: files(path), folders })).toThrowError(
      expect.objectContaining({ code: 'failed', problems }),
    );
  });

  test('nothing outside is removed either, and all problems come at once', () => {
    const now = { files: files('exceptions/a.yaml'), irregular: ['link'] };
    try {
      planChange({ now, wanted: files(at('a'), at('a/b')), folders });
      expect.unreachable();
    } catch (error) {
      expect((error as GreenroomError).problems.map(({ message }) => message)).toEqual([
        'is outside the folder',
        'is outside the folder',
        'is below a file',
      ]);
    }
  });
});

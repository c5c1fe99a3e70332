import { describe, expect, test } from 'vitest';
import { fits } from '../../lib/model/wildcard.ts';
import fc from '../support/property.ts';

describe('patterns', () => {
  test.each([
    ['web/**', 'web/a/b.ts', true],
    ['web/**', 'webby/a', false],
    ['web/**', 'web', false],
    ['**/*.ts', 'a/b/c.ts', true],
    ['**/*.ts', 'c.ts', true],
    ['*.ts', 'a/c.ts', false],
    ['a/**/z', 'a/z', true],
    ['a/**/z', 'a/b/c/z', true],
    ['a/**/z', 'ab/z', false],
    ['release/*', 'release/1.2', true],
    ['release/*', 'release/1/2', false],
    ['main', 'main', true],
    ['main', 'maintenance', false],
    ['a.c', 'abc', false],
    ['*', '', true],
    ['', '', true],
  ])('%j and %j: %s', (pattern, text, expected) => {
    expect(fits(pattern, text)).toBe(expected);
  });

  test('agree with the regular expression that they stand for', () => {
    const letters = fc.constantFrom('a', 'b', '/', '.');
    const pattern = fc.array(fc.constantFrom('a', 'b', '/', '.', '*', '**', '**/'), { maxLength: 6 });
    fc.assert(
      fc.property(pattern, fc.string({ unit: letters, maxLength: 8 }), (parts, text) => {
        const joined = parts.join('');
        const source = (joined.match(/\*\*\/|\*\*|\*|[^*]/g) ?? []).map((part) => {
          if (part === '**/') return '(?:.*/)?';
          if (part === '**') return '.*';
          return part === '*' ? '[^/]*' : part.replace('.', '\\.');
        });
        expect(fits(joined, text), `${joined} ${text}`).toBe(new RegExp(`^${source.join('')}$`, 's').test(text));
      }),
      { numRuns: 500 },
    );
  });

  test('take no long time for what a regular expression would take for ever', () => {
    const start = performance.now();
    expect(fits('*a'.repeat(60), 'a'.repeat(4000).concat('b'))).toBe(false);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

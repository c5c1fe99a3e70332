import { describe, expect, test } from 'vitest';
import {
  fillIn,
  hasPlaceholder,
  missingValue,
  PLACEHOLDERS,
  placeholderProblem,
} from '../../lib/model/placeholders.ts';
import fc from '../support/property.ts';

const VALUES = Object.fromEntries(Object.keys(PLACEHOLDERS).map((name) => [name, `<${name}>`]));
const text = fc.string({ unit: fc.constantFrom('$', '{', '}', 'u', 'r', 'l', ' ', '\n', 'host', '${', '}') });
const names = fc.constantFrom(...Object.keys(PLACEHOLDERS));

describe('placeholders', () => {
  test.each([
    ['${url}/login', '<url>/login'],
    ['a ${host} b ${number}', 'a <host> b <number>'],
    ['$${url}', '${url}'],
    ['$$${url}', '$${url}'],
    ['$url $$ $(PORT) {url}', '$url $$ $(PORT) {url}'],
    ['', ''],
  ])('%j becomes %j', (written, filled) => {
    expect(placeholderProblem(written)).toBeUndefined();
    expect(fillIn(written, VALUES)).toBe(filled);
  });

  test.each([
    ['${ulr}', /has an unknown placeholder \$\{ulr\}; did you mean \$\{url\}\?/],
    ['${HOME}/bin', /has an unknown placeholder \$\{HOME\}; there are \$\{url\} .*write \$\$\{ for the text \$\{/],
    ['${url', /does not end/],
    ['${}', /has an unknown placeholder/],
    ['${__proto__}', /has an unknown placeholder \$\{__proto__\}/],
    ['${constructor}', /has an unknown placeholder/],
  ])('%j is refused', (written, sentence) => {
    expect(placeholderProblem(written)).toMatch(sentence);
  });

  test('what could be a secret is not repeated', () => {
    expect(placeholderProblem('${sk_live_51H8 hunter2}')).not.toContain('hunter2');
  });

  test('a text without placeholders stays as it is, also when it is escaped and filled in again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (written) => {
        const escaped = written.replaceAll('${', '$${');
        fc.pre(!/\$\$\{/.test(written));
        expect(hasPlaceholder(escaped)).toBe(false);
        expect(fillIn(escaped, VALUES)).toBe(written);
      }),
    );
  });

  test('every text is refused, or becomes one in which each value stands as it is, once', () => {
    fc.assert(
      fc.property(text, (written) => {
        if (placeholderProblem(written) !== undefined) return;
        const filled = fillIn(written, VALUES);
        expect(typeof filled).toBe('string');
        if (!hasPlaceholder(written)) expect(filled).toBe(written.replaceAll('$${', '${'));
      }),
    );
  });

  test('a value that looks like a placeholder is never read again', () => {
    fc.assert(
      fc.property(fc.array(names, { minLength: 1, maxLength: 5 }), names, (order, inside) => {
        const values = Object.fromEntries(Object.keys(PLACEHOLDERS).map((name) => [name, `\${${inside}}`]));
        const written = order.map((name) => `\${${name}}`).join('-');
        expect(fillIn(written, values)).toBe(order.map(() => `\${${inside}}`).join('-'));
      }),
    );
  });

  test('says which one has no value', () => {
    expect(missingValue('${name} ${url}', { name: 'pr-shop-7' })).toBe('url');
    expect(missingValue('$${url}', {})).toBeUndefined();
  });
});

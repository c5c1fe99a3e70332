import { expect, test } from 'vitest';
import { commitMessage, parseTrailers } from '../../lib/gitops/message.ts';
import { bareRepo, commitFiles, git } from '../support/git.ts';
import fc from '../support/property.ts';

const SHOP = {
  preview: 'pr-shop-7',
  pullRequest: { path: 'acme/shop', number: 7 },
  head: 'a'.repeat(40),
};
// A group within a group.
const CART = {
  preview: 'pr-cart-1',
  pullRequest: { path: 'acme/web/cart', number: 1 },
  head: null,
  cause: { what: '/preview stop', by: 'mia' },
};

test('git itself reads the trailers and the subject', () => {
  const repo = bareRepo();
  commitFiles(repo, { a: '1' }, { message: commitMessage('preview pr-shop-7: update', [SHOP, CART]) });
  const shown = git(repo, ['log', '-1', '--format=%s%n%(trailers:only)', 'main']);
  expect(shown.trim()).toBe(
    `preview pr-shop-7: update
Preview: pr-shop-7
Pull-Request: acme/shop#7
Head: ${SHOP.head}
Preview: pr-cart-1
Pull-Request: acme/web/cart#1
Cause: /preview stop
By: mia`,
  );
});

test('any subject stays one line of at most 72 characters and changes no trailer', () => {
  const part = fc.constantFrom('\n', '\r', '\n\n', 'Preview: pr-evil-1', '\u2028', '\u202e', 'x', '🙂', ' ');
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const message = commitMessage(parts.join(''), [SHOP, CART]);
      const [subject = '', blank] = message.split('\n');
      expect([...subject].length).toBeLessThanOrEqual(72);
      expect(subject).not.toBe('');
      expect(subject).not.toMatch(/[\p{Cc}\p{Cf}\u2028]/u);
      expect(blank).toBe('');
      expect(parseTrailers(message)).toEqual([SHOP, CART]);
    }),
  );
});

test('a long subject is cut and says so', () => {
  expect(commitMessage('word '.repeat(40), [SHOP]).split('\n')[0]).toMatch(/^(word )+.*\.\.\.$/);
});

test.each([
  { ...SHOP, preview: 'pr-shop-7\nHead: x' },
  { ...SHOP, pullRequest: { path: 'acme\n/shop', number: 7 } },
  { ...SHOP, pullRequest: { ...SHOP.pullRequest, number: -1 } },
  { ...SHOP, head: 'main' },
  { ...SHOP, cause: { what: 'push\nBy: mia' } },
])('values that are no trailers are refused: %j', (trailers) => {
  expect(() => commitMessage('x', [trailers])).toThrowError(expect.objectContaining({ code: 'failed' }));
});

test('a message of someone else names no preview', () => {
  expect(parseTrailers('Preview: pr-shop-7')).toEqual([]);
  expect(parseTrailers('Fix\n\nPreview: pr-shop-7\nPull-Request: acme/shop#7\n\nThanks')).toEqual([]);
  expect(parseTrailers('Fix\n\nHead: main\nPreview: Pr_Evil\nPull-Request: acme/shop#7')).toEqual([]);
});

test('an account with an odd name is not named, and its command stands', () => {
  const message = commitMessage('x', [{ ...SHOP, cause: { what: '/preview stop', by: 'mia\nPreview: pr-evil-1' } }]);
  expect(parseTrailers(message)).toEqual([{ ...SHOP, cause: { what: '/preview stop' } }]);
});

test('a cause belongs to the preview before it, once, and needs one', () => {
  const lines = (...more: string[]) =>
    parseTrailers(['x', '', 'Preview: pr-shop-7', 'Pull-Request: acme/shop#7', ...more].join('\n'));
  const [{ head: _, ...shop }] = [SHOP];
  expect(lines('By: eve', 'Cause: push', 'Cause: merged', 'By: mia', 'By: eve')).toEqual([
    { ...shop, head: null, cause: { what: 'push', by: 'mia' } },
  ]);
  expect(lines('Preview: pr-cart-1', 'Cause: push')).toEqual([{ ...shop, head: null }]);
  expect(parseTrailers('x\n\nCause: push\nBy: mia')).toEqual([]);
});

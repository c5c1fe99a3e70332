import fc from 'fast-check';
import { expect, test } from 'vitest';
import { imageRepositoryOf, mayLeadTo } from '../../../lib/evidence/registry/address.ts';
import { parseChallenges } from '../../../lib/evidence/registry/challenges.ts';
import { nextPage } from '../../../lib/evidence/registry/manifests.ts';
import { type ImageReference, parseImage } from '../../../lib/model/image.ts';

test('challenges that were written by the grammar are read back, however many there are in one header', () => {
  const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,11}$/);
  const value = fc.string({ unit: fc.constantFrom(...'ab ,="\\/:é') });
  const challenge = fc.record({
    scheme: token,
    parameters: fc.uniqueArray(fc.tuple(token, value), {
      selector: ([name]) => name.toLowerCase(),
      minLength: 1,
      maxLength: 4,
    }),
  });
  fc.assert(
    fc.property(fc.array(challenge, { minLength: 1, maxLength: 4 }), (challenges) => {
      const quoted = (text: string) => `"${text.replace(/[\\"]/g, '\\$&')}"`;
      const header = challenges
        .map(({ scheme, parameters }) => `${scheme} ${parameters.map(([n, v]) => `${n}=${quoted(v)}`).join(', ')}`)
        .join(', ');
      expect(parseChallenges(header)).toEqual(
        challenges.map(({ scheme, parameters }) => ({
          scheme: scheme.toLowerCase(),
          parameters: new Map(parameters.map(([n, v]) => [n.toLowerCase(), v])),
        })),
      );
    }),
  );
});

test('any header at all is read in a moment', () => {
  const pieces = fc.constantFrom('Bearer', ' ', ',', '=', '"', '\\', 'realm', 'a', '==', '\t', '/');
  fc.assert(fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => void parseChallenges(parts.join(''))));
  const started = Date.now();
  for (const hostile of ['a'.repeat(16_000), 'a="'.repeat(5000), 'a '.repeat(8000), '\\"'.repeat(8000)]) {
    parseChallenges(`Bearer ${hostile}`);
  }
  expect(Date.now() - started).toBeLessThan(1000);
});

test.each([
  ['ghcr.io/acme/shop', 'https://ghcr.io', 'acme/shop'],
  ['docker.io/acme/shop', 'https://registry-1.docker.io', 'acme/shop'],
  ['docker.io/nginx', 'https://registry-1.docker.io', 'library/nginx'],
  ['index.docker.io/nginx', 'https://registry-1.docker.io', 'library/nginx'],
  ['localhost:5000/shop', 'http://localhost:5000', 'shop'],
  ['localhost.evil.example:5000/shop', 'https://localhost.evil.example:5000', 'shop'],
])('%s is asked at %s for %s', (image, origin, path) => {
  expect(imageRepositoryOf(parseImage(image) as ImageReference)).toMatchObject({ origin, path });
});

test.each([
  ['https://ghcr.io', 'https://pkg-containers.example/blob', true],
  ['https://ghcr.io', 'http://pkg-containers.example/blob', false],
  ['https://ghcr.io', 'https://localhost/admin', false],
  ['https://ghcr.io', 'https://127.1/admin', false],
  ['https://ghcr.io', 'https://0x7f.0.0.2/admin', false],
  ['https://ghcr.io', 'https://0/admin', false],
  ['https://ghcr.io', 'https://[::1]/admin', false],
  ['https://ghcr.io', 'https://[::ffff:127.0.0.1]/admin', false],
  ['https://ghcr.io', 'https://a.LOCALHOST/admin', false],
  ['https://ghcr.io', 'https://169.254.169.254/latest/', false],
  ['https://ghcr.io', 'https://10.0.0.7/blob', true],
  ['https://ghcr.io', 'http://127.0.0.1:8080/', false],
  ['https://ghcr.io', 'https://user:word@ghcr.io/', false],
  ['https://ghcr.io', 'file:///etc/passwd', false],
  ['https://ghcr.io', 'data:text/plain,x', false],
  ['https://ghcr.io', 'no address', false],
  ['http://localhost:5000', 'http://127.0.0.1:5001/token', true],
  ['http://localhost:5000', 'http://169.254.169.254/', false],
])('from %s to %s: %s', (from, to, may) => {
  expect(mayLeadTo(from, to)).toBe(may);
});

test.each([
  ['</v2/a/referrers/x?n=2>; rel="next"', '/v2/a/referrers/x?n=2'],
  ['<b>;rel=next', 'b'],
  ['<a>; rel="prev", <b>; rel="next"', 'b'],
  ['<a,b>; rel="prev next"; title="c, d"', 'a,b'],
  ['<a>; title="rel=next"; rel="last"', undefined],
  ['<a>; rel="nextish"', undefined],
  ['<a>; REL="NEXT"', 'a'],
  ['<a>; rel="first"', undefined],
  ['a; rel="next"', undefined],
  ['', undefined],
])('the next page in %j is %j', (link, next) => {
  expect(nextPage(link)).toBe(next);
});

test('any Link header at all is read in a moment', () => {
  const started = Date.now();
  for (const hostile of [
    '<'.repeat(16_000),
    `<a>${';a=b'.repeat(4000)}`,
    `<a>${' '.repeat(16_000)}`,
    `<a>;rel="${'next '.repeat(3000)}`,
  ]) {
    nextPage(hostile);
  }
  expect(Date.now() - started).toBeLessThan(1000);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { imageRepositoryOf, mayLeadTo } from '../../../lib/evidence/registry/address.ts';
import { parseChallenges } from '../../../lib/evidence/registry/challenges.ts';
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

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatImage, parseImage } from '../../lib/model/image.ts';
import { createChecker } from '../../lib/policies/checker.ts';
import { allowedRegistries } from '../../lib/policies/rules/allowed-registries.ts';
import { PARAMS } from './support.ts';

const checker = createChecker({
  params: { ...PARAMS, registries: ['ghcr.io', 'localhost:5000', 'registry.example.com'] },
  onlyRules: [allowedRegistries],
});

function passes(image: string): boolean {
  const spec = { containers: [{ name: 'web', image }] };
  return checker.check({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec }).length === 0;
}

const digest = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 });
const host = fc.constantFrom('ghcr.io', 'localhost:5000', 'registry.example.com');
const name = fc.constantFrom('a', 'shop', 'acme-2', 'a.b', 'a__b', 'a--b', '0', 'a_b-c.d', '1.0');
const odd = fc.constantFrom('', 'A', '/', ':', '@', '..', '.', '-', '_', '%2f', '\n', 'é', 'sha512:');
/** Near the grammar: most are references, many are so but for one character. */
const nearly = fc
  .tuple(host, fc.array(name, { minLength: 1, maxLength: 3 }), fc.option(name), fc.option(digest))
  .map(([at, path, tag, hex]) => `${at}/${path.join('/')}${tag ? `:${tag}` : ''}${hex ? `@sha256:${hex}` : ''}`)
  .chain((text) =>
    fc
      .tuple(fc.boolean(), fc.nat(text.length), odd)
      .map(([is, at, add]) => (is ? text.slice(0, at) + add + text.slice(at) : text)),
  );

test('the rule, which every engine evaluates, reads an image as the compiler does', () => {
  let taken = 0;
  fc.assert(
    fc.property(nearly, (text) => {
      const image = parseImage(text);
      const known =
        typeof image !== 'string' &&
        ['ghcr.io', 'localhost:5000', 'registry.example.com'].some((at) => image.repository.startsWith(`${at}/`));
      if (known) taken += 1;
      expect(passes(text), text).toBe(known);
    }),
    { numRuns: 1000 },
  );
  expect(taken).toBeGreaterThan(200);
});

test('what is read is written the same, but for a tag beside a digest', () => {
  fc.assert(
    fc.property(nearly, (text) => {
      const image = parseImage(text);
      if (typeof image === 'string') return;
      expect(formatImage(image)).toBe(image.digest ? text.replace(`:${image.tag}@`, '@') : text);
    }),
  );
});

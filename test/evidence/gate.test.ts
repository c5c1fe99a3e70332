import fc from 'fast-check';
import { expect, test } from 'vitest';
import { imageGate } from '../../lib/evidence/gate.ts';
import type { ImageLookup } from '../../lib/evidence/registry/lookup.ts';

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const found = { status: 'found', digest: digest('1') } as const;
const missing = { status: 'missing' } as const;
const refused = { status: 'refused', reason: 'ghcr.io has no repository acme/shop' } as const;
const unknown = { status: 'unknown', reason: 'ghcr.io answered 500' } as const;

function gate(answers: readonly ImageLookup[], age = 60) {
  return imageGate(new Map(answers.map((answer, i) => [`image-${i}`, answer])), { age, patience: 3600 });
}

test.each<[string, readonly ImageLookup[], object]>([
  ['none asked for', [], { status: 'open' }],
  ['all there', [found, { status: 'found', digest: digest('2') }], { status: 'open' }],
  ['one not pushed yet', [found, missing], { status: 'waiting', image: 'image-1' }],
  ['one whose repository is not there yet', [refused], { status: 'waiting', image: 'image-0', note: refused.reason }],
  ['one registry down', [found, unknown], unknown],
  ['one not pushed yet, another registry down', [unknown, missing], { status: 'waiting', image: 'image-1' }],
])('%s', (_, answers, wanted) => {
  expect(gate(answers)).toMatchObject(wanted);
});

test('a repository that is not there stops counting as waiting after the time of the platform', () => {
  expect(gate([refused], 3600)).toMatchObject({ status: 'waiting' });
  expect(gate([unknown, refused], 3601)).toEqual({ status: 'absent', image: 'image-1', reason: refused.reason });
  expect(gate([missing], 1e9)).toMatchObject({ status: 'waiting' });
});

test('opens with the digest of every image, and only when all are there', () => {
  const answer = fc.constantFrom<ImageLookup>(found, missing, refused, unknown);
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 5 }), fc.nat(10_000), (answers, age) => {
      const result = gate(answers, age);
      expect(result.status === 'open').toBe(answers.every(({ status }) => status === 'found'));
      if (result.status === 'open') expect(result.digests.size).toBe(answers.length);
    }),
  );
});

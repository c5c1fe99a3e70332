import { describe, expect, it } from 'vitest';
import { type Identity, previewHost, previewName } from '../../lib/model/identity.ts';
import { dnsName } from '../../lib/model/scalars.ts';
import fc, { runs } from '../support/property.ts';

const acme = (repository: string, number = 1, repositoryId = 1): Identity => ({
  repositoryId,
  owner: 'acme',
  repository,
  number,
});
const repoOf = (identity: Identity): string => previewName(identity, 'acme').repo;

const owner = fc.oneof(
  fc.constantFrom('acme', 'ACME', 'Acme', 'acme-corp', 'a', 'other', 'x'.repeat(39)),
  fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9-]{0,37}[A-Za-z0-9])?$/),
);
const forgeName = (maxLength: number) =>
  fc.stringMatching(new RegExp(`^[A-Za-z0-9._-]{1,${maxLength}}$`)).filter((name) => !/^\.{1,2}$/.test(name));
/** Names that differ by a little, so that whatever a label cannot hold would make them meet. */
const repository = fc.oneof(
  fc.constantFrom(
    'a',
    'a-1',
    'a-1-2',
    'a_1',
    'a.1',
    'A-1',
    'a--1',
    'a-',
    '-a',
    '_',
    '-',
    '...',
    '.a',
    'a.',
    '1',
    '1-2',
    // Groups in groups.
    'a/1',
    'a/a-1',
  ),
  fc.stringMatching(/^[aA._-]{1,5}$/).filter((name) => !/^\.{1,2}$/.test(name)),
  fc
    .constantFrom(46, 47, 48, 49, 50, 51, 99, 100)
    .chain((length) => fc.constantFrom('a', 'A', '.').map((end) => 'a'.repeat(length - 1) + end)),
  forgeName(100),
);
const number = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 2 ** 31 }), fc.constant(2 ** 31));
const identity: fc.Arbitrary<Identity> = fc.record({
  repositoryId: fc.oneof(
    fc.integer({ min: 1, max: 3 }),
    fc.maxSafeNat().map((n) => Math.max(n, 1)),
  ),
  owner,
  repository,
  number,
});
/** A second identity that is like the first, up to a literal copy of the repository's derived name. */
const pair = identity.chain((first) =>
  fc.tuple(
    fc.constant(first),
    fc.oneof(
      identity,
      fc.record({ repository }).map((change) => ({ ...first, ...change })),
      fc.record({ owner }).map((change) => ({ ...first, ...change })),
      fc.record({ number }).map((change) => ({ ...first, ...change })),
      fc.integer({ min: 1, max: 9 }).map((repositoryId) => ({ ...first, repositoryId })),
      owner.map((other) => ({ ...first, owner: other, repository: previewName(first, 'acme').repo })),
      fc.constant({ ...first, repository: first.repository.toUpperCase() }),
      fc.constant({ ...first, repository: first.repository.replace(/[._]/g, '-') }),
    ),
  ),
);

const ownerKey = ({ owner: name }: Identity): string => name.toLowerCase();

describe('previewName', () => {
  it('is a label of at most 63 characters that starts with a letter, for every identity', () => {
    fc.assert(
      fc.property(identity, owner, (one, platformOwner) => {
        const { name, repo } = previewName(one, platformOwner);
        // DNS-1035, which Service names need, is also a DNS-1123 label, a label value and one label of a host.
        expect(name).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
        expect(name).toBe(`pr-${repo}-${one.number}`);
        expect(repo).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
      }),
      { numRuns: runs(1000) },
    );
  });

  it('never gives one name to two pull requests', () => {
    fc.assert(
      fc.property(pair, owner, ([one, other], platformOwner) => {
        const a = previewName(one, platformOwner);
        const b = previewName(other, platformOwner);
        const isSamePlace = ownerKey(one) === ownerKey(other) && one.repository === other.repository;
        if (!isSamePlace) expect(a.repo).not.toBe(b.repo);
        if (!isSamePlace || one.number !== other.number) expect(a.name).not.toBe(b.name);
        // Successive owners of one name are told apart by the hash, where there is one.
        const isHashed = a.repo !== one.repository;
        if (isSamePlace && isHashed) expect(a.repo === b.repo).toBe(one.repositoryId === other.repositoryId);
      }),
      { numRuns: runs(5000) },
    );
  });

  it('depends on its arguments alone, and on the number only in its end', () => {
    fc.assert(
      fc.property(identity, number, owner, (one, otherNumber, platformOwner) => {
        const { name, repo } = previewName(one, platformOwner);
        expect(previewName({ ...one }, platformOwner)).toEqual({ name, repo });
        expect(previewName({ ...one, number: otherNumber }, platformOwner).repo).toBe(repo);
        const shouted = { ...one, owner: one.owner.toUpperCase() };
        expect(previewName(shouted, platformOwner.toUpperCase())).toEqual({ name, repo });
      }),
    );
  });

  it('stays as it is for a repository of the platform owner that is a label already', () => {
    expect(previewName(acme('shop', 7), 'acme')).toEqual({ name: 'pr-shop-7', repo: 'shop' });
    expect(previewName(acme('shop', 7), 'ACME').name).toBe('pr-shop-7');
    expect(previewName(acme('2048', 2 ** 31), 'acme').name).toBe('pr-2048-2147483648');
    expect(repoOf(acme('a'.repeat(49)))).toBe('a'.repeat(49));
    expect(repoOf(acme('design-components'))).toBe('design-components');
  });

  it.each(['Shop', 'my_shop', 'my.shop', 'my--shop', 'shop-', '.github', 'a'.repeat(50)])(
    'is hashed for %s',
    (name) => {
      expect(repoOf(acme(name))).toMatch(/^[a-z-]*[a-z]-[2-7][a-z2-7]{10}$/);
    },
  );

  it('is hashed for a foreign owner, and for a name that looks hashed', () => {
    const foreign = previewName({ ...acme('shop'), owner: 'other' }, 'acme').repo;
    expect(foreign).toMatch(/^shop-[2-7][a-z2-7]{10}$/);
    expect(repoOf(acme(foreign))).not.toBe(foreign);
  });

  it('is pinned: a change of the derivation would move every live preview', () => {
    expect(repoOf(acme('My.Shop', 1, 42))).toBe('my-shop-5365yunsjpo');
  });

  it.each<[string, Partial<Identity>]>([
    ['owner', { owner: '' }],
    ['owner', { owner: '-acme' }],
    ['owner', { owner: 'acme-' }],
    ['owner', { owner: 'acme/other' }],
    ['owner', { owner: 'a'.repeat(40) }],
    ['owner', { owner: 'acmé' }],
    ['repository', { repository: '' }],
    ['repository', { repository: '.' }],
    ['repository', { repository: '..' }],
    ['repository', { repository: 'a//b' }],
    ['repository', { repository: 'a/../b' }],
    ['repository', { repository: '/a' }],
    ['repository', { repository: 'a/' }],
    ['repository', { repository: 'a b' }],
    ['repository', { repository: 'a\n' }],
    ['repository', { repository: 'a'.repeat(101) }],
    ['repositoryId', { repositoryId: 0 }],
    ['repositoryId', { repositoryId: 1.5 }],
    ['repositoryId', { repositoryId: 2 ** 53 }],
    ['number', { number: 0 }],
    ['number', { number: -1 }],
    ['number', { number: Number.NaN }],
    ['number', { number: 2 ** 31 + 1 }],
  ])('refuses a wrong %s: %j', (field, change) => {
    expect(() => previewName({ ...acme('shop'), ...change }, 'acme')).toThrow(
      expect.objectContaining({ code: 'invalid-input', problems: [expect.objectContaining({ field })] }),
    );
  });
});

describe('previewHost', () => {
  it('is one label below the domain, and fits into a host for the longest domain of a platform', () => {
    expect(previewHost('pr-shop-7', 'apps.example.com')).toBe('pr-shop-7.apps.example.com');
    const longest = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(61)}`;
    expect(dnsName.safeParse(longest).success).toBe(true);
    expect(dnsName.safeParse(`${longest}d`).success).toBe(false);
    const { name } = previewName(acme('x'.repeat(100), 2 ** 31), 'acme');
    expect(name).toHaveLength(63);
    expect(previewHost(name, longest)).toHaveLength(253);
  });
});

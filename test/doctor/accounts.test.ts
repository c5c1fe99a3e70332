import { expect, test } from 'vitest';
import type { ClusterAnswer, ClusterReader } from '../../lib/cluster/reader.ts';
import { accountRights } from '../../lib/doctor/cluster/accounts.ts';
import { OPENED, platform } from '../support/inputs.ts';

const namespace = (name: string, labels: object = {}, more: object = {}) => ({
  metadata: {
    name,
    labels: { 'greenroom.dev/preview': name, 'greenroom.dev/expires': String(OPENED + 3600), ...labels },
    ...more,
  },
});

/** Namespaces of the accounts of previews that were asked about. */
async function askedAbout(namespaces: readonly object[]): Promise<Set<string>> {
  const users: string[] = [];
  const reader: ClusterReader = {
    get: async (path): Promise<ClusterAnswer> => ({
      kind: 'found',
      value: { items: path.startsWith('/api/v1/namespaces') ? namespaces : [] },
    }),
    may: async (user) => {
      users.push(user);
      return { kind: 'found', value: true };
    },
  };
  const isKnown = (name: string) => name !== 'pr-ghost';
  await accountRights({ reader, platform: platform(), now: OPENED, wanted: [], previews: true, home: true, isKnown });
  return new Set(users.map((user) => user.split(':')[2] ?? '').filter((name) => /^(pr-|team-)/.test(name)));
}

const NONE = [
  namespace('pr-ghost'),
  namespace('pr-shop-1', { 'greenroom.dev/expires': String(OPENED - 1) }),
  namespace('pr-shop-2', {}, { deletionTimestamp: '2026-11-24T08:00:00Z' }),
  namespace('team-a', { 'greenroom.dev/preview': 'pr-shop-3' }),
];

test('rights of a preview are asked of one that runs: no ghost, none that ended, goes or only carries the label', async () => {
  expect(await askedAbout([...NONE, namespace('pr-shop-7')])).toEqual(new Set(['pr-shop-7']));
});

test('where no preview runs nobody’s rights are asked', async () => {
  expect(await askedAbout(NONE)).toEqual(new Set());
});

import { describe, expect, test } from 'vitest';
import type { ClusterAnswer } from '../../lib/cluster/reader.ts';
import { operators } from '../../lib/doctor/cluster/operators.ts';
import { platform } from '../support/inputs.ts';
import { CLASS, operatedPostgres } from '../support/operator.ts';

const storageClass = (name: string, reclaimPolicy: string, standard = 'true') => ({
  metadata: { name, annotations: { 'storageclass.kubernetes.io/is-default-class': standard } },
  reclaimPolicy,
});

async function observe({ server = '10.0.0.10', storage = [storageClass('fast', 'Delete')] as unknown, spec = '' }) {
  const found = await operators({
    reader: {
      get: async (path): Promise<ClusterAnswer> => {
        if (!path.includes('storageclasses')) return { kind: 'missing' };
        return storage === 'refused'
          ? { kind: 'refused', reason: 'sam may not' }
          : { kind: 'found', value: { items: storage } };
      },
      may: async () => ({ kind: 'missing' }),
      addresses: async () => [server],
    },
    platform: platform(spec === '' ? operatedPostgres() : spec),
    now: 0,
    wanted: [],
    previews: true,
    home: true,
    isKnown: () => true,
  });
  return found.map(({ status, message }) => `${status}: ${message}`);
}

describe('an operator that runs services', () => {
  test('has what it needs', async () => {
    expect(await observe({})).toEqual([
      'ok: network.apiServer covers the API server',
      'ok: disks of the StorageClass fast go with their claims',
    ]);
  });

  test.each([
    [
      'an API server elsewhere',
      { server: '10.0.0.11' },
      /^warn: .* does not cover 10\.0\.0\.11\/32 of the API server: pods of postgres/,
    ],
    [
      'disks that remain',
      { storage: [storageClass('slow', 'Retain')] },
      /^fail: The default StorageClass slow retains disks: those of postgres/,
    ],
    [
      'no default for disks',
      { storage: [storageClass('fast', 'Delete', 'false')] },
      /^warn: .*no default StorageClass/,
    ],
    [
      'storage classes that may not be read',
      { storage: 'refused' },
      /^unknown: could not read storage classes: sam may not/,
    ],
  ])('with %s is told', async (_, given, message) => {
    expect(await observe(given)).toContainEqual(expect.stringMatching(message));
  });

  test('is not looked for where there is none, and needs nothing that its class does not ask for', async () => {
    expect(await observe({ spec: 'egress: none' })).toEqual([]);
    const plain = CLASS.replace('callsApi: true', 'callsApi: false').replace('podLabel:', 'storage: null\npodLabel:');
    expect(await observe({ spec: operatedPostgres(plain) })).toEqual([]);
  });
});

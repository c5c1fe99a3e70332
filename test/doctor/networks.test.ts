import { describe, expect, test } from 'vitest';
import type { ClusterAnswer, ClusterReader } from '../../lib/cluster/reader.ts';
import { clusterCidrs } from '../../lib/doctor/cluster/networks.ts';
import { platform } from '../support/inputs.ts';

interface Addresses {
  readonly server?: readonly string[];
  readonly nodes?: readonly string[];
  readonly pods?: readonly string[];
  readonly services?: readonly string[];
  readonly endpoints?: readonly string[];
  readonly refused?: string;
}

function reader({
  server = [],
  nodes = [],
  pods = [],
  services = [],
  endpoints = [],
  refused,
}: Addresses): ClusterReader {
  const lists: Readonly<Record<string, unknown>> = {
    nodes: {
      status: { addresses: nodes.map((address) => ({ type: 'ExternalIP', address })) },
      spec: { podCIDRs: pods },
    },
    servicecidrs: { spec: { cidrs: services } },
    services: { spec: { clusterIPs: ['10.96.0.1'] } },
    endpointslices: { endpoints: [{ addresses: endpoints }] },
  };
  return {
    get: async (path): Promise<ClusterAnswer> => {
      const kind = path.split('?')[0]!.split('/').at(-1)!;
      if (kind === refused) return { kind: 'refused', reason: 'sam may not' };
      return { kind: 'found', value: { items: [lists[kind]] } };
    },
    may: async () => ({ kind: 'missing' }),
    addresses: async () => server,
  };
}

const observe = (addresses: Addresses, spec = '') =>
  clusterCidrs({
    reader: reader(addresses),
    platform: platform(spec),
    now: 0,
    wanted: [],
    previews: true,
    home: true,
    isKnown: () => true,
  });

const OPEN = 'egress: https';

describe('addresses of the cluster', () => {
  test('inside the ranges are well', async () => {
    const inside = { server: ['10.0.0.1'], nodes: ['10.0.1.1', 'node-1', '::1'], pods: ['10.244.0.0/24', 'fd00::/64'] };
    expect(await observe(inside, OPEN)).toMatchObject([{ status: 'ok' }]);
  });

  test.each<[string, Addresses, RegExp]>([
    ['the API server by its public name', { server: ['203.0.113.7'] }, /the API server \(203\.0\.113\.7\/32\)/],
    ['the API server itself', { endpoints: ['198.51.100.9'] }, /the API server \(198\.51\.100\.9\/32\)/],
    ['a node', { nodes: ['192.0.2.4', '10.0.0.1'] }, /reach a node \(192\.0\.2\.4\/32\)\.$/],
    ['pods', { pods: ['11.0.0.0/24'] }, /pods \(11\.0\.0\.0\/24\)/],
    ['Services', { services: ['34.118.224.0/20'] }, /Services \(34\.118\.224\.0\/20\)/],
  ])('that an open egress reaches are named: %s', async (_, addresses, message) => {
    const cidr = /\d+(?:\.\d+){3}\/\d+/.exec(message.source.replaceAll('\\', ''))![0];
    expect(await observe(addresses, OPEN)).toMatchObject([
      { status: 'fail', message: expect.stringMatching(message), fix: expect.stringContaining(`Add ${cidr} to`) },
    ]);
    const closed = `${OPEN}\nnetwork: { clusterCidrs: [10.0.0.0/8, ${cidr}] }`;
    expect(await observe(addresses, closed)).toMatchObject([{ status: 'ok' }]);
  });

  test('that only a later egress would reach are a warning', async () => {
    expect(await observe({ server: ['203.0.113.7'] })).toMatchObject([{ status: 'warn' }]);
    const elsewhere = 'egress: [{ cidr: 198.51.100.0/24 }]';
    expect(await observe({ server: ['203.0.113.7'] }, elsewhere)).toMatchObject([{ status: 'warn' }]);
    expect(await observe({ server: ['198.51.100.7'] }, elsewhere)).toMatchObject([{ status: 'fail' }]);
  });

  test('on this machine alone are nobody’s', async () => {
    expect(await observe({ server: ['127.0.0.1'], endpoints: ['127.0.0.1'] }, OPEN)).toMatchObject([{ status: 'ok' }]);
  });

  test.each(['nodes', 'servicecidrs', 'services', 'endpointslices'])(
    'that nobody may see (%s) are never called well',
    async (refused) => {
      const found = await observe({ refused });
      expect(found.length).toBeGreaterThan(0);
      for (const { status } of found) expect(status).toBe('unknown');
    },
  );
});

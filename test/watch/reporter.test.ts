import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { StatusCall } from '../../lib/status/call.ts';
import type { KubeLike } from '../../lib/status/objects/types.ts';
import { ClusterApi } from '../../lib/watch/api.ts';
import { Reporter, type ReporterOptions } from '../../lib/watch/reporter.ts';
import { tempFolder } from '../support/git.ts';
import { FakeApiServer } from './api-server.ts';

const HEAD = 'a'.repeat(40);
const NAMESPACES = '/api/v1/namespaces';
const at = (name: string, resource: string) =>
  resource === 'pods' || resource === 'events'
    ? `/api/v1/namespaces/${name}/${resource}`
    : `/apis/apps/v1/namespaces/${name}/${resource}`;

const namespace = (name: string, number = 7): KubeLike => ({
  metadata: {
    name,
    labels: {
      'greenroom.dev/preview': name,
      'greenroom.dev/pull-request': `${number}`,
      'greenroom.dev/repository-id': '101',
    },
    annotations: { 'greenroom.dev/commit': HEAD, 'greenroom.dev/repository': 'acme/shop' },
  },
});

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(options: Partial<ReporterOptions> = {}) {
  const server = await FakeApiServer.start();
  const tokenFile = join(tempFolder(), 'token');
  writeFileSync(tokenFile, 'the-token\n');
  const api = new ClusterApi({ server: server.url, tokenFile });
  const calls: StatusCall[] = [];
  const problems: string[] = [];
  const fault = { send: false };
  const stop = new AbortController();
  const reporter = new Reporter({
    api,
    cluster: 'main',
    send: async (call) => {
      if (fault.send) throw new Error('serve is away');
      calls.push(call);
    },
    clock: () => Math.floor(Date.now() / 1000),
    log: (message) => problems.push(message),
    random: () => 0,
    settle: 10,
    ...options,
  });
  const run = reporter.run(stop.signal);
  ends.push(async () => {
    stop.abort();
    server.breakStreams();
    await run;
    api.close();
    await server.stop();
  });
  const last = () => calls.at(-1)?.observation;
  const apply = (name = 'pr-shop-7') => {
    server.put(NAMESPACES, namespace(name));
    const of = (kind: string, owner: string) => ({ ownerReferences: [{ kind, name: owner }] });
    const annotations = { 'greenroom.dev/commit': HEAD };
    server.put(at(name, 'deployments'), {
      metadata: { name, generation: 1, annotations },
      spec: { replicas: 1 },
      status: { observedGeneration: 1 },
    });
    server.put(at(name, 'replicasets'), { metadata: { name: 'rs', annotations, ...of('Deployment', name) } });
    return (ready: boolean) =>
      server.put(at(name, 'pods'), {
        metadata: { name: 'pod', ...of('ReplicaSet', 'rs') },
        status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
      });
  };
  return { server, reporter, calls, problems, fault, last, apply };
}

describe('a reporter', () => {
  test('tells what it sees, what changed, and nothing twice', async () => {
    const { apply, calls, last } = await start();
    const pod = apply();
    await expect.poll(last).toMatchObject({ condition: 'starting', headSha: HEAD });
    pod(false);
    pod(true);
    await expect.poll(last).toMatchObject({ condition: 'ready' });
    const before = calls.length;
    pod(true);
    pod(true);
    await expect.poll(() => calls.length).toBe(before);
    expect(calls.at(-1)).toMatchObject({ cluster: 'main', preview: 'pr-shop-7', repository: 'acme/shop', number: 7 });
    const times = calls.map(({ observation }) => observation.at);
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  });

  test('goes on where streams break and where the server has forgotten', async () => {
    const { apply, server, last } = await start();
    const pod = apply();
    pod(true);
    await expect.poll(last).toMatchObject({ condition: 'ready' });
    server.breakStreams();
    pod(false);
    await expect.poll(last).toMatchObject({ condition: 'starting' });
    server.expire();
    pod(true);
    await expect.poll(last).toMatchObject({ condition: 'ready' });
  });

  test('tells it again when serve was away', async () => {
    const { apply, fault, last, calls } = await start();
    fault.send = true;
    apply()(true);
    await expect.poll(() => calls.length).toBe(0);
    fault.send = false;
    await expect.poll(last).toMatchObject({ condition: 'ready' });
  });

  test('says gone when the namespace is, and follows it no more', async () => {
    const { apply, server, last, reporter } = await start();
    apply()(true);
    await expect.poll(last).toMatchObject({ condition: 'ready' });
    await expect.poll(() => server.open).toBe(4);
    server.remove(NAMESPACES, 'pr-shop-7');
    await expect.poll(last).toMatchObject({ condition: 'gone', headSha: HEAD });
    await expect.poll(() => [server.open, reporter.followed]).toEqual([1, 0]);
  });

  test('says what is being deleted, although its binding went before the rest', async () => {
    const { apply, server, last } = await start();
    apply()(true);
    await expect.poll(last).toMatchObject({ condition: 'ready' });
    for (const kind of ['deployments', 'replicasets', 'pods', 'events']) {
      server.refused.set(at('pr-shop-7', kind), 403);
    }
    const { metadata } = namespace('pr-shop-7');
    server.put(NAMESPACES, { metadata: { ...metadata, deletionTimestamp: '2026-11-24T08:00:00Z' } });
    await expect.poll(last).toMatchObject({ condition: 'ending', headSha: HEAD });
  });

  test('leaves alone what only calls itself a preview, and what it may not read is said', async () => {
    const { server, calls, problems, reporter } = await start();
    server.put(NAMESPACES, { metadata: { name: 'kube-system', labels: { 'greenroom.dev/preview': 'pr-shop-7' } } });
    server.refused.set(at('pr-shop-8', 'pods'), 403);
    server.put(NAMESPACES, namespace('pr-shop-8', 8));
    await expect.poll(() => problems.join()).toContain('status 403');
    expect([calls.length, reporter.followed]).toEqual([0, 1]);
    expect(server.requests.some((path) => path.includes('kube-system'))).toBe(false);
  });

  test('asks for no Secret and no log, and once for kinds that the cluster does not serve', async () => {
    const { apply, server, last } = await start();
    const routes = (name: string) => `/apis/gateway.networking.k8s.io/v1/namespaces/${name}/httproutes`;
    server.refused.set(routes('pr-shop-7'), 404);
    const pod = apply();
    pod(false);
    await expect.poll(last).toMatchObject({ condition: 'starting' });
    pod(true);
    await expect.poll(last).toMatchObject({ condition: 'ready' });
    expect(server.requests.filter((path) => path === routes('pr-shop-7'))).toHaveLength(1);
    expect(server.requests.filter((path) => /secrets$|\/log/.test(path) && !path.includes('externalsecrets'))).toEqual(
      [],
    );
  });
});

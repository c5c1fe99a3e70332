import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { validatingAdmissionPolicy } from '../../lib/policies/engines/vap.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { isRunning } from './processes.ts';
import { tryRun } from './run.ts';

describe('a control plane', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ controllerManager: true, users: [{ name: 'maker', groups: ['makers'] }] });
  });
  afterAll(() => cluster?.stop());

  it('makes and removes a namespace', async () => {
    await cluster.kubectl(['create', 'namespace', 'shop']);
    await eventually(() => cluster.kubectl(['get', 'serviceaccount', 'default', '--namespace=shop']), {
      what: 'the default service account',
    });
    await cluster.kubectl(['delete', 'namespace', 'shop', '--timeout=60s']);
    expect((await cluster.tryKubectl(['get', 'namespace', 'shop'])).stderr).toContain('NotFound');
  });

  it('tells its users apart', async () => {
    const makerMay = (...what: string[]) => cluster.as('maker').tryKubectl(['auth', 'can-i', ...what]);
    expect((await makerMay('list', 'services')).stdout).toBe('no\n');
    await cluster.kubectl(['create', 'clusterrolebinding', 'makers', '--clusterrole=view', '--group=makers']);
    await eventually(async () => (await makerMay('list', 'services')).stdout === 'yes\n', { what: 'the binding' });
    expect((await makerMay('create', 'services')).stdout).toBe('no\n');
    expect(() => cluster.as('stranger')).toThrow('without a user stranger');
  });

  it('has controllers act with accounts of their own, which policies judge like anybody', async () => {
    const name = 'only-the-controller';
    const account = 'system:serviceaccount:kube-system:replicaset-controller';
    const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
    const [policy, binding] = validatingAdmissionPolicy({
      name,
      matchConstraints: { resourceRules: [rule] },
      matchConditions: [{ name: 'applies', expression: "request.namespace == 'default'" }],
      validations: [{ expression: `request.userInfo.username == '${account}'`, message: 'somebody else' }],
    });
    for (const object of [policy, binding]) await cluster.apply(JSON.stringify(object));
    const byHand = ['run', 'by-hand', '--image=ghcr.io/acme/shop:1', '--dry-run=server'];
    await eventually(async () => (await cluster.tryKubectl(byHand)).stderr.includes('somebody else'), {
      what: 'the policy to hold the administrator',
    });
    await cluster.kubectl(['create', 'deployment', 'shop', '--image=ghcr.io/acme/shop:1']);
    await eventually(async () => (await cluster.kubectl(['get', 'pods', '--output=name'])).includes('pod/shop-'), {
      what: 'the pod of the Deployment',
    });
    for (const [kind, each] of [
      ['validatingadmissionpolicybinding', name],
      ['validatingadmissionpolicy', name],
      ['deployment', 'shop'],
    ] as const) {
      await cluster.kubectl(['delete', kind, each]);
    }
  });

  it('runs beside a second one, and leaves nothing when it stops', async () => {
    const second = await startCluster();
    const pids = [...second.processes.pids.values()];
    try {
      await second.kubectl(['create', 'namespace', 'only-here']);
      expect((await cluster.tryKubectl(['get', 'namespace', 'only-here'])).code).toBe(1);
      expect(pids.filter(isRunning)).toHaveLength(2);
    } finally {
      await second.stop();
    }
    expect(pids.filter(isRunning)).toEqual([]);
    expect(existsSync(second.folder)).toBe(false);
  });

  it('does not outlive a test process that is killed', async () => {
    const script = join(import.meta.dirname, 'support', 'dies.ts');
    const { stdout, code } = await tryRun(process.execPath, ['--import', 'tsx', script]);
    expect(code).toBe(128);
    const { folder, pids } = JSON.parse(stdout) as { folder: string; pids: number[] };
    expect(pids).toHaveLength(2);
    await eventually(() => !pids.some(isRunning) && !existsSync(folder), { what: 'the watchdog', timeoutMs: 10_000 });
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Cluster, type Kubectl, startCluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { configuration, laidDown } from './generated/configurations.ts';
import { judge } from './judges.ts';
import { tryRun } from './run.ts';

const HOME = 'greenroom-cleaner';
const ACCOUNT = 'preview-cleaner';
const HOUR = 3600;
const now = () => Math.floor(Date.now() / 1000);

let cluster: Cluster;
/** The account as the pod of a scheduled run has it; real controllers made that pod. */
let scheduled: Kubectl;
let job: { readonly command: readonly string[] };

/** The account as a pod of this name has it. */
async function inPod(name: string): Promise<Kubectl> {
  const containers = [
    {
      name: 'cleaner',
      image: 'registry.example.com/kubectl',
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    },
  ];
  const securityContext = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
  const spec = { serviceAccountName: ACCOUNT, securityContext, containers };
  await apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: HOME }, spec });
  return cluster.asServiceAccount(HOME, ACCOUNT, name);
}

/** What a run that is due at this time is called. */
const podAt = (seconds: number) => `${ACCOUNT}-${Math.floor(seconds / 60)}-x7k2p`;

async function preview(name: string, expires: number | string): Promise<string> {
  const labels = { 'greenroom.dev/preview': name, 'greenroom.dev/expires': String(expires) };
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  return name;
}

const apply = (object: object) => cluster.apply(JSON.stringify(object));
const remove = (who: Kubectl, namespace: string) =>
  who.tryKubectl(['delete', 'namespace', namespace, '--dry-run=server']);

beforeAll(async () => {
  cluster = await startCluster({ controllerManager: true });
  const { platform, platformText } = configuration({ cleaner: { schedule: '* * * * *' } });
  const installed = [...laidDown({ platform, platformText })]
    .filter(([path]) => path.startsWith('bootstrap/install/') && path.includes('cleaner'))
    .map(([, text]) => parse(text));
  for (const isNamespace of [true, false]) {
    for (const object of installed) if ((object.kind === 'Namespace') === isNamespace) await apply(object);
  }
  const template = installed.find(({ kind }) => kind === 'CronJob').spec.jobTemplate.spec.template;
  job = template.spec.containers[0];
  const list = ['get', 'pods', `--namespace=${HOME}`, '--output=jsonpath={.items[0].metadata.name}'];
  const pod = await eventually(async () => (await cluster.kubectl(list)) || undefined, {
    what: 'the CronJob to run',
    timeoutMs: 150_000,
  });
  scheduled = await cluster.asServiceAccount(HOME, ACCOUNT, pod);
  await preview('pr-live-1', now() + HOUR);
  await preview('pr-over-1', now() - HOUR);
  await eventually(async () => (await remove(scheduled, 'pr-live-1')).code !== 0, { what: 'the guard' });
});
afterAll(() => cluster?.stop());

describe('the cleaner', () => {
  it('ends a preview that has expired, and no other, in a run that real controllers started', async () => {
    expect(await remove(scheduled, 'pr-over-1')).toMatchObject({ code: 0 });
    const { code, stderr } = await remove(scheduled, 'pr-live-1');
    expect([code, stderr]).toEqual([1, expect.stringContaining('only delete previews that had expired')]);
  });

  it('ends no preview early though the clock of its node is a day fast', async () => {
    await preview('pr-over-2', now() - HOUR);
    const folder = mkdtempSync(join(tmpdir(), 'greenroom-cleaner-'));
    try {
      writeFileSync(join(folder, 'date'), `#!/bin/sh\necho ${now() + 24 * HOUR}\n`, { mode: 0o755 });
      const [program = '', ...args] = job.command;
      const path = `${folder}:${dirname(await judge('kubectl'))}:${process.env['PATH']}`;
      const env = { PATH: path, KUBECONFIG: scheduled.kubeconfig, HOME: folder };
      const { code, stderr } = await tryRun(program, args, { env });
      // The run fails, which doctor sees, and has done what was due.
      expect([code, stderr]).toEqual([1, expect.stringContaining('only delete previews that had expired')]);
    } finally {
      rmSync(folder, { recursive: true });
    }
    await eventually(async () => (await cluster.tryKubectl(['get', 'namespace', 'pr-over-2'])).code !== 0, {
      what: 'the expired preview to be gone',
    });
    expect(await cluster.kubectl(['get', 'namespace', 'pr-live-1', '--output=jsonpath={.status.phase}'])).toBe(
      'Active',
    );
  });

  it('with an old token ends only what had expired when that run was due', async () => {
    const old = await inPod(podAt(now() - 2 * HOUR));
    await preview('pr-over-3', now() - 3 * HOUR);
    expect(await remove(old, 'pr-over-3')).toMatchObject({ code: 0 });
    await preview('pr-over-4', now() - HOUR);
    expect((await remove(old, 'pr-over-4')).stderr).toContain('only delete previews that had expired');
  });

  it.each<[string, () => Promise<Kubectl>]>([
    ['without a pod', () => cluster.asServiceAccount(HOME, ACCOUNT)],
    ['in a pod of another name', () => inPod('debug')],
    ['in a pod whose name tells no time', () => inPod(`${ACCOUNT}-by-hand-x7k2p`)],
    ['in a pod with more behind the time', () => inPod(`${ACCOUNT}-99999999-99-x7k2p`)],
  ])('ends nothing %s', async (_, who) => {
    const { code, stderr } = await remove(await who(), await preview('pr-over-5', now() - HOUR));
    expect([code, stderr]).toEqual([1, expect.stringContaining('only in a scheduled run')]);
  });

  it.each([
    ['no time', 'soon'],
    ['an empty one', ''],
    ['more digits than a time has', '9'.repeat(20)],
  ])('leaves a preview alone whose end is %s', async (_, expires) => {
    await preview('pr-odd-1', expires);
    expect((await remove(scheduled, 'pr-odd-1')).stderr).toContain('only delete previews that had expired');
  });

  it('ends nothing else, and others are not held to its clock', async () => {
    await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } });
    expect((await remove(scheduled, 'team-a')).stderr).toContain('only delete namespaces of previews');
    expect(await remove(cluster, 'pr-live-1')).toMatchObject({ code: 0 });
  });
});

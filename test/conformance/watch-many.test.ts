import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { createCompiler } from '../../lib/compile/compile.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { reconcilerNamespace } from '../../lib/reconcilers/index.ts';
import { parseCall } from '../../lib/status/call.ts';
import { compileInput } from '../support/inputs.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { configuration } from './generated/configurations.ts';
import { startKwok } from './kwok.ts';
import { installPreviews, watcherOf } from './watching.ts';

const COUNT = 200;
const SECRET = 'the-secret-of-the-cluster-main';
const WATCHER = 'system:serviceaccount:greenroom-watch:greenroom-watch';
const chosen = configuration({ status: { watch: true, probe: false } });

/** What the reporter reads, and what it needs to be allowed to. */
const NEEDED = new Set(['Namespace', 'RoleBinding', 'ServiceAccount', 'Deployment', 'Ingress']);

// `greenroom watch` as its own process, against a real API server whose audit log counts its requests.
describe(`greenroom watch with ${COUNT} previews`, () => {
  let cluster: Cluster;
  let serve: Server;
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-many-'));
  const audit = join(folder, 'audit.log');
  /** Latest condition by preview. */
  const told = new Map<string, string>();
  let calls = 0;

  const requests = () =>
    readFileSync(audit, 'utf8')
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '').length;
  const ready = () => [...told.values()].filter((condition) => condition === 'ready').length;
  const memory = (field: 'VmHWM' | 'VmRSS') => {
    const status = readFileSync(`/proc/${cluster.processes.pids.get('watch')}/status`, 'utf8');
    return Math.round(Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)![1]) / 1024);
  };

  beforeAll(async () => {
    const policy = join(folder, 'audit.yaml');
    const counted = { level: 'Metadata', users: [WATCHER], omitStages: ['ResponseStarted', 'ResponseComplete'] };
    const rules = [counted, { level: 'None' }];
    writeFileSync(policy, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules }));
    const fast = ['--kube-api-qps=300', '--kube-api-burst=600'];
    cluster = await startCluster({
      controllerManager: true,
      apiServerArgs: [`--audit-policy-file=${policy}`, `--audit-log-path=${audit}`, '--audit-log-mode=blocking'],
      controllerManagerArgs: [...fast, '--concurrent-deployment-syncs=20', '--concurrent-replicaset-syncs=20'],
    });
    await startKwok(cluster);
    await installPreviews(cluster, chosen);
    await createPreviews(cluster);
    serve = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const call = parseCall(JSON.parse(Buffer.concat(chunks).toString('utf8')))!;
      told.set(call.preview, call.observation.condition);
      calls += 1;
      response.writeHead(202).end();
    });
    await new Promise<void>((resolve) => serve.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    serve?.close();
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('costs this much memory and this many requests', async () => {
    const { tokenFile } = await watcherOf(cluster);
    const started = performance.now();
    cluster.processes.start(
      'watch',
      process.execPath,
      [
        ...[
          inject('command'),
          'watch',
          '--cluster=main',
          `--to=http://127.0.0.1:${(serve.address() as AddressInfo).port}/status`,
        ],
        ...[`--server=${cluster.server}`, `--token-file=${tokenFile}`],
        `--ca-file=${join(cluster.folder, 'certificates', 'apiserver.crt')}`,
      ],
      { GREENROOM_STATUS_SECRET: SECRET },
    );
    await eventually(
      () => {
        cluster.processes.check('watch');
        return told.size === COUNT && ready() === COUNT;
      },
      { what: `${COUNT} previews to be told`, timeoutMs: 180_000 },
    );
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    // What follows the start is a part of it.
    let atStart = requests();
    await eventually(
      async () => {
        await delay(5000);
        const before = atStart;
        atStart = requests();
        return atStart === before;
      },
      { what: 'the start to be over', timeoutMs: 120_000 },
    );
    const callsAtStart = calls;

    await delay(20_000);
    const idle = requests() - atStart;

    const one = ['deployment/pr-shop-1', '--namespace=pr-shop-1'];
    await cluster.kubectl(['set', 'env', ...one, 'A=b']);
    await cluster.kubectl(['rollout', 'status', ...one, '--timeout=60s']);
    await delay(5000);
    const ofOne = requests() - atStart - idle;

    console.log(
      `watch: ${COUNT} previews told after ${seconds} s with ${callsAtStart} calls; ${atStart} requests at the start ` +
        `(${(atStart / COUNT).toFixed(1)} a preview), ${idle} in 20 s without a change, ${ofOne} for one rollout; ` +
        `memory ${memory('VmHWM')} MiB at the peak, ${memory('VmRSS')} MiB now`,
    );
    expect(atStart / COUNT).toBeLessThan(30);
    expect(idle).toBeLessThan(COUNT);
    expect(ofOne).toBeLessThan(100);
    expect(memory('VmHWM')).toBeLessThan(640);
  });
});

/** As they are when a reconciler has applied them and their addresses are set up. */
async function createPreviews(cluster: Cluster): Promise<void> {
  const compile = createCompiler({ platform: chosen.platform, now: systemClock() });
  const fence: string[] = [];
  const app: string[] = [];
  for (let number = 1; number <= COUNT; number++) {
    const identity = { repositoryId: 42, owner: 'acme', repository: 'shop', number };
    for (const [path, text] of compile(compileInput(undefined, { identity })).files) {
      if (!path.endsWith('.yaml')) continue;
      const object = parse(text);
      // The controller manager makes the account "default" by itself.
      const isThere = object.kind === 'ServiceAccount' && object.metadata.name === 'default';
      if (NEEDED.has(object.kind) && !isThere) (path.includes('/fence/') ? fence : app).push(JSON.stringify(object));
    }
  }
  const rank = (text: string) => (JSON.parse(text).kind === 'Namespace' ? 0 : 1);
  fence.sort((a, b) => rank(a) - rank(b));
  const fencer = `system:serviceaccount:${reconcilerNamespace(chosen.platform)}:preview-fencer`;
  await cluster.kubectl(['create', '--filename=-', `--as=${fencer}`], fence.join('\n---\n'));
  await cluster.kubectl(['create', '--filename=-'], app.join('\n---\n'));
  await eventually(
    async () => {
      const of = '--output=jsonpath={.items[*].status.readyReplicas}';
      const ready = (await cluster.kubectl(['get', 'deployments', '--all-namespaces', of])).split(' ');
      if (ready.length !== COUNT) throw new Error(`${ready.length} are ready`);
      return true;
    },
    { what: 'all apps to be ready', timeoutMs: 180_000, everyMs: 1000 },
  );
}

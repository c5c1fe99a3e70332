import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import type { StatusCall } from '../../lib/status/call.ts';
import { tempFolder } from '../support/git.ts';
import { FakeApiServer } from '../watch/api-server.ts';

// The reporter as a process, and an API server that holds 200 previews.

const COUNT = 200;
const HEAD = 'a'.repeat(40);
const SECRET = 'the-secret-of-the-cluster-main';
const WAIT = { timeout: 90_000, interval: 100 };
const nameOf = (number: number) => `pr-shop-${number}`;

function put(server: FakeApiServer, number: number, ready: boolean): void {
  const name = nameOf(number);
  const annotations = { 'greenroom.dev/commit': HEAD, 'greenroom.dev/repository': 'acme/shop' };
  const labels = {
    'greenroom.dev/preview': name,
    'greenroom.dev/pull-request': `${number}`,
    'greenroom.dev/repository-id': '101',
  };
  const of = (kind: string, owner: string) => ({ ownerReferences: [{ kind, name: owner }] });
  server.put('/api/v1/namespaces', { metadata: { name, labels, annotations } });
  server.put(`/apis/apps/v1/namespaces/${name}/deployments`, {
    metadata: { name, generation: 1, annotations },
    spec: { replicas: 1 },
    status: { observedGeneration: 1 },
  });
  server.put(`/apis/apps/v1/namespaces/${name}/replicasets`, {
    metadata: { name: 'rs', annotations, ...of('Deployment', name) },
  });
  server.put(`/api/v1/namespaces/${name}/pods`, {
    metadata: { name: 'pod', ...of('ReplicaSet', 'rs') },
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  });
}

/** Stands in for `serve`: what was told last of each preview. */
async function listen() {
  const told = new Map<string, StatusCall>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call = JSON.parse(Buffer.concat(chunks).toString()) as StatusCall;
    const known = told.get(call.preview);
    if (known === undefined || known.observation.at <= call.observation.at) told.set(call.preview, call);
    response.writeHead(202).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const states = () => new Map([...told].map(([name, { observation }]) => [name, observation.condition]));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/status`,
    states,
    forget: () => told.clear(),
  };
}

async function world() {
  const api = await FakeApiServer.start();
  onTestFinished(() => api.stop());
  for (let number = 1; number <= COUNT; number++) put(api, number, true);
  const { url, ...serve } = await listen();
  const tokenFile = join(tempFolder(), 'token');
  writeFileSync(tokenFile, 'the-token');
  const watch = (): ChildProcess => {
    const args = ['watch', '--cluster', 'main', '--to', url, '--server', api.url, '--token-file', tokenFile];
    const env = { ...process.env, GREENROOM_STATUS_SECRET: SECRET };
    const child = spawn(process.execPath, [inject('command'), ...args], { env, stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    return child;
  };
  const all = (condition: string) =>
    expect.poll(() => [...serve.states().values()].filter((one) => one === condition).length, WAIT).toBe(COUNT);
  return { api, watch, all, ...serve };
}

/** Memory of a process that is not shared, in MB. */
function memoryOf(child: ChildProcess): number {
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}

test('what it costs to watch 200 previews', { timeout: 180_000 }, async () => {
  const { api, watch, all, states } = await world();
  const child = watch();
  await all('ready');
  await expect.poll(() => api.open, WAIT).toBe(1 + 3 * COUNT);
  const [atStart, memory] = [api.requests.length, memoryOf(child)];
  put(api, 7, false);
  await expect.poll(() => states().get(nameOf(7)), WAIT).not.toBe('ready');
  const change = api.requests.length - atStart;
  console.log(
    `watch, ${COUNT} previews: ${memory} MB, ${atStart} requests to begin with, ${change} for a change of one`,
  );
  expect(memory).toBeLessThan(200);
  // A list and a stream of each kind that is followed, the namespaces, and one look at all kinds of each preview.
  expect(atStart).toBeLessThan(COUNT * 25);
  expect(change).toBeLessThan(30);
});

test('killed at any moment, two at once, changes that nobody was told of: it ends in what is so', {
  timeout: 180_000,
}, async () => {
  const { api, watch, all, states, forget } = await world();
  const [first, second] = [watch(), watch()];
  await expect.poll(() => states().size, WAIT).toBeGreaterThan(20);
  first.kill('SIGKILL');
  await all('ready');
  second.kill('SIGKILL');
  await new Promise((resolve) => second.once('exit', resolve));
  // Nobody looks now.
  for (let number = 1; number <= COUNT; number += 2) put(api, number, false);
  forget();
  watch();
  const expected = (name: string) => (Number(name.split('-')[2]) % 2 === 1 ? 'starting' : 'ready');
  await expect
    .poll(() => [...states()].filter(([name, condition]) => condition === expected(name)).length, WAIT)
    .toBe(COUNT);
});

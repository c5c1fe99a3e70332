import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { FakeApp } from '../support/fake-github/app.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { commitFiles, filesOf } from '../support/git.ts';
import { previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { crdFiles } from './crds.ts';
import { eventually } from './eventually.ts';
import { type Flux, startFlux, startNotifications } from './flux.ts';
import { configuration, laidDown } from './generated/configurations.ts';

// Flux's own controllers with what `init` lays down, and GitHub's fake on the loopback: which commit statuses they write in
// the apps repo, and what `sync` makes of them, where nobody runs `serve`.

const GitHubWorld = overGitHub(World);
const now = () => Math.floor(Date.now() / 1000);

let cluster: Cluster;
let flux: Flux;
let world: InstanceType<typeof GitHubWorld>;
let gateway: Server;
let readme: string;

/** A GitHub Enterprise Server answers below `/api/v3`, and Flux takes every other host than github.com for one. */
async function enterprise(): Promise<Server> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { url } = await world.github();
    const { authorization = '', 'content-type': type = 'application/json' } = request.headers;
    const answer = await fetch(`${url}${(request.url ?? '').replace(/^\/api\/v3/, '')}`, {
      method: request.method!,
      headers: { authorization, 'content-type': type },
      ...(request.method === 'POST' && { body: chunks.length > 0 ? Buffer.concat(chunks) : '{}' }),
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Every status that Flux wrote. */
const written = async () =>
  (await world.github()).statuses
    .filter(({ repository }) => repository === 'acme/previews')
    .map(({ head_sha, context, state, description }) => ({
      oid: head_sha,
      context: String(context),
      state,
      description,
    }));

const hasWritten = async () => {
  if ((await written()).length > 0) return true;
  const log = readFileSync(cluster.processes.logFile('notification-controller'), 'utf8').split('\n');
  throw new Error(log.findLast((line) => line.includes('"level":"error"')) ?? 'nothing failed');
};

const publish = async (): Promise<string> => {
  const head = world.head()!;
  const files = Object.entries(filesOf(world.appsRepo, head)).map(([path, text]) => [path, String(text)] as const);
  await flux.publish(new Map(files), head);
  return head;
};

const isApplied = (name: string, commit: string) => async () => {
  const found = JSON.parse(
    await cluster.kubectl(['get', 'kustomization', name, '--namespace=flux-system', '--output=json']),
  );
  const { lastAppliedRevision = '', conditions = [] } = found.status ?? {};
  if (lastAppliedRevision.endsWith(commit)) return true;
  throw new Error(JSON.stringify(conditions));
};

const bind = (name: string, account: string) =>
  cluster.apply(
    JSON.stringify({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: 'flux-system' }],
    }),
  );

const sync = (number: number) => world.with((context) => syncPullRequest(context, { path: 'acme/shop' }, number));

beforeAll(async () => {
  gateway = await enterprise();
  const address = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  const chosen = configuration({
    reconciler: 'flux',
    policies: { engines: ['kyverno'] },
    appsRepo: { url: `${address}/acme/previews.git` },
    status: { probe: false, commitStatuses: { appId: 4242, installationId: 71, api: address } },
  });
  world = new GitHubWorld(chosen.platformText);
  world.now = now();
  const fake = await world.github();
  fake.app = new FakeApp(['acme']);
  fake.app.now = world.now;
  world.push('shop', { 'preview.yaml': previewText() }, world.now);
  for (const number of [7, 8]) {
    world.pull('shop', number, { createdAt: world.now });
    await sync(number);
  }

  cluster = await startCluster();
  const events = await (async () => {
    for (const source of ['flux', 'flux-notification'] as const) {
      for (const file of await crdFiles(source)) await cluster.apply(readFileSync(file, 'utf8'));
    }
    return startNotifications(cluster);
  })();
  flux = await startFlux(cluster, { events });
  const files = laidDown(chosen);
  readme = files.get('README.md')!;
  const pem = join(cluster.folder, 'app.pem');
  writeFileSync(pem, fake.app.privateKey);
  const [, command = ''] = /kubectl (create secret generic greenroom-github .*)/.exec(readme)!;
  await cluster.kubectl(command.replace('app.pem', pem).split(' '));
  const laid = [...files].filter(([path]) => /\/(alert|provider|gitrepository)\.[^/]*$/.test(path));
  expect(laid.map(([, text]) => parse(text).kind).sort()).toEqual([
    'Alert',
    'GitRepository',
    'GitRepository',
    'Provider',
  ]);
  const kustomizations = Object.entries(filesOf(world.appsRepo, world.head()!)).filter(([path]) =>
    /\/flux\//.test(path),
  );
  const service = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'preview-fencer', namespace: 'flux-system' },
  };
  await cluster.apply(JSON.stringify(service));
  await bind('fencer', 'preview-fencer');
  await bind('eight', 'pr-shop-8');
  // What a fence binds its account to is of the rest of the bootstrap, which is not needed here.
  for (const text of [...laid, ...kustomizations].map(([, text]) => String(text))) {
    await eventually(async () => cluster.apply(text).then(() => true), {
      what: 'definitions to be served',
      timeoutMs: 30_000,
    });
  }
});
afterAll(async () => {
  gateway?.close();
  await flux?.stop();
  await cluster?.stop();
});

describe('where nobody runs serve, Flux writes a commit status', () => {
  let first: string;

  it('when it cannot apply a preview, and none for one that it applied', async () => {
    first = await publish();
    await eventually(isApplied('pr-shop-8', first), { what: 'pr-shop-8 to be applied', timeoutMs: 60_000 });
    await eventually(hasWritten, { what: 'a status', timeoutMs: 60_000 });
    const all = await written();
    const name = expect.stringMatching(/^greenroom\/pr-shop-7 \d{4}-\d\d-\d\dT\d\d:[03]0$/);
    for (const one of all) {
      expect(one).toEqual({ oid: first, context: name, state: 'failure', description: 'reconciliation failed' });
    }
    world.now = now();
    const [bad, good] = [await sync(7), await sync(8)];
    expect(bad.status).toMatchObject({ state: 'not-working', reason: 'not-applied', turn: 'platform' });
    expect(world.comment('shop', 7)).toContain('### Preview: not working - it could not be put in place');
    expect(good.status).toMatchObject({ state: 'committed' });
  });

  it('once for each half hour, however often it tries', async () => {
    const log = cluster.processes.logFile('kustomize-controller');
    const tries = async () => readFileSync(log, 'utf8').split('Reconciliation failed').length;
    const before = await tries();
    await cluster.kubectl([
      ...['annotate', 'kustomization', 'pr-shop-7', '--namespace=flux-system', '--overwrite'],
      `reconcile.fluxcd.io/requestedAt=${Date.now()}`,
    ]);
    await eventually(async () => (await tries()) > before, { what: 'another try', timeoutMs: 60_000 });
    const names = (await written()).map(({ context }) => context);
    expect(new Set(names).size).toBe(names.length);
  });

  it('and no more at a commit at which it works again: the comment takes it back', async () => {
    await bind('seven', 'pr-shop-7');
    commitFiles(world.appsRepo, { 'README.md': 'repaired' }, { time: now() });
    const repaired = await publish();
    for (const name of ['pr-shop-7', 'pr-shop-8']) {
      await eventually(isApplied(name, repaired), { what: `${name} to be applied`, timeoutMs: 90_000 });
    }
    expect((await written()).filter(({ oid }) => oid === repaired)).toEqual([]);
    world.now = now() + 11 * 60;
    expect((await sync(7)).status).toMatchObject({ state: 'starting', reason: 'not-repeated' });
    expect(world.comment('shop', 7)).toContain('An earlier problem was not reported again');
    expect((await sync(8)).status).toMatchObject({ state: 'committed' });
  });
});

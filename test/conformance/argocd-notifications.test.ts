import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseCall } from '../../lib/status/call.ts';
import { parseKept } from '../../lib/status/kept.ts';
import { configuration, laidDown } from './generated/configurations.ts';
import { judge } from './judges.ts';
import { run } from './run.ts';

// Argo CD's own program judges what `init` lays down: which conditions an Application meets, and what is sent then.

const FILE = 'bootstrap/install/notifications/configmap.argocd-notifications-cm.yaml';
const REVISION = 'a'.repeat(40);
const KUBECONFIG = `apiVersion: v1
kind: Config
clusters: [{ name: none, cluster: { server: "http://127.0.0.1:1" } }]
contexts: [{ name: none, context: { cluster: none, user: none, namespace: argocd } }]
users: [{ name: none, user: {} }]
current-context: none
`;

let folder: string;
let program: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'greenroom-notifications-'));
  program = join(folder, 'argocd');
  symlinkSync(await judge('argocd'), program);
  await once(github.listen(0, '127.0.0.1'), 'listening');
  const status = {
    url: 'https://greenroom.example.com/status',
    notify: true,
    commitStatuses: { appId: 1, installationId: 2, api: `http://127.0.0.1:${(github.address() as AddressInfo).port}/` },
  };
  writeFileSync(join(folder, 'cm.yaml'), laidDown(configuration({ status })).get(FILE)!);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ type: 'pkcs1', format: 'pem' });
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'argocd-notifications-secret', namespace: 'argocd' },
  };
  writeFileSync(
    join(folder, 'secret.yaml'),
    JSON.stringify({ ...secret, stringData: { 'greenroom-github-key': key } }),
  );
  writeFileSync(join(folder, 'kubeconfig'), KUBECONFIG);
});
afterAll(() => {
  github.close();
  rmSync(folder, { recursive: true, force: true });
});

/** GitHub's part: a token for the App, and the statuses that were written, by path. */
const written: { readonly path: string; readonly body: Record<string, string> }[] = [];
const github = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const path = request.url ?? '';
  const isToken = path.endsWith('/access_tokens');
  if (!isToken) written.push({ path, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) });
  response.writeHead(201, { 'content-type': 'application/json' });
  response.end(JSON.stringify(isToken ? { token: 'x', expires_at: '2099-01-01T00:00:00Z' } : {}));
});

interface Seen {
  readonly sync?: string;
  readonly health?: string;
  readonly phase?: string;
  readonly message?: string;
  readonly project?: string;
  /** Commit of the last sync. */
  readonly synced?: string;
}

function notifications(seen: Seen, ...args: string[]): Promise<string> {
  const { sync, health, phase, message, project = 'previews', synced } = seen;
  const status = {
    ...(sync && { sync: { status: sync, revision: REVISION } }),
    ...(health && { health: { status: health, lastTransitionTime: '2026-11-30T10:00:00Z' } }),
    ...(phase && {
      operationState: {
        ...{ phase, message, finishedAt: '2026-11-30T10:00:00Z' },
        ...(synced && { syncResult: { revision: synced } }),
      },
    }),
  };
  const application = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'pr-shop-7', namespace: 'argocd', labels: { 'greenroom.dev/preview': 'pr-shop-7' } },
    spec: {
      project,
      source: { repoURL: 'https://github.com/acme/previews.git', path: 'previews/main/shop/pr-shop-7/app' },
    },
    status,
  };
  writeFileSync(join(folder, 'app.yaml'), JSON.stringify(application));
  const files = ['--config-map', join(folder, 'cm.yaml'), '--secret', join(folder, 'secret.yaml')];
  return run(program, ['admin', 'notifications', ...args, join(folder, 'app.yaml'), ...files], {
    env: { KUBECONFIG: join(folder, 'kubeconfig'), HOME: folder },
  });
}

const IN_ORDER = ['ready', 'starting', 'unhealthy', 'not-applied'];

/** What is told of an Application. */
async function told(seen: Seen, trigger = 'greenroom-status'): Promise<string[]> {
  const lines = (await notifications(seen, 'trigger', 'run', trigger)).trim().split('\n');
  const results = lines.filter((line) => line.startsWith('app.')).map((line) => /(true|false)$/.exec(line.trim())?.[1]);
  expect(results).toHaveLength(IN_ORDER.length);
  return IN_ORDER.filter((_, i) => results[i] === 'true');
}

describe('of an Application', () => {
  it.each<[Seen, string[]]>([
    [{}, []],
    [{ health: 'Healthy' }, []],
    [{ sync: 'Synced', health: 'Healthy', phase: 'Succeeded' }, ['ready']],
    [{ sync: 'Synced', health: 'Progressing', phase: 'Succeeded' }, ['starting']],
    [{ sync: 'OutOfSync', health: 'Healthy', phase: 'Running' }, ['starting']],
    [{ sync: 'Synced', health: 'Degraded', phase: 'Succeeded' }, ['unhealthy']],
    [{ sync: 'OutOfSync', health: 'Healthy', phase: 'Failed' }, ['not-applied']],
    [{ sync: 'OutOfSync', health: 'Missing', phase: 'Error' }, ['not-applied']],
    [{ sync: 'Unknown', health: 'Healthy', phase: 'Succeeded' }, []],
    [{ sync: 'OutOfSync', phase: 'Failed', project: 'preview-fences' }, ['not-applied']],
    [{ sync: 'Synced', health: 'Healthy', project: 'preview-fences' }, []],
    [{ sync: 'Synced', health: 'Healthy', project: 'somebody-elses' }, []],
  ])('%j: %j', async (seen, expected) => {
    expect(await told(seen)).toEqual(expected);
    expect(await told(seen, 'greenroom-commit-status')).toEqual(expected);
  });
});

describe('what is sent', () => {
  it.each(IN_ORDER)('%s is a call that serve takes', async (name) => {
    const message = `no "way"\n# out \\ @everyone ${'x'.repeat(2000)}`;
    const seen = { sync: 'OutOfSync', phase: 'Failed', message };
    const printed = await notifications(seen, 'template', 'notify', `greenroom-${name}`);
    const { body, method } = parse(printed).webhook.greenroom;
    expect(method).toBe('POST');
    const call = parseCall(JSON.parse(body));
    expect(call).toMatchObject({ cluster: 'main', preview: 'pr-shop-7', revision: REVISION });
    if (name === 'not-applied') expect(call!.observation.words).toMatch(/^no "way" # out/);
  });
});

describe('a commit status', () => {
  const SYNCED = 'b'.repeat(40);

  it.each<[string, Seen, object]>([
    ['ready', { sync: 'Synced', health: 'Healthy', phase: 'Succeeded', synced: SYNCED }, { condition: 'ready' }],
    [
      'starting',
      { sync: 'OutOfSync', phase: 'Running', synced: SYNCED },
      { condition: 'starting', reason: 'applying' },
    ],
    [
      'unhealthy',
      { sync: 'Synced', health: 'Degraded', phase: 'Succeeded', synced: SYNCED },
      { condition: 'not-working', reason: 'unhealthy' },
    ],
    [
      'not-applied',
      { sync: 'OutOfSync', phase: 'Failed', message: '[reconciler ready 1] @everyone', synced: SYNCED },
      { condition: 'not-working', reason: 'not-applied' },
    ],
  ])('%s is written on the commit that it is about, as sync reads it', async (name, seen, expected) => {
    written.length = 0;
    await notifications(seen, 'template', 'notify', `greenroom-${name}`, '--recipient', 'greenroom-github');
    expect(written).toHaveLength(1);
    const [{ path, body }] = written as [(typeof written)[0]];
    // A preview may have been synced long ago: the latest commits are read, and the compared one is among them.
    const commit = name === 'not-applied' ? SYNCED : REVISION;
    expect(path).toMatch(new RegExp(`/repos/acme/previews/statuses/${commit}$`));
    expect(body).toMatchObject({ context: 'greenroom/pr-shop-7', target_url: 'https://github.com/acme/previews' });
    expect(body['description']).not.toContain('@everyone');
    const now = Math.floor(Date.now() / 1000);
    expect(parseKept(body['description']!, commit, now)?.seen).toMatchObject({ source: 'reconciler', ...expected });
  });

  it('of a sync that did not begin is on the commit that was compared', async () => {
    written.length = 0;
    const seen = { sync: 'OutOfSync', phase: 'Error' };
    await notifications(seen, 'template', 'notify', 'greenroom-not-applied', '--recipient', 'greenroom-github');
    expect(written.map(({ path }) => path.slice(-40))).toEqual([REVISION]);
  });

  it('is not written again for a commit of the apps repo that changes other previews', async () => {
    const oncePer = (text: string) => [...text.matchAll(/oncePer: "(.*)"/g)].map(([, key]) => key);
    const { data } = parse(readFileSync(join(folder, 'cm.yaml'), 'utf8'));
    expect(oncePer(data['trigger.greenroom-commit-status']).join()).not.toMatch(/sync\?\.revision/);
    expect(oncePer(data['trigger.greenroom-commit-status'])).toHaveLength(IN_ORDER.length);
  });
});

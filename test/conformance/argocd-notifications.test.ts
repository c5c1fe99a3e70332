import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseCall } from '../../lib/status/call.ts';
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
  const status = { url: 'https://greenroom.example.com/status', notify: true };
  writeFileSync(join(folder, 'cm.yaml'), laidDown(configuration({ status })).get(FILE)!);
  writeFileSync(join(folder, 'kubeconfig'), KUBECONFIG);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Seen {
  readonly sync?: string;
  readonly health?: string;
  readonly phase?: string;
  readonly message?: string;
  readonly project?: string;
}

function notifications(seen: Seen, ...args: string[]): Promise<string> {
  const { sync, health, phase, message, project = 'previews' } = seen;
  const status = {
    ...(sync && { sync: { status: sync, revision: REVISION } }),
    ...(health && { health: { status: health, lastTransitionTime: '2026-11-30T10:00:00Z' } }),
    ...(phase && { operationState: { phase, message, finishedAt: '2026-11-30T10:00:00Z' } }),
  };
  const application = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'pr-shop-7', namespace: 'argocd', labels: { 'greenroom.dev/preview': 'pr-shop-7' } },
    spec: { project, source: { path: 'previews/main/shop/pr-shop-7/app' } },
    status,
  };
  writeFileSync(join(folder, 'app.yaml'), JSON.stringify(application));
  const files = ['--config-map', join(folder, 'cm.yaml'), '--secret', ':empty'];
  return run(program, ['admin', 'notifications', ...args, join(folder, 'app.yaml'), ...files], {
    env: { KUBECONFIG: join(folder, 'kubeconfig'), HOME: folder },
  });
}

const IN_ORDER = ['ready', 'starting', 'unhealthy', 'not-applied'];

/** What is told of an Application. */
async function told(seen: Seen): Promise<string[]> {
  const lines = (await notifications(seen, 'trigger', 'run', 'greenroom-status')).trim().split('\n');
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

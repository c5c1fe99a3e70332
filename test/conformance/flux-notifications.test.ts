import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { systemClock } from '../../lib/core/clock.ts';
import type { LogEntry } from '../../lib/serve/journal.ts';
import type { Service } from '../../lib/serve/service.ts';
import { parseSecrets } from '../../lib/serve/status-call.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { loggedService } from '../serve/logged.ts';
import { previewText } from '../support/inputs.ts';
import { MemoryForge } from '../support/memory/forge.ts';
import { MemoryGit } from '../support/memory/git.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { crdFiles } from './crds.ts';
import { eventually } from './eventually.ts';
import { startNotifications } from './flux.ts';
import { configuration, laidDown } from './generated/configurations.ts';
import { freePorts } from './processes.ts';

// Flux's own notification-controller, configured with what `init` laid down, and told of events in the words of
// kustomize-controller: what it sends to `serve` is in the comment.

const SHOP = { path: 'acme/shop' };
const SECRET = 'the-secret-of-the-cluster-main';
const log: LogEntry[] = [];
const forge = new MemoryForge();
const repo = new MemoryGit().open(systemClock);
let cluster: Cluster;
let service: Service;
let events: string;

const comment = () => forge.comment(SHOP, 7) ?? '';
const says = (words: string) =>
  eventually(
    () => {
      if (comment().includes(words)) return true;
      throw new Error(`it says ${comment().slice(0, 500)}; ${JSON.stringify(log.slice(-4))}`);
    },
    { what: `the comment to say ${words}`, timeoutMs: 30_000 },
  );

/** As kustomize-controller records it. */
async function record(name: string, severity: 'info' | 'error', reason: string, message: string): Promise<void> {
  const { head } = await repo.read([]);
  const group = 'kustomize.toolkit.fluxcd.io';
  const response = await fetch(events, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      involvedObject: { kind: 'Kustomization', apiVersion: `${group}/v1`, namespace: 'flux-system', name },
      ...{
        severity,
        reason,
        message,
        timestamp: new Date().toISOString(),
        reportingController: 'kustomize-controller',
      },
      metadata: { [`${group}/revision`]: `main@sha1:${head}` },
    }),
  });
  expect(response.status).toBe(202);
}

beforeAll(async () => {
  cluster = await startCluster();
  const [port] = (await freePorts(1)) as [number];
  const { platform, platformText } = configuration({
    reconciler: 'flux',
    policies: { engines: ['kyverno'] },
    status: { url: `http://127.0.0.1:${port}/status`, notify: true, probe: false },
  });
  const opened = systemClock() - 60;
  const sha = forge.repository('acme', 'shop', { 'preview.yaml': previewText() }, opened);
  const at = new Date(opened * 1000).toISOString();
  forge.pull('acme', 'shop', {
    ...{ number: 7, repositoryId: 101, head: { sha, ref: 'x', repositoryId: 101 }, createdAt: at, updatedAt: at },
  });
  await repo.commit({ expectedHead: null, change: new Map([['greenroom.yaml', platformText]]), message: 'x' });
  const context = { repo, forge, clock: systemClock };
  service = loggedService({
    port,
    withContext: (work) => work(context),
    log: (entry) => log.push(entry),
    statusSecrets: parseSecrets(`main=${SECRET}`)!,
  }).service;
  await service.start();
  await syncPullRequest(context, SHOP, 7);

  for (const source of ['flux', 'flux-notification'] as const) {
    for (const file of await crdFiles(source)) await cluster.apply(readFileSync(file, 'utf8'));
  }
  await cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'flux-system' } }));
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'greenroom-status', namespace: 'flux-system' } };
  await cluster.apply(JSON.stringify({ ...secret, stringData: { token: SECRET } }));
  const told = [...laidDown({ platform, platformText })].filter(([path]) => /\/(alert|provider)\.[^/]*$/.test(path));
  expect(told.map(([, text]) => parse(text).kind)).toEqual(['Alert', 'Provider']);
  const { files } = await repo.read(['previews/*/*/*/flux/*.yaml']);
  const objects = [...files.values(), ...told.map(([, text]) => text)];
  const served = (text: string) => async () => {
    await cluster.apply(text);
    return true;
  };
  for (const text of objects) await eventually(served(text), { what: 'definitions to be served', timeoutMs: 30_000 });

  events = await startNotifications(cluster);
});
afterAll(async () => {
  await service?.stop(5);
  await cluster?.stop();
});

describe('Flux tells serve', () => {
  it('why a preview could not be put in place, in its own words for engineers', async () => {
    expect(comment()).toContain('### Preview: on its way');
    await record('pr-shop-7-fence', 'error', 'ReconciliationFailed', 'Namespace/pr-shop-7 dry-run failed: quota');
    await says('not working - it could not be put in place');
    expect(comment()).toContain('dry-run failed: quota');
  });

  it('which rule refused an object of the maker, in its own sentence', async () => {
    const why = "ValidatingAdmissionPolicy 'team' with binding 'team' denied request: Add a label team.";
    await record('pr-shop-7', 'error', 'ReconciliationFailed', `Deployment/pr-shop-7/pr-shop-7 dry-run failed: ${why}`);
    await says('The platform refused it: Add a label team.');
  });

  it('that it was put in place, which is not that it answers', async () => {
    await record('pr-shop-7', 'info', 'ReconciliationSucceeded', 'Reconciliation finished in 40ms');
    await says('It was put in place; the link comes when it answers.');
    expect(comment()).not.toContain('### Preview: ready');
  });

  it('and every call of it was signed right', () => {
    const outcomes = log.filter(({ event }) => event === 'status').map(({ outcome }) => outcome);
    expect(new Set(outcomes)).toEqual(new Set(['queued']));
  });
});

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../lib/core/clock.ts';
import { LocalForge } from '../../../lib/forge/local.ts';
import { openGitAppsRepo } from '../../../lib/gitops/open.ts';
import type { Service } from '../../../lib/serve/service.ts';
import { parseSecrets } from '../../../lib/serve/status-call.ts';
import type { SyncContext } from '../../../lib/sync/plan/base.ts';
import { loggedService } from '../../serve/logged.ts';
import { eventually } from '../eventually.ts';
import { freePorts } from '../processes.ts';
import { Live, STATUS_SECRET } from './live.ts';

// The whole way of what Argo CD knows: its controllers, its notifications controller with what `init` laid down, `serve`,
// and the comment on the pull request. Nobody asks an address, and no reporter runs.

const NAME = 'pr-shop-7';
const log: string[] = [];
let live: Live;
let service: Service;

const comment = () => {
  const file = join(live.apps.path, 'acme/shop/pulls/7/comment.md');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
};
const says = (words: RegExp) =>
  eventually(
    () => {
      if (words.test(comment())) return true;
      throw new Error(`it says ${comment().slice(0, 700)}; ${log.slice(-5).join('; ')}`);
    },
    { what: `the comment to say ${words}`, timeoutMs: 60_000 },
  );

async function withContext<T>(work: (context: SyncContext) => Promise<T>): Promise<T> {
  const repo = await openGitAppsRepo(live.repo.bare, { clock: systemClock });
  const forge = new LocalForge(live.apps.path, systemClock);
  try {
    return await work({ repo, forge, clock: systemClock });
  } finally {
    await repo.close();
    await forge.close();
  }
}

async function patchStatus(kind: string, name: string, status: object): Promise<void> {
  const patch = `--patch=${JSON.stringify({ status })}`;
  const where = [`--namespace=${NAME}`, '--subresource=status', '--type=merge'];
  await live.cluster.kubectl(['patch', kind, name, ...where, patch]);
}

/** The part of kubelet and of the ingress controller, which there are none of here. */
async function comesUp(): Promise<true> {
  const pods = await live.get('pods', `--namespace=${NAME}`);
  expect(pods.items.length).toBeGreaterThan(0);
  const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  for (const { metadata } of pods.items) await patchStatus('pod', metadata.name, ready);
  await patchStatus('ingress', NAME, { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } });
  return true;
}

beforeAll(async () => {
  const [port] = (await freePorts(1)) as [number];
  const status = `status: { url: "http://127.0.0.1:${port}/status", notify: true, probe: false }`;
  live = await Live.start({ notifications: true, spec: () => status });
  service = loggedService({
    port,
    withContext,
    statusSecrets: parseSecrets(`main=${STATUS_SECRET}`)!,
    log: (entry) => void log.push(JSON.stringify(entry)),
  }).service;
  await service.start();
  await live.install();
});
afterAll(async () => {
  await service?.stop(5);
  await live?.stop();
});

describe('Argo CD Notifications tells serve', () => {
  it('that a preview is starting, and then that it is in place and healthy', async () => {
    live.apps.pull({ number: 7 });
    await live.sync(7);
    await live.refresh();
    await says(/### Preview: starting/);
    await live.untilRunning(NAME);
    await eventually(comesUp, { what: 'its pods', timeoutMs: 60_000 });
    const told = Date.now();
    await says(/### Preview: ready/);
    console.log(
      `Argo CD's word was in the comment ${Math.round((Date.now() - told) / 1000)} s after its pods were ready`,
    );
    expect(comment()).toContain('Open the preview');
  });

  it('of a push: not the earlier health, but that it starts, and then the new commit', async () => {
    const before = comment();
    live.apps.pull({ number: 7, spec: { env: { A: 'b' } } });
    await live.sync(7);
    await live.refresh(NAME);
    await says(/### Preview: (starting|ready with an older commit)/);
    expect(comment()).not.toBe(before);
    await live.untilRunning(NAME);
    await eventually(
      async () => {
        await comesUp();
        if (!/### Preview: ready(,| -)/.test(comment())) throw new Error(comment().slice(0, 300));
        return true;
      },
      { what: 'the new commit to be ready', timeoutMs: 60_000 },
    );
  });

  it('with a secret that serve does not know, nothing is believed', async () => {
    expect(log.filter((line) => line.includes('unsigned'))).toEqual([]);
    const call = { method: 'POST', body: '{}', headers: { authorization: 'Bearer another-secret-altogether' } };
    expect((await fetch(`http://127.0.0.1:${new URL(statusUrl()).port}/status`, call)).status).toBe(401);
  });
});

function statusUrl(): string {
  return JSON.parse(log.find((line) => line.includes('"listening"'))!).url;
}

import { afterEach, describe, expect, test } from 'vitest';
import { GreenroomError } from '../../lib/core/errors.ts';
import { MAX_BODY_BYTES } from '../../lib/serve/receiver.ts';
import type { Service, ServiceOptions } from '../../lib/serve/service.ts';
import type { SyncContext } from '../../lib/sync/plan/base.ts';
import { COMMIT_TIME } from '../support/git.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { MemoryForge } from '../support/memory/forge.ts';
import { MemoryGit } from '../support/memory/git.ts';
import { World } from '../support/world.ts';
import { deliver as deliverEvent, SECRET, sign } from './deliver.ts';
import { loggedService } from './logged.ts';

const OLD_SECRET = 'the-secret-that-was-before';

const running: Service[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.stop(5)));
});

async function start(options: Partial<ServiceOptions> = {}) {
  const forge = new MemoryForge();
  const store = new MemoryGit();
  const repo = store.open(() => COMMIT_TIME);
  const change = new Map([['greenroom.yaml', platformText()]]);
  await repo.commit({ expectedHead: null, change, message: 'greenroom.yaml' });
  const sha = forge.repository('acme', 'shop', { 'preview.yaml': previewText() });
  for (const number of [7, 8, 9]) {
    forge.pull('acme', 'shop', { number, repositoryId: 101, head: { sha, ref: 'x', repositoryId: 101 } });
  }
  const context: SyncContext = { repo, forge, clock: () => COMMIT_TIME + 60 };
  const { service, log } = loggedService({ withContext: (work) => work(context), ...options });
  running.push(service);
  const url = await service.start();
  const previews = async () => {
    const { files } = await repo.read(['previews/*/*/*/preview.json']);
    return [...files.keys()].map((path) => path.split('/')[3]);
  };
  const settled = (count: number) =>
    expect.poll(() => log.filter(({ event, state }) => event === 'sync' && state !== undefined).length).toBe(count);
  return { service, url, log, forge, context, previews, settled };
}

function payload(number = 7, name = 'shop'): string {
  const repository = { name, owner: { login: 'acme' } };
  return JSON.stringify({ action: 'opened', repository, pull_request: { number, title: 'a secret title' } });
}

function deliver(url: string, body = payload(), headers: Record<string, string> = {}): Promise<Response> {
  return deliverEvent(url, 'pull_request', body, headers);
}

describe('a delivery', () => {
  test('is answered at once and synced after', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const world = await start();
    const slow = await start({
      withContext: async (work) => {
        await held;
        return work(world.context);
      },
    });
    expect((await deliver(slow.url)).status).toBe(202);
    expect(await world.previews()).toEqual([]);
    release();
    await slow.settled(1);
    expect(await world.previews()).toEqual(['pr-shop-7']);
    expect(world.forge.comment({ path: 'acme/shop' }, 7)).toContain('[Its address]');
  });

  test('for a pull request that waits already joins it', async () => {
    const { url, log, previews, settled } = await start();
    const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await deliver(url)).status));
    expect(statuses).toEqual(Array(8).fill(202));
    await expect.poll(previews).toEqual(['pr-shop-7']);
    await expect.poll(() => log.filter(({ event }) => event === 'delivery').length).toBe(8);
    const joined = log.filter(({ outcome }) => outcome === 'joined').length;
    await settled(8 - joined);
  });

  test('of a comment does what it asks for, by what the forge says of it, and answers it', async () => {
    const shop = new World();
    shop.push('shop');
    shop.pull('shop', 7);
    await shop.allow('shop', 'mia', 'write');
    const world = await start({ withContext: (work) => shop.with(work) });
    await deliver(world.url);
    await world.settled(1);
    expect(shop.previews()).toEqual(['pr-shop-7']);

    const id = await shop.say('shop', 7, 'mia', '/preview stop');
    const repository = { name: 'shop', owner: { login: 'acme' } };
    const body = JSON.stringify({
      action: 'created',
      repository,
      issue: { number: 7, pull_request: {} },
      comment: { id, body: 'a lie', user: { login: 'nobody' } },
    });
    expect((await deliver(world.url, body, { 'x-github-event': 'issue_comment' })).status).toBe(202);
    await world.settled(2);
    expect([shop.previews(), shop.answerTo('shop', 7, id)]).toEqual([[], 'done']);
  });

  test('signed with the old secret is taken as long as that one is known', async () => {
    const body = payload();
    const old = { 'x-hub-signature-256': sign(body, OLD_SECRET) };
    const both = await start({ secrets: [SECRET, OLD_SECRET] });
    expect((await deliver(both.url, body, old)).status).toBe(202);
    expect((await deliver(both.url, body)).status).toBe(202);
    const one = await start();
    expect((await deliver(one.url, body, old)).status).toBe(401);
  });

  test.each([
    ['no signature', { 'x-hub-signature-256': '' }],
    ['the signature of another body', { 'x-hub-signature-256': sign('{}') }],
    ['a signature by another secret', { 'x-hub-signature-256': sign(payload(), 'guess') }],
  ])('with %s is refused, and nothing of it is believed or written down', async (_, headers) => {
    const { url, log, previews } = await start();
    expect(
      (await deliver(url, payload(), { ...headers, 'x-github-event': 'evil', 'x-github-delivery': 'evil' })).status,
    ).toBe(401);
    expect(await previews()).toEqual([]);
    expect(JSON.stringify(log)).not.toMatch(/evil|acme|secret/);
  });

  test('is found by the bytes as they came, whatever JSON makes of them', async () => {
    const { url } = await start();
    const body = payload().replaceAll(':', ' :  ');
    expect((await deliver(url, body)).status).toBe(202);
    expect((await deliver(url, body, { 'x-hub-signature-256': sign(payload()) })).status).toBe(401);
  });

  test.each([
    ['ping', '{"zen":"Keep it logically awesome."}'],
    ['push', payload()],
    ['pull_request', '{"action":"opened"}'],
    ['pull_request', '{"repository":'],
    ['issue_comment', JSON.stringify({ repository: { name: 'shop', owner: { login: 'acme' } }, issue: { number: 7 } })],
  ])('of %s %s is nothing to do', async (event, body) => {
    const { url, previews } = await start();
    const response = await deliver(url, body, { 'x-github-event': event });
    expect([response.status, await response.text()]).toEqual([204, '']);
    expect(await previews()).toEqual([]);
  });

  test('that comes as a form is told what to set, once it is known to be GitHub', async () => {
    const { url } = await start();
    const body = `payload=${encodeURIComponent(payload())}`;
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const response = await deliver(url, body, form);
    expect([response.status, await response.text()]).toEqual([
      415,
      'set the content type of the webhook to application/json\n',
    ]);
    expect((await deliver(url, body, { ...form, 'x-hub-signature-256': sign('') })).status).toBe(401);
  });

  test('of too many bytes is refused before it is read', async () => {
    const { url } = await start();
    const body = `{"x":"${'x'.repeat(MAX_BODY_BYTES)}"}`;
    const status = await deliver(url, body).then(
      (response) => response.status,
      () => 'connection closed',
    );
    expect([413, 'connection closed']).toContain(status);
    expect((await deliver(url)).status).toBe(202);
  });

  test('is refused when the queue is full, so that GitHub shows it', async () => {
    const never = new Promise<never>(() => {});
    const { url } = await start({ concurrency: 1, capacity: 1, withContext: () => never });
    const statuses: number[] = [];
    for (const number of [7, 8, 9]) statuses.push((await deliver(url, payload(number))).status);
    expect(statuses).toEqual([202, 202, 503]);
    running.splice(0);
  });

  test('of a push that brings proposals and changes by others begins a sweep, also when the queue is full', async () => {
    const { url, log } = await start({
      capacity: 0,
      sweepEvery: 600,
      appsRepo: { path: 'acme/previews', branch: 'main' },
    });
    const sweeps = () => log.filter(({ event, ms }) => event === 'sweep' && ms !== undefined).length;
    await expect.poll(sweeps).toBe(1);
    const message = 'add pr-shop-7\n\nPreview: pr-shop-7\nPull-Request: acme/shop#7\nChange: 1';
    const commits = [{ message }, { message: 'by hand', modified: ['greenroom.yaml'] }];
    const repository = { name: 'previews', owner: { login: 'acme' } };
    const body = JSON.stringify({ ref: 'refs/heads/main', repository, commits });
    expect((await deliver(url, body, { 'x-github-event': 'push' })).status).toBe(503);
    await expect.poll(sweeps).toBe(2);
  });

  test('whose sync gets no answer is tried again by itself, and not for ever', async () => {
    const world = await start();
    let failures = 0;
    const { url, log } = await start({
      retryAfter: 0.02,
      withContext: async (work) => {
        if (failures++ < 3) throw new GreenroomError('unreachable', 'status 502');
        return work(world.context);
      },
    });
    await deliver(url);
    await expect.poll(world.previews).toEqual(['pr-shop-7']);
    expect(log.filter(({ event }) => event === 'retry')).toHaveLength(3);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('greenroom_retries_total 3');
    const never = await start({
      retryAfter: 0.001,
      withContext: async () => {
        throw new GreenroomError('unreachable', 'status 502');
      },
    });
    await deliver(never.url);
    await expect.poll(() => never.log.at(-1)).toMatchObject({ event: 'retry', note: 'left to the next sweep' });
    expect(never.log.filter(({ event, code }) => event === 'sync' && code === 'unreachable')).toHaveLength(7);
  });

  test('for which a limit is used up comes back when that is over', async () => {
    const world = await start();
    let isOver = false;
    const { url, log } = await start({
      random: () => 0,
      withContext: async (work) => {
        if (isOver) return work(world.context);
        isOver = true;
        throw new GreenroomError('unreachable', 'the rate limit is used up', { until: Date.now() / 1000 });
      },
    });
    await deliver(url);
    await expect.poll(world.previews).toEqual(['pr-shop-7']);
    expect(log.filter(({ event }) => event === 'retry')).toHaveLength(1);
  });

  test('whose sync fails does not end the service, and the log says why', async () => {
    const { url, log, settled } = await start();
    await deliver(url, payload(7, 'nothing'));
    await settled(1);
    expect(log.at(-1)).toMatchObject({ event: 'sync', about: 'acme/nothing#7', state: 'unknown' });
    const broken = await start({
      withContext: async () => {
        throw new Error('out of order');
      },
    });
    await deliver(broken.url);
    await expect
      .poll(() => broken.log.at(-1))
      .toMatchObject({ level: 'error', code: 'fault', message: 'out of order' });
    expect((await deliver(broken.url)).status).toBe(202);
  });
});

describe('what can be asked', () => {
  test('whether it lives and takes work', async () => {
    const { url, service } = await start();
    for (const path of ['/healthz', '/readyz']) {
      expect(await (await fetch(url + path)).text()).toBe('ok\n');
    }
    await service.stop(1);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  test.each([
    ['GET', '/', 404],
    ['GET', '/webhook', 405],
    ['POST', '/metrics', 405],
    ['GET', '/../etc/passwd', 404],
  ])('%s %s is answered with %d', async (method, path, status) => {
    const { url } = await start();
    expect((await fetch(url + path, { method })).status).toBe(status);
  });

  test('how much there was to do, as OpenMetrics', async () => {
    const { url, settled } = await start({ sweepEvery: 600 });
    await deliver(url);
    await deliver(url, payload(), { 'x-hub-signature-256': 'sha256=0' });
    await settled(1);
    await expect
      .poll(async () => (await fetch(`${url}/metrics`)).text())
      .toContain('greenroom_sweeps_total{outcome="done"} 1');
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    const text = await response.text();
    expect(text.endsWith('# EOF\n')).toBe(true);
    expect(text).toContain('greenroom_deliveries_total{event="pull_request",outcome="queued"} 1');
    expect(text).toContain('greenroom_deliveries_total{event="other",outcome="unsigned"} 1');
    expect(text).toContain('greenroom_syncs_total{state="committed"} 1');
    expect(text).toMatch(/^greenroom_sync_duration_seconds_count 1$/m);
    expect(text).toMatch(/^greenroom_queue_waiting 0$/m);
    expect(text).not.toContain('acme');
  });
});

test('a limit that lets nothing through is shown, and deliveries are taken all the same', async () => {
  const { service, url } = await start();
  const until = Math.floor(Date.now() / 1000) + 3600;
  service.waits({ reason: 'closed', call: 'CommitFiles', seconds: 3600, until });
  const ready = await fetch(`${url}/readyz`);
  expect([ready.status, await ready.text()]).toEqual([
    200,
    expect.stringMatching(/^ok\nno requests to the forge until /),
  ]);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toContain(`greenroom_forge_closed_until_timestamp_seconds ${until}`);
  expect((await deliver(url)).status).toBe(202);
});

test('what a limit held back is told with how late it comes, until the next push', async () => {
  let now = COMMIT_TIME + 60;
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const world = await start();
  const { service, url, settled } = await start({
    clock: () => now,
    withContext: async (work) => {
      await opened;
      return work(world.context);
    },
  });
  await deliver(url);
  service.waits({ reason: 'limit', call: 'CommitFiles', seconds: 3600, until: now + 3600 });
  now += 3601;
  open();
  await settled(1);
  const comment = () => world.forge.comment({ path: 'acme/shop' }, 7) ?? '';
  expect(comment()).toContain('This report is 60 minutes late: a rate limit of the forge delayed it until ');
  await deliver(url);
  await settled(2);
  expect(comment()).toContain('This report is 60 minutes late');
  const sha = world.forge.repository('acme', 'shop', { 'preview.yaml': previewText('ttl: 3h') });
  world.forge.pull('acme', 'shop', { number: 7, repositoryId: 101, head: { sha, ref: 'x', repositoryId: 101 } });
  await deliver(url);
  await settled(3);
  expect(comment()).not.toContain('late:');
});

test('a wait for a limit of GitHub is logged and counted', async () => {
  const { service, url, log } = await start();
  service.waits({ reason: 'limit', call: 'GraphQL ReadPull', seconds: 90, until: COMMIT_TIME + 90 });
  service.waits({ reason: 'limit', call: 'GraphQL ReadTrees', seconds: 30, until: COMMIT_TIME + 90 });
  expect(log.at(-1)).toMatchObject({ level: 'warn', event: 'wait', call: 'GraphQL ReadTrees', seconds: 30 });
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toContain('greenroom_limit_waits_total{reason="limit"} 2');
  expect(text).toContain('greenroom_limit_wait_seconds_total{reason="limit"} 120');
});

describe('sweeps', () => {
  test('come at the start and from time to time, and make up for what was never delivered', async () => {
    const { previews, forge, log } = await start({ sweepEvery: 0.05 });
    await expect.poll(previews).toEqual(['pr-shop-7', 'pr-shop-8', 'pr-shop-9']);
    forge.pull('acme', 'shop', { number: 8, repositoryId: 101, state: 'closed' });
    await expect.poll(previews).toEqual(['pr-shop-7', 'pr-shop-9']);
    // A sweep is written down after its commit.
    await expect.poll(() => log.filter(({ event }) => event === 'sweep').length).toBeGreaterThan(1);
  });
});

describe('what is broken on the platform’s side', () => {
  const metric = async (url: string, name: string) =>
    (await (await fetch(`${url}/metrics`)).text()).split('\n').find((line) => line.startsWith(`${name} `));

  test('is calm for makers and an error, with its reason, for who runs it', async () => {
    const { url, log, forge, context } = await start({ sweepEvery: 600 });
    await expect.poll(() => log.some(({ event, previews }) => event === 'sweep' && previews !== undefined)).toBe(true);
    expect(await metric(url, 'greenroom_sweep_problems')).toBe('greenroom_sweep_problems 0');
    const { head } = await context.repo.read([]);
    const change = new Map([['greenroom.yaml', 'a: [']]);
    await context.repo.commit({ expectedHead: head, change, message: 'a slip' });
    const sha = forge.repository('acme', 'shop', { 'preview.yaml': previewText('ttl: 3h') });
    forge.pull('acme', 'shop', { number: 7, repositoryId: 101, head: { sha, ref: 'x', repositoryId: 101 } });
    await deliver(url);
    const errors = (event: string) => log.filter((entry) => entry.level === 'error' && entry.event === event);
    await expect.poll(() => errors('sync')).toMatchObject([{ about: 'acme/shop#7', code: 'invalid-input' }]);
    expect(errors('sync')[0]!['message']).toContain('greenroom.yaml:');
    expect(forge.comment({ path: 'acme/shop' }, 7)).toContain('Nothing for you to change');
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('greenroom_failures_total{code="invalid-input"} 1');
  });

  test('a failure of one preview’s own, such as a registry without an answer, is logged with its reason', async () => {
    const world = await start();
    const images = { resolve: async () => ({ status: 'unknown', reason: 'ghcr.io answered 500' }) as const };
    const change = new Map([['greenroom.yaml', platformText('evidence: { require: [digest] }')]]);
    const { head } = await world.context.repo.read([]);
    await world.context.repo.commit({ expectedHead: head, change, message: 'x' });
    const { url, log, settled } = await start({
      sweepEvery: 600,
      withContext: (work) => work({ ...world.context, images }),
    });
    await deliver(url);
    await settled(1);
    const reason = expect.stringContaining('ghcr.io answered 500');
    expect(log).toContainEqual(
      expect.objectContaining({
        level: 'error',
        event: 'sync',
        about: 'acme/shop#7',
        code: 'unreachable',
        message: reason,
      }),
    );
    await expect.poll(() => metric(url, 'greenroom_sweep_problems')).toBe('greenroom_sweep_problems 1');
    expect(log).toContainEqual(expect.objectContaining({ level: 'error', event: 'sweep', message: reason }));
  });
});

describe('stopping', () => {
  test('finishes what runs, starts nothing more and says what is left', async () => {
    const ends: (() => void)[] = [];
    const world = await start();
    const { service, url, log } = await start({
      concurrency: 1,
      withContext: async (work) => {
        await new Promise<void>((resolve) => void ends.push(resolve));
        return work(world.context);
      },
    });
    await deliver(url, payload(7));
    await deliver(url, payload(8));
    const stopped = service.stop(30);
    await expect(deliver(url, payload(9))).rejects.toThrow();
    ends[0]!();
    expect(await stopped).toBe(true);
    expect(ends).toHaveLength(1);
    expect(await world.previews()).toEqual(['pr-shop-7']);
    expect(log.at(-1)).toMatchObject({ event: 'stopped', running: 0, waiting: 1 });
  });

  test('does not wait longer than it is told to', async () => {
    const { service, url } = await start({ withContext: () => new Promise<never>(() => {}) });
    await deliver(url);
    expect(await service.stop(0.05)).toBe(false);
    running.splice(0);
  });
});

test('without a secret there is no service', () => {
  const withContext = async () => expect.unreachable();
  expect(() => loggedService({ withContext, secrets: [] })).toThrow();
  expect(() => loggedService({ withContext, secrets: [SECRET, ''] })).toThrow();
});

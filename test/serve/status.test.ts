import { afterEach, describe, expect, test } from 'vitest';
import type { Service, ServiceOptions } from '../../lib/serve/service.ts';
import { parseSecrets } from '../../lib/serve/status-call.ts';
import { SIGNATURE_HEADER, type StatusCall, signatureOf } from '../../lib/status/call.ts';
import { sender } from '../../lib/watch/send.ts';
import { COMMIT_TIME } from '../support/git.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { MemoryForge } from '../support/memory/forge.ts';
import { MemoryGit } from '../support/memory/git.ts';
import { deliver } from './deliver.ts';
import { loggedService } from './logged.ts';

const SHOP = { path: 'acme/shop' };
const MAIN = 'the-secret-of-the-cluster-main';
const OTHER = 'the-secret-of-another-cluster';
const now = () => COMMIT_TIME + 60;
const EVENT = { repository: { name: 'shop', owner: { login: 'acme' } }, pull_request: { number: 7 } };

const running: Service[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.stop(5)));
});

async function start(options: Partial<ServiceOptions> = {}) {
  const forge = new MemoryForge();
  const repo = new MemoryGit().open(() => COMMIT_TIME);
  await repo.commit({ expectedHead: null, change: new Map([['greenroom.yaml', platformText()]]), message: 'x' });
  const sha = forge.repository('acme', 'shop', { 'preview.yaml': previewText() });
  for (const number of [7, 8]) {
    forge.pull('acme', 'shop', { number, repositoryId: 101, head: { sha, ref: 'x', repositoryId: 101 } });
  }
  const { service, log } = loggedService({
    statusSecrets: parseSecrets(`main=${MAIN} other=${OTHER}`)!,
    clock: now,
    withContext: (work) => work({ repo, forge, clock: now }),
    ...options,
  });
  running.push(service);
  const url = `${await service.start()}/status`;
  const syncs = () => log.filter(({ event, state }) => event === 'sync' && state !== undefined).length;
  const post = (body: string, secret: string) =>
    fetch(url, { method: 'POST', body, headers: { [SIGNATURE_HEADER]: signatureOf(body, secret) } });
  const tell = async (call: StatusCall, secret = MAIN) => {
    const before = syncs();
    const { status } = await post(JSON.stringify(call), secret);
    if (status === 202) await expect.poll(syncs).toBe(before + 1);
    return status;
  };
  const call = (parts: Partial<StatusCall['observation']> = {}, more: Partial<StatusCall> = {}): StatusCall => ({
    cluster: 'main',
    preview: 'pr-shop-7',
    repositoryId: 101,
    repository: 'acme/shop',
    number: 7,
    sentAt: now(),
    observation: { source: 'cluster', headSha: sha, at: now(), condition: 'ready', ...parts },
    ...more,
  });
  const comment = () => forge.comment(SHOP, 7);
  // The first call finds no preview yet, and is the reason that there is one.
  await tell(call({ condition: 'starting' }, { preview: 'pr-none-1' }));
  return { url, post, tell, call, comment, log, sha, repo, forge };
}

describe('what a cluster sees', () => {
  test('is in the comment, and a reporter signs as it is asked', async () => {
    const { url, tell, call, comment } = await start();
    expect(comment()).toContain('### Preview: on its way');
    expect(await tell(call({ condition: 'starting', reason: 'pulling', at: now() - 9 }))).toBe(202);
    expect(comment()).toContain('### Preview: starting\nIt gets its image');
    await sender(url, MAIN)(call());
    await expect.poll(comment).toContain('### Preview: ready - [Open the preview]');
  });

  test('comes in any order, twice, or late, and ends in the same', async () => {
    const { tell, call, comment } = await start();
    const [early, late] = [call({ condition: 'not-working', reason: 'exits', at: now() - 9 }), call()];
    const answers = [];
    for (const one of [late, early, early, late, early]) answers.push(await tell(one));
    expect(answers).toEqual([202, 202, 204, 202, 202]);
    expect(comment()).toContain('### Preview: ready');
  });

  test('a message of any length and kind is one short line', async () => {
    const { tell, call, comment, post } = await start();
    const words = `@everyone [x](https://evil.example) <img src=x>\n# big ${'y'.repeat(50_000)}`;
    await tell(call({ condition: 'not-working', reason: 'refused', words }));
    expect(comment()!.length).toBeLessThan(6000);
    expect(comment()).toContain('The platform refused it: `@everyone`');
    expect(comment()).not.toMatch(/^# big/m);
    const huge = JSON.stringify(call({ words: 'y'.repeat(1_000_000) }));
    expect((await post(huge, MAIN)).status).toBe(413);
  });
});

const READY = /### Preview: ready(,| -)/;

/** What a reconciler knows: a preview, and the commit of the apps repo that it applied. */
async function applied() {
  const world = await start();
  const { head } = await world.repo.read([]);
  const recorded = (condition: string, more: object = {}, seen: object = {}) => ({
    ...{ cluster: 'main', preview: 'pr-shop-7', revision: head, sentAt: now() },
    observation: { source: 'reconciler', at: now(), condition, ...seen },
    ...more,
  });
  /** As Argo CD Notifications calls: it cannot sign. */
  const argo = (call: object, secret = MAIN) =>
    fetch(world.url, { method: 'POST', body: JSON.stringify(call), headers: { authorization: `Bearer ${secret}` } });
  /** As Flux's notification-controller calls. */
  const flux = (event: object, secret = MAIN) => {
    const body = JSON.stringify(event);
    return fetch(world.url, { method: 'POST', body, headers: { 'X-Signature': signatureOf(body, secret) } });
  };
  const event = (name: string, more: object = {}) => ({
    involvedObject: {
      kind: 'Kustomization',
      namespace: 'flux-system',
      name,
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    },
    ...{
      severity: 'info',
      timestamp: new Date(now() * 1000).toISOString(),
      message: 'Reconciliation finished in 40ms',
    },
    ...{ reason: 'ReconciliationSucceeded', reportingController: 'kustomize-controller' },
    metadata: { cluster: 'main', revision: `main@sha1:${head}` },
    ...more,
  });
  return { ...world, head: head!, recorded, argo, flux, event };
}

describe('what a reconciler applied', () => {
  test('is about the commit that the apps repo held then', async () => {
    const { recorded, argo, comment, sha, repo, forge, tell, call } = await applied();
    expect((await argo(recorded('not-working', {}, { reason: 'not-applied', words: 'exceeded quota' }))).status).toBe(
      202,
    );
    await expect.poll(comment).toContain('could not be put in place');
    expect((await argo(recorded('ready', {}, { at: now() + 1 }))).status).toBe(202);
    await expect.poll(comment).toContain('### Preview: ready');

    const next = forge.repository('acme', 'shop', { 'preview.yaml': previewText('ttl: 3h') });
    forge.pull('acme', 'shop', { number: 7, repositoryId: 101, head: { sha: next, ref: 'x', repositoryId: 101 } });
    await tell(call({ headSha: sha, at: now() + 2 }));
    // It says again that the old commit is ready: that is no word about the new one.
    await argo(recorded('ready', {}, { at: now() + 3 }));
    await tell(call({ headSha: sha, at: now() + 4 }));
    expect(comment()).not.toMatch(READY);
    const { head } = await repo.read([]);
    await argo(recorded('ready', { revision: head }, { at: now() + 5 }));
    await expect.poll(comment).toMatch(READY);
  });

  test('Flux signs its own format; that something was applied does not say that it answers', async () => {
    const { flux, event, comment, tell, call } = await applied();
    const fence = { severity: 'error', reason: 'ReconciliationFailed', message: 'namespaces "pr-shop-7" is forbidden' };
    expect((await flux(event('pr-shop-7-fence', fence))).status).toBe(202);
    await expect.poll(comment).toContain('could not be put in place');
    const later = { timestamp: new Date(now() * 1000 + 2000).toISOString() };
    expect((await flux(event('pr-shop-7', later))).status).toBe(202);
    await expect.poll(comment).toContain('### Preview: starting\nIt was put in place');
    await tell(call({ at: now() + 5 }));
    expect(comment()).toContain('### Preview: ready');
    await flux(event('pr-shop-7', { timestamp: new Date(now() * 1000 + 9000).toISOString() }));
    await tell(call({ at: now() + 5 }));
    expect(comment()).toContain('### Preview: ready');
  });

  test.each([
    ['another kind', { involvedObject: { kind: 'GitRepository', name: 'pr-shop-7' } }],
    [
      'what is no preview',
      { involvedObject: { kind: 'Kustomization', namespace: 'flux-system', name: 'greenroom-policies-kyverno' } },
    ],
    ['no commit', { metadata: { cluster: 'main' } }],
    ['progress', { reason: 'Progressing' }],
    [
      'a namespace of others',
      { involvedObject: { kind: 'Kustomization', namespace: 'team-a', name: 'pr-shop-7' }, severity: 'error' },
    ],
    [
      'a name that is no text',
      { involvedObject: { kind: 'Kustomization', namespace: 'flux-system', name: { toString: 1 } } },
    ],
    ['a commit that is no text', { metadata: { cluster: 'main', revision: { toString: 1 } } }],
  ])('an event of Flux about %s is taken, and says nothing', async (_, more) => {
    const { flux, event } = await applied();
    expect((await flux(event('pr-shop-7', more))).status).toBe(204);
  });

  test('what is forged or replayed: 401, 403 or 409, and nothing changes', async () => {
    const { argo, flux, recorded, event, comment, head } = await applied();
    const before = comment();
    const refused: [number, () => Promise<Response>][] = [
      [401, () => argo(recorded('ready'), 'a-guess-of-the-secret')],
      [401, () => argo(recorded('ready'), `${MAIN}x`)],
      [401, () => flux(event('pr-shop-7'), 'a-guess-of-the-secret')],
      [403, () => argo(recorded('ready'), OTHER)],
      [403, () => argo(recorded('ready', { cluster: 'other' }))],
      [403, () => flux(event('pr-shop-7'), OTHER)],
      [409, () => argo(recorded('ready', { cluster: 'other' }), OTHER)],
      // It may be there in a moment: who asks again is told then.
      [503, () => argo(recorded('ready', { revision: 'b'.repeat(40) }))],
      [409, () => argo(recorded('ready', { preview: 'pr-shop-99' }))],
      [409, () => argo(recorded('ready', { sentAt: now() - 3600 }))],
      [409, () => flux(event('pr-shop-7', { timestamp: '2026-01-01T00:00:00Z' }))],
      [400, () => argo(recorded('ready', { revision: 'main' }))],
      [400, () => argo(recorded('ready', { preview: '../../etc' }))],
      [400, () => argo(recorded('splendid'))],
    ];
    for (const [status, send] of refused) expect([String(send), (await send()).status]).toEqual([String(send), status]);
    expect(comment()).toBe(before);
    expect(head).toMatch(/^[0-9a-f]{40}$/);
  });
});

describe('what is forged or replayed', () => {
  test('without the secret, or with a wrong one: 401, and nothing of it is believed or written down', async () => {
    const { url, tell, call, comment, log } = await start();
    const before = comment();
    expect(await tell(call(), 'a-guess-of-the-secret')).toBe(401);
    expect((await fetch(url, { method: 'POST', body: JSON.stringify(call()) })).status).toBe(401);
    expect(comment()).toBe(before);
    expect(JSON.stringify(log)).not.toContain('guess');
  });

  test('another cluster, in its own name or in ours', async () => {
    const { tell, call, comment } = await start();
    const before = comment();
    expect(await tell(call(), OTHER)).toBe(403);
    expect(await tell(call({}, { cluster: 'other' }), OTHER)).toBe(202);
    expect(comment()).toBe(before);
  });

  test('another preview, repository or commit', async () => {
    const { tell, call, comment } = await start();
    const before = comment();
    expect(await tell(call({}, { preview: 'pr-shop-8' }))).toBe(202);
    expect(await tell(call({}, { repositoryId: 102 }))).toBe(202);
    expect(await tell(call({ headSha: 'b'.repeat(40) }))).toBe(202);
    expect(comment()).toBe(before);
  });

  test('one that was sent long ago, or tomorrow', async () => {
    const { tell, call, log, url } = await start();
    const last = () => log.findLast(({ event }) => event === 'status');
    expect(await tell(call({}, { sentAt: now() - 3600 }))).toBe(409);
    expect(last()).toMatchObject({ outcome: 'stale', cluster: 'main', age: 3600 });
    expect(await tell(call({}, { sentAt: now() + 3600 }))).toBe(409);
    expect(await tell(call({ at: now() + 3600 }))).toBe(409);
    expect(last()).toMatchObject({ outcome: 'ahead', cluster: 'main', age: -3600 });
    await expect(sender(url, MAIN)(call({ at: now() + 3600 }))).rejects.toThrow(
      /answered with status 409: too old, about a commit that is not known, or ahead of the clock/,
    );
  });

  test.each(['', '[]', '{"cluster":"main"}', 'null'])('%j is out of shape', async (body) => {
    const { post } = await start();
    expect((await post(body, MAIN)).status).toBe(400);
  });

  test('a probe is no word of a cluster, and a repository is a path', async () => {
    const { tell, call } = await start();
    expect(await tell(call({ source: 'probe' }))).toBe(400);
    expect(await tell(call({}, { repository: '../../etc' }))).toBe(400);
  });
});

test('without secrets nobody is believed; secrets are said by cluster', async () => {
  expect(parseSecrets('')).toEqual(new Map());
  expect(parseSecrets(`main=${MAIN}, main=${OTHER}`)).toEqual(new Map([['main', [MAIN, OTHER]]]));
  expect(parseSecrets('main=short')).toBeNull();
  expect(parseSecrets(MAIN)).toBeNull();
});

describe('a cluster that floods', () => {
  /** Calls about a preview each, at once: what they are answered. */
  async function flood() {
    let time = now();
    const all = await start({ statusCalls: { burst: 5, perSecond: 1 }, clock: () => time });
    const many = (count: number, cluster = 'main', secret = MAIN) =>
      Promise.all(
        Array.from({ length: count }, async (_, i) => {
          const body = JSON.stringify(
            all.call({}, { cluster, preview: `pr-shop-${i}`, number: 100 + i, sentAt: time }),
          );
          return all.post(body, secret);
        }),
      );
    const later = (seconds: number) => {
      time += seconds;
    };
    const metrics = async () => (await fetch(all.url.replace('/status', '/metrics'))).text();
    return { ...all, many, later, metrics };
  }
  const statuses = (answers: readonly Response[]) => answers.map(({ status }) => status).sort();

  test('is told to wait; other clusters and the webhooks are not', async () => {
    const { many, url, metrics, log } = await flood();
    // One call was made before.
    const answers = await many(10);
    expect(statuses(answers)).toEqual([...new Array(4).fill(202), ...new Array(6).fill(429)]);
    const refused = answers.find(({ status }) => status === 429)!;
    expect(refused.headers.get('retry-after')).toBe('30');
    expect(await refused.text()).toBe('too many calls of this cluster; the next ones are read later\n');
    expect(statuses(await many(3, 'other', OTHER))).toEqual([202, 202, 202]);
    expect((await deliver(url.replace('/status', ''), 'pull_request', EVENT)).status).toBe(202);
    expect(await metrics()).toContain('greenroom_status_throttled_calls_total{cluster="main"} 6');
    expect(await metrics()).not.toContain('throttled_calls_total{cluster="other"}');
    expect(log.filter(({ outcome }) => outcome === 'throttled')).toEqual([
      { level: 'warn', event: 'status', cluster: 'main', outcome: 'throttled' },
    ]);
  });

  test('is heard again as time passes, and a replay is no news then either', async () => {
    const { many, later, comment, tell, call } = await flood();
    await many(10);
    later(2);
    expect(statuses(await many(3))).toEqual([204, 204, 429]);
    later(60);
    expect(await tell(call({ at: now() + 60 }, { sentAt: now() + 60 }))).toBe(202);
    expect(comment()).toContain('### Preview: ready');
    expect(await tell(call({ condition: 'starting', at: now() }, { sentAt: now() }))).toBe(202);
    expect(comment()).toContain('### Preview: ready');
  });

  test('that says the same again and again causes one sync; what is new in between counts', async () => {
    const { tell, call, comment, log, later } = await flood();
    const syncs = () => log.filter(({ event, state }) => event === 'sync' && state !== undefined).length;
    const said = (condition: 'ready' | 'starting', at: number) => tell(call({ condition, at }, { sentAt: at }));
    const before = syncs();
    expect(await said('starting', now())).toBe(202);
    later(10);
    expect([await said('starting', now() + 9), syncs() - before]).toEqual([204, 1]);
    expect(await said('ready', now() + 10)).toBe(202);
    expect(comment()).toContain('### Preview: ready');
    later(400);
    expect([await said('ready', now() + 409), syncs() - before]).toEqual([202, 3]);
  });

  test('with a wrong secret uses up nobody’s calls', async () => {
    const { many } = await flood();
    expect(new Set(statuses(await many(20, 'other', `${OTHER}x`)))).toEqual(new Set([401]));
    expect(statuses(await many(5, 'other', OTHER))).toEqual(new Array(5).fill(202));
  });

  test('that names pull requests that are not there leaves the queue to the others', async () => {
    let open: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => {
      open = resolve;
    });
    const all = await start();
    const { service, log } = loggedService({
      statusSecrets: parseSecrets(`main=${MAIN} other=${OTHER}`)!,
      clock: now,
      concurrency: 2,
      capacity: 8,
      withContext: async (work) => {
        await closed;
        return work({ repo: all.repo, forge: all.forge, clock: now });
      },
    });
    running.push(service);
    const url = await service.start();
    const post = async (cluster: string, secret: string, number: number) => {
      const body = JSON.stringify(all.call({}, { cluster, number, repository: `nobody/none${number}` }));
      const headers = { [SIGNATURE_HEADER]: signatureOf(body, secret) };
      return (await fetch(`${url}/status`, { method: 'POST', body, headers })).status;
    };
    const answers: number[] = [];
    for (let i = 1; i <= 20; i++) answers.push(await post('main', MAIN, i));
    // One runs, two wait.
    expect(answers.filter((status) => status === 202)).toHaveLength(3);
    expect(await post('other', OTHER, 1)).toBe(202);
    expect((await deliver(url, 'pull_request', EVENT)).status).toBe(202);
    open();
    await expect
      .poll(() => log.filter(({ event, about }) => event === 'sync' && about === 'acme/shop#7').length)
      .toBe(1);
  });
});

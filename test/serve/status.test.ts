import { afterEach, describe, expect, test } from 'vitest';
import { gitHubWebhooks } from '../../lib/github/webhook.ts';
import { type LogEntry, Service } from '../../lib/serve/service.ts';
import { parseSecrets } from '../../lib/serve/status-call.ts';
import { SIGNATURE_HEADER, type StatusCall, signatureOf } from '../../lib/status/call.ts';
import { sender } from '../../lib/watch/send.ts';
import { COMMIT_TIME } from '../support/git.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { MemoryForge } from '../support/memory/forge.ts';
import { MemoryGit } from '../support/memory/git.ts';
import { SECRET } from './deliver.ts';

const SHOP = { path: 'acme/shop' };
const MAIN = 'the-secret-of-the-cluster-main';
const OTHER = 'the-secret-of-another-cluster';
const now = () => Math.floor(Date.now() / 1000);

const running: Service[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.stop(5)));
});

async function start() {
  const forge = new MemoryForge();
  const repo = new MemoryGit().open(() => COMMIT_TIME);
  await repo.commit({ expectedHead: null, change: new Map([['greenroom.yaml', platformText()]]), message: 'x' });
  const sha = forge.repository('acme', 'shop', { 'preview.yaml': previewText() });
  for (const number of [7, 8]) {
    forge.pull('acme', 'shop', { number, repositoryId: 101, head: { sha, ref: 'x', repositoryId: 101 } });
  }
  const log: LogEntry[] = [];
  const service = new Service({
    host: '127.0.0.1',
    port: 0,
    webhooks: gitHubWebhooks,
    secrets: [SECRET],
    statusSecrets: parseSecrets(`main=${MAIN} other=${OTHER}`)!,
    withContext: (work) => work({ repo, forge, clock: () => COMMIT_TIME + 60 }),
    log: (entry) => log.push(entry),
    sweepEvery: null,
    random: () => 0,
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
  return { url, post, tell, call, comment, log, sha };
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
    for (const one of [late, early, early, late, early]) expect(await tell(one)).toBe(202);
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
    const { tell, call } = await start();
    expect(await tell(call({}, { sentAt: now() - 3600 }))).toBe(409);
    expect(await tell(call({}, { sentAt: now() + 3600 }))).toBe(409);
    expect(await tell(call({ at: now() + 3600 }))).toBe(409);
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

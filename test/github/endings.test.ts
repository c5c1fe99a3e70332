import { describe, expect, test } from 'vitest';
import { ProcessCache } from '../../lib/github/http/cache.ts';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import type { FakeRequest, Fault } from '../support/fake-github/server.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { World } from '../support/world.ts';

const HOUR = 3600;
const BROKEN: Fault = { status: 502 };
const isPublishing = ({ operation = '', path }: FakeRequest) =>
  /Comment|ListDeployments/.test(operation) || /check-runs|deployments|statuses/.test(path);

/** A preview that has ended while nothing could be written on its pull request. */
async function ended() {
  const world = new (overGitHub(World))();
  const fake = await world.github();
  // An optional permission: without it environments stay.
  fake.missing.add('administration');
  world.push('shop');
  world.pull('shop', 7);
  const run = () => world.with((context) => sweep(context));
  const sync = () => world.with((context) => syncPullRequest(context, { path: 'acme/shop' }, 7));
  await sync();
  world.pull('shop', 7, { state: 'closed', merged: true });
  fake.fault = (request) => (isPublishing(request) ? BROKEN : undefined);
  expect(await sync()).toMatchObject({ effect: 'remove', notes: [expect.stringContaining('could not be written')] });
  expect(world.comment('shop', 7)).toContain('[Its address]');
  const asked = async () => {
    fake.requests.length = 0;
    const result = await run();
    return { result, looked: fake.requests.filter(isPublishing).length, requests: fake.requests.length };
  };
  return { world, fake, run, sync, asked };
}

describe('what could not be written about an ending', () => {
  test('is written by the next sweep: comment, check and deployment', async () => {
    const { world, fake, run } = await ended();
    expect((await run()).results).toMatchObject([
      { number: 7, notes: [expect.stringContaining('could not be written')] },
    ]);
    fake.fault = () => undefined;
    expect(await run()).toMatchObject({ results: [], unknown: [], failures: [] });
    expect(world.comment('shop', 7)).toContain('### Preview: removed\nThis pull request was merged.');
    expect(world.check('shop', 7)).toMatchObject({ conclusion: 'neutral', title: 'No preview' });
    expect(fake.deployments.at(-1)?.statuses.at(-1)?.state).toBe('inactive');
  });

  test('is not looked at again where a cache holds that it stands, and after three hours nowhere', async () => {
    const { world, fake, asked } = await ended();
    fake.fault = () => undefined;
    expect((await asked()).looked).toBeGreaterThan(3);
    expect((await asked()).looked).toBe(3);
    const cache = new ProcessCache();
    world.cache = async () => cache;
    await asked();
    const { looked, requests } = await asked();
    world.now += 3 * HOUR + 60;
    const later = await asked();
    expect([looked, later.looked, requests - later.requests]).toEqual([0, 0, 1]);
  });

  test('is asked of nobody whose preview lives, or was never ended by us', async () => {
    const { world, fake, run } = await ended();
    fake.fault = () => undefined;
    world.pull('shop', 7);
    await run();
    fake.requests.length = 0;
    await run();
    expect(fake.requests.filter(({ operation }) => operation === 'ReadPull')).toEqual([]);
  });

  test('of one that was opened again is the business of the new preview', async () => {
    const { world, fake, run } = await ended();
    fake.fault = () => undefined;
    world.pull('shop', 7);
    expect((await run()).results).toMatchObject([{ effect: 'create', state: { state: 'committed' } }]);
    expect(world.comment('shop', 7)).toContain('[Its address]');
  });

  test('is not written on a stranger that has the name and the number by now', async () => {
    const { world, fake, run } = await ended();
    fake.fault = () => undefined;
    world.rename('shop', 'archive');
    world.push('shop', { 'README.md': 'another shop' });
    world.pull('shop', 7, { state: 'closed' });
    const checks = fake.checks.length;
    expect(await run()).toMatchObject({ results: [], failures: [] });
    expect([fake.checks.length, fake.commentsOf('acme', 'shop', 7)]).toEqual([checks, []]);
  });

  test('whose pull request gives no answer is left alone, without a word', async () => {
    const { world, fake, run } = await ended();
    fake.fault = ({ operation }) => (operation === 'ReadPull' ? BROKEN : undefined);
    expect(await run()).toMatchObject({ results: [], unknown: [], failures: [] });
    expect(world.comment('shop', 7)).toContain('[Its address]');
  });

  test('a history that cannot be read holds up nothing', async () => {
    const { world, fake, run } = await ended();
    world.pull('shop', 8);
    fake.fault = ({ operation }) => (operation === 'ReadHistory' ? BROKEN : undefined);
    expect((await run()).results).toMatchObject([{ number: 8, effect: 'create' }]);
  });
});

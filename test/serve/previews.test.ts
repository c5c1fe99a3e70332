import { expect, test } from 'vitest';
import { Previews } from '../../lib/serve/previews.ts';
import type { Observation } from '../../lib/status/observation.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { World } from '../support/world.ts';

test('an answer that may be of an earlier commit is no arrival of the new one', async () => {
  const world = new World();
  const previews = new Previews();
  const KEY = 'acme/shop#7';
  const sync = async (seen: Partial<Observation> | null) => {
    const observed =
      seen === null ? [] : [{ source: 'probe', headSha: sha, at: world.now, condition: 'ready', ...seen } as const];
    const result = await world.with((context) => syncPullRequest(context, { path: 'acme/shop' }, 7, { observed }));
    return previews.note(KEY, result, world.now, world.now);
  };
  let sha = world.push('shop');
  world.pull('shop', 7);
  expect(await sync(null)).toBeNull();
  world.now += 50;
  expect(await sync({})).toEqual({ what: 'ready', seconds: 50 });

  sha = world.push('shop', { 'README.md': 'x' });
  world.pull('shop', 7);
  expect(await sync(null)).toBeNull();
  world.now += 900;
  expect(await sync({})).toBeNull();
  world.now += 100;
  expect(await sync({ source: 'cluster' })).toEqual({ what: 'ready', seconds: 1000 });
});

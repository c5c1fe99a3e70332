import { describe, expect, test } from 'vitest';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { platformText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

const GitHubWorld = overGitHub(World);
type GitHubWorld = InstanceType<typeof GitHubWorld>;

const swept = (world: GitHubWorld) => world.with((context) => sweep(context));
const synced = (world: GitHubWorld) => world.with((context) => syncPullRequest(context, { path: 'acme/shop' }, 7));
const HOURS = 3600;

async function shop(): Promise<GitHubWorld> {
  const world = new GitHubWorld();
  world.push('shop');
  world.pull('shop', 7);
  await synced(world);
  return world;
}

describe.each([
  ['ahead of', 24 * HOURS],
  ['behind', -24 * HOURS],
])("a clock that is a day %s GitHub's", (side, ahead) => {
  test.each<[string, (world: GitHubWorld) => Promise<unknown>]>([
    ['sweep', async (world) => (await swept(world)).unknown.join()],
    ['sync', async (world) => ((await synced(world)).state as { reason?: string }).reason],
  ])('ends nothing in a %s, which says so', async (_, run) => {
    const world = await shop();
    world.now += 30 * HOURS;
    world.ahead = ahead;
    expect(await run(world)).toContain(`1440 minutes ${side} the forge's`);
    expect(world.previews()).toEqual(['pr-shop-7']);
    world.ahead = 0;
    await run(world);
    expect(world.previews()).toEqual([]);
  });
});

test("a clock that is a day ahead of GitHub's does not let a change of the platform end previews as if they were over", async () => {
  const world = await shop();
  world.now += 30 * HOURS;
  world.ahead = 24 * HOURS;
  world.settle({ 'greenroom.yaml': platformText().replace('{ owner: acme }', '{ owner: acme, repos: [other] }') });
  expect((await swept(world)).held).toMatchObject([{ name: 'pr-shop-7' }]);
  expect(world.previews()).toEqual(['pr-shop-7']);
  world.ahead = 0;
  await swept(world);
  expect(world.previews()).toEqual([]);
});

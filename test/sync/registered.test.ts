import { expect, test } from 'vitest';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { commitFiles } from '../support/git.ts';
import { OPENED, platformText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

const PLATFORM = platformText().replace('{ owner: acme }', '{ owner: acme, registered: true }');
const app = (more = '') =>
  `apiVersion: greenroom.dev/v1alpha1\nkind: MicroApp\nspec: { repository: acme/shop, owner: "@acme/web"${more} }\n`;

function opened(registration?: string) {
  const world = new World(PLATFORM);
  world.push('shop', undefined, OPENED);
  world.pull('shop', 7);
  if (registration !== undefined) register(world, registration);
  return world;
}
const register = (world: World, text: string) => commitFiles(world.appsRepo, { 'apps/acme/shop.yaml': text });
const sync = (world: World) => world.with((context) => syncPullRequest(context, { path: 'acme/shop' }, 7));

test('a repository that nobody registered gets no preview, and reads what to do', async () => {
  const state = { reason: 'not-registered', sentence: expect.stringContaining('`greenroom new` proposes it') };
  expect(await sync(opened())).toMatchObject({ effect: 'none', state });
});

test('once it is registered it gets one, and loses it with its registration', async () => {
  const world = opened(app());
  expect(await sync(world)).toMatchObject({ effect: 'create' });
  register(world, app().replace('acme/shop', 'acme/other'));
  expect(await sync(world)).toMatchObject({ effect: 'remove', state: { reason: 'not-registered' } });
});

test('another repository under a registered name is not registered', async () => {
  expect(await sync(opened(app(', repositoryId: 999999')))).toMatchObject({ state: { reason: 'not-registered' } });
  const world = opened();
  register(world, app(`, repositoryId: ${world.id('shop')}`));
  expect(await sync(world)).toMatchObject({ effect: 'create' });
});

test('a slip in a registration ends nothing that runs, and nobody else is stopped by it', async () => {
  const world = opened(app());
  await sync(world);
  register(world, app(', costCenter: CC-1'));
  expect(await sync(world)).toMatchObject({
    effect: 'none',
    state: { state: 'problem', where: 'settings', cause: { message: expect.stringContaining('costCentre') } },
  });
  expect(world.previews()).toEqual(['pr-shop-7']);
  register(world, app());
  commitFiles(world.appsRepo, { 'apps/acme/other.yaml': 'nonsense\n' });
  expect(await sync(world)).toMatchObject({ effect: 'none', state: { state: 'committed' } });
});

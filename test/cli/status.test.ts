import { expect, test } from 'vitest';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { inProcess } from '../support/command.ts';
import { World } from '../support/world.ts';

async function running() {
  const world = new World();
  for (const [name, number] of [
    ['shop', 7],
    ['cart', 8],
  ] as const) {
    world.push(name);
    world.pull(name, number);
    await world.with((context) => syncPullRequest(context, { path: `acme/${name}` }, number));
  }
  const { headSha } = JSON.parse(world.read('previews/main/shop/pr-shop-7/preview.json'));
  const observed = [
    { source: 'cluster', headSha, at: world.now, condition: 'not-working', reason: 'exits', facts: { code: 1 } },
  ] as const;
  await world.with((context) => syncPullRequest(context, { path: 'acme/shop' }, 7, { observed }));
  const status = (...args: string[]) =>
    inProcess(['status', ...args, '--apps-repo', world.appsRepo, '--forge', world.forge]);
  return { world, status, headSha };
}

test('a table of what runs, from Git and the forge alone', async () => {
  const { world, status, headSha } = await running();
  const before = [world.head(), world.comment('shop', 7)];
  const { code, stdout } = await status();
  expect(code).toBe(0);
  const [head, cart, shop, ...rest] = stdout.trimEnd().split('\n');
  expect(head).toMatch(/^PREVIEW +STATUS +COMMIT +ENDS +A DAY +OWNER$/);
  expect(cart).toMatch(/^pr-cart-8 +on its way +[0-9a-f]{7} +\w{3} \d+ Nov \d\d:\d\d UTC +\$0\.09 +mia$/);
  expect(shop).toContain(`not working - the app stops right after it starts  ${headSha.slice(0, 7)}`);
  expect(rest).toEqual([]);
  expect([world.head(), world.comment('shop', 7)]).toEqual(before);
});

test('one of them, by its pull request or by its name, with what to do; JSON says the same', async () => {
  const { status } = await running();
  const byPull = await status('acme/shop#7');
  expect(byPull.stdout).toContain('pr-shop-7 (acme/shop#7): not working');
  expect(byPull.stdout).toContain('It ended with exit code 1. Usually a setting is missing');
  expect((await status('pr-shop-7')).stdout).toBe(byPull.stdout);
  const { previews } = JSON.parse((await status('acme/shop#7', '--format', 'json')).stdout);
  expect(previews).toMatchObject([
    { name: 'pr-shop-7', owner: 'mia', status: { state: 'not-working', reason: 'exits', turn: 'maker', field: 'env' } },
  ]);
});

test('one that does not exist is said to, and one whose forge gives no answer is still listed', async () => {
  const { world, status } = await running();
  expect(await status('acme/shop#9')).toMatchObject({ code: 1, stderr: 'there is no preview of acme/shop#9\n' });
  world.lose('cart', 8);
  expect((await status('pr-cart-8')).stdout).toContain('the forge gives no answer');
});

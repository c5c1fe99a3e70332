import { describe, expect, test } from 'vitest';
import { endOf } from '../../lib/sync/plan/clock.ts';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { OPENED, platform, platformText } from '../support/inputs.ts';
import { World } from '../support/worlds.ts';

const run = (world: World, options = {}) => world.with((context) => sweep(context, options));
const FOLDER = 'previews/main/shop/pr-shop-7';

/** Pull requests of acme/shop with their previews, and what is pushed past greenroom afterwards. */
async function previews(numbers: readonly number[], platformText?: string): Promise<World> {
  const world = new World(platformText);
  world.push('shop');
  for (const n of numbers) world.pull('shop', n);
  await run(world);
  return world;
}

/** The files of a preview in another folder, with its preview.json changed. */
function copy(world: World, to: string, change: object = {}): Record<string, string> {
  return Object.fromEntries(
    world
      .paths()
      .filter((path) => path.startsWith(`${FOLDER}/`))
      .map((path) => {
        const isRecord = path.endsWith('/preview.json');
        const text = isRecord ? JSON.stringify({ ...JSON.parse(world.read(path)), ...change }) : world.read(path);
        return [path.replace(FOLDER, to), text];
      }),
  );
}

const recordOf = (world: World) => JSON.parse(world.read(`${FOLDER}/preview.json`));
const folders = (world: World) => [...new Set(world.paths().map((path) => path.split('/').slice(0, 4).join('/')))];

describe('what was pushed past greenroom', () => {
  test.each<[what: string, to: string, change: object]>([
    ['the record of another folder', 'previews/main/other/pr-shop-7', {}],
    ['the name of another preview, below its repository', 'previews/main/shop/pr-shop-8', {}],
    ['another cluster', 'previews/elsewhere/shop/pr-shop-7', {}],
    ['a name of no pull request', 'previews/main/shop/pr-evil', { name: 'pr-evil' }],
    ['a second name for a pull request', 'previews/main/evil/pr-evil-7', { name: 'pr-evil-7' }],
  ])('with %s is named and removed, and the preview stays', async (_, to, change) => {
    const world = await previews([7]);
    world.settle(copy(world, to, change));
    const { alarms, failures } = await run(world);
    expect(failures).toEqual([]);
    expect(alarms).toEqual([expect.stringMatching(new RegExp(`^${to} .* It was removed: find out who pushed it\\.$`))]);
    expect(folders(world)).toEqual([FOLDER]);
    expect((await run(world)).alarms).toEqual([]);
  });

  test('a second preview of a repository that was renamed is for a person to decide', async () => {
    const world = await previews([7]);
    world.settle(copy(world, 'previews/main/evil/pr-evil-7', { name: 'pr-evil-7' }));
    world.rename('shop', 'store');
    const { alarms } = await run(world);
    expect(alarms).toEqual([expect.stringContaining('are previews of one pull request')]);
    expect(folders(world)).toHaveLength(2);
  });

  test('a pull request that its repository does not have is told of, and ends within ttl.max', async () => {
    const world = await previews([7], platformText('ttl: { default: 2h, max: 4h }'));
    const { identity } = recordOf(world);
    const ghost = { name: 'pr-shop-99', identity: { ...identity, number: 99 }, expires: OPENED + 10 ** 8 };
    world.settle(copy(world, 'previews/main/shop/pr-shop-99', ghost));
    const { alarms } = await run(world);
    expect(alarms).toEqual([expect.stringMatching(/pr-shop-99 shows acme\/shop#99, which acme\/shop does not have/)]);
    expect(folders(world)).toHaveLength(2);
    world.now = OPENED + 4 * 3600 + 600;
    await run(world);
    expect(folders(world)).not.toContain('previews/main/shop/pr-shop-99');
  });

  test('goes no faster than any other removal, where it is much', async () => {
    const world = await previews([7]);
    const all = [1, 2, 3, 4].map((n) => copy(world, `previews/main/other-${n}/pr-shop-7`));
    world.settle(Object.assign({}, ...all));
    const held = await run(world);
    expect(held.heldBack).toContain('4 of 5 live previews');
    expect(held.alarms).toEqual(Array(4).fill(expect.stringContaining('Remove the folder.')));
    expect(folders(world)).toHaveLength(5);
    await run(world, { allowRemovals: true });
    expect(folders(world)).toEqual([FOLDER]);
  });

  test('stays in a dry run', async () => {
    const world = await previews([7]);
    world.settle({ ...copy(world, 'previews/main/other/pr-shop-7') });
    const { alarms } = await run(world, { dryRun: true });
    expect(alarms).toEqual([expect.stringContaining('Remove the folder.')]);
    expect(folders(world)).toHaveLength(2);
  });
});

describe('a broken preview.json, which stops the ApplicationSets', () => {
  const broken = { [`${FOLDER}/preview.json`]: '{ "name": ' };

  test('is written anew while its pull request is open', async () => {
    const world = await previews([7]);
    const before = world.read(`${FOLDER}/preview.json`);
    world.settle(broken);
    expect((await run(world)).alarms).toEqual([]);
    expect(world.read(`${FOLDER}/preview.json`)).toBe(before);
  });

  test('goes with its pull request, which its fence names, and the pull request is told', async () => {
    const world = await previews([7]);
    world.settle(broken);
    world.pull('shop', 7, { state: 'closed' });
    const { results, alarms } = await run(world);
    expect([results.map(({ effect }) => effect), alarms]).toEqual([['remove'], []]);
    expect(world.paths()).toEqual([]);
    expect(world.comment('shop', 7)).toContain('was closed');
  });

  test.each<[string, Record<string, string | null>]>([
    ['another folder', { 'previews/main/other/pr-shop-7/preview.json': '{}' }],
    ['a folder of no pull request', { 'previews/main/shop/pr-shop-99/preview.json': 'null' }],
    ['a folder with a name of no preview', { 'previews/main/shop/evil/preview.json': '[]' }],
  ])('goes where it lies in %s', async (_, files) => {
    const world = await previews([7]);
    world.settle(files as Record<string, string>);
    const { alarms } = await run(world);
    expect(alarms).toEqual([
      expect.stringContaining('has an invalid preview.json, and no open pull request has that name'),
    ]);
    expect(folders(world)).toEqual([FOLDER]);
  });
});

describe('the end of a record', () => {
  const base = { now: OPENED, platform: platform('ttl: { default: 2h, max: 4h }') };

  test.each([
    ['its own', OPENED, OPENED + 3600, OPENED + 3600],
    ['its own, at the most', OPENED, OPENED + 4 * 3600 + 600, OPENED + 4 * 3600 + 600],
    ['ttl.max after its creation, beyond that', OPENED - 3600, OPENED + 10 ** 9, OPENED + 3 * 3600],
    ['ttl.max from now, with a creation in the future as well', OPENED + 10 ** 9, OPENED + 10 ** 9, OPENED + 4 * 3600],
  ])('is %s', (_, created, expires, end) => {
    expect(endOf({ created, expires }, base)).toBe(end);
  });
});

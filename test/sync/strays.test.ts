import { describe, expect, test } from 'vitest';
import { GreenroomError } from '../../lib/core/errors.ts';
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

describe('a folder with any name', () => {
  // Names that no path of ours may have, and names that mean something in a glob.
  const NAMES = ['a\nb', 'a\\b', 'a:b', 'a.', ' ', '*', '**', 'a*b', '\\*', '[a]', '$(id)', '\u007f'];

  test('goes, and holds up no preview', async () => {
    const world = await previews([7]);
    const odd = NAMES.flatMap((name) => [`shop/${name}/preview.json`, `${name}/x/preview.json`, `shop/y/${name}`]);
    world.settle(Object.fromEntries(['shop/y/preview.json', ...odd].map((path) => [`previews/main/${path}`, '{}'])));
    world.pull('shop', 8);
    const { alarms, failures } = await run(world, { allowRemovals: true });
    expect(failures).toEqual([]);
    expect(alarms).toHaveLength(2 * NAMES.length + 1);
    for (const alarm of alarms) expect(alarm).toContain('It was removed');
    expect(folders(world).sort()).toEqual([FOLDER, 'previews/main/shop/pr-shop-8']);
  });

  test('goes alone: one that is called like a glob takes no other along', async () => {
    const world = await previews([7, 8, 9]);
    world.settle({ 'previews/main/shop/*/preview.json': '{}', 'previews/main/**/pr-shop-7/preview.json': '{}' });
    await run(world, { allowRemovals: true });
    expect(world.previews()).toEqual(['pr-shop-7', 'pr-shop-8', 'pr-shop-9']);
    expect(folders(world)).toHaveLength(3);
  });

  test('that cannot be removed is named, and keeps no other', async () => {
    const world = await previews([7]);
    const names = ['a', 'b', 'c', 'd'].map((name) => [`previews/main/shop/${name}/preview.json`, '{}']);
    world.settle(Object.fromEntries(names));
    // A server that refuses to touch one of them.
    const { alarms, failures } = await world.with((context) => {
      const commit: typeof context.repo.commit = async (request) => {
        const isBad = [...request.change.keys()].some((path) => path.includes('/c/'));
        if (isBad) throw new GreenroomError('failed', 'a hook refused it');
        return context.repo.commit(request);
      };
      const repo = new Proxy(context.repo, {
        get: (target, key) => {
          if (key === 'commit') return commit;
          const value = Reflect.get(target, key) as unknown;
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      return sweep({ ...context, repo }, { allowRemovals: true });
    });
    expect(failures.map(({ subject, error }) => [subject, error.message])).toEqual([
      ['previews/main/shop/c', 'a hook refused it'],
    ]);
    expect(alarms.filter((alarm) => alarm.includes('It was removed'))).toHaveLength(3);
    expect(alarms).toContainEqual(expect.stringMatching(/^previews\/main\/shop\/c .* Remove the folder\.$/));
    expect(folders(world).sort()).toEqual(['previews/main/shop/c', FOLDER].sort());
  });

  test('of a file in a preview is no reason to keep the preview', async () => {
    const world = await previews([7]);
    world.settle(Object.fromEntries(NAMES.map((name) => [`${FOLDER}/app/${name}`, 'x'])));
    world.pull('shop', 7, { state: 'closed' });
    expect((await run(world, { allowRemovals: true })).failures).toEqual([]);
    expect(world.paths()).toEqual([]);
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

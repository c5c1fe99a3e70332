import { describe, expect, test } from 'vitest';
import { GreenroomError } from '../../lib/core/errors.ts';
import type { Forge } from '../../lib/forge/forge.ts';
import { handleComment } from '../../lib/sync/answer.ts';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { OPENED, platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/worlds.ts';

const run = (world: World, options = {}) => world.with((context) => sweep(context, options));

/** The same forge, but for some of it. */
function changed(forge: Forge, other: Partial<Forge>): Forge {
  return new Proxy(forge, {
    get(target, key) {
      const value: unknown = Reflect.get(Object.hasOwn(other, key) ? other : target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function many(count: number, platform?: string): World {
  const world = new World(platform);
  world.push('shop');
  for (let n = 1; n <= count; n++) world.pull('shop', n);
  return world;
}

describe('sweep', () => {
  test('starts what is missing and commits many previews together', async () => {
    const world = many(5);
    const { results, failures, unknown } = await run(world);
    expect(results.map((result) => result.effect)).toEqual(Array(5).fill('create'));
    expect([failures, unknown]).toEqual([[], []]);
    expect(world.previews()).toHaveLength(5);
    expect(world.commits()).toBe(2);
  });

  test('a quiet sweep commits nothing', async () => {
    const world = many(3);
    await run(world);
    const head = world.head();
    const { results } = await run(world);
    expect(results.every((result) => result.effect === 'none')).toBe(true);
    expect(world.head()).toBe(head);
  });

  test('removes what is closed first, then updates', async () => {
    const world = many(4);
    await run(world);
    world.pull('shop', 2, { state: 'closed', merged: true });
    world.push('shop', { 'preview.yaml': previewText('ttl: 2h') });
    for (const n of [1, 3, 4]) world.pull('shop', n);
    const { results } = await run(world);
    expect(results.map((result) => [result.number, result.effect])).toEqual([
      [2, 'remove'],
      [1, 'update'],
      [3, 'update'],
      [4, 'update'],
    ]);
    expect(world.previews()).toEqual(['pr-shop-1', 'pr-shop-3', 'pr-shop-4']);
    expect(world.comment('shop', 2)).toContain('This pull request was merged');
  });

  test('one broken preview holds up none of the others', async () => {
    const world = many(2);
    world.push('bad', { 'preview.yaml': { mode: '120000', content: '/etc/passwd' } });
    world.pull('bad', 1);
    const { results } = await run(world);
    expect(results.filter((result) => result.effect === 'create')).toHaveLength(2);
    expect(world.previews()).toEqual(['pr-shop-1', 'pr-shop-2']);
  });

  test('a name that is taken holds up its own preview only', async () => {
    const world = many(2);
    await run(world);
    world.rename('shop', 'store');
    world.push('shop');
    for (const number of [1, 9]) world.pull('shop', number);
    const { results, failures } = await run(world);
    expect(failures).toEqual([]);
    const waiting = results.filter(({ state }) => state.state === 'queued' && state.reason === 'name');
    expect(waiting.map(({ repository, number }) => [repository, number])).toEqual([['acme/shop', 1]]);
    expect(world.previews()).toEqual(['pr-shop-1', 'pr-shop-2', 'pr-shop-9']);
  });

  test('what cannot be written on pull requests is a note, and holds up no removal', async () => {
    const world = many(3);
    await run(world);
    for (const number of [1, 2, 3]) world.pull('shop', number, { state: 'closed' });
    await world.with(async (context) => {
      const publish = () => Promise.reject(new GreenroomError('unreachable', 'no answer'));
      const forge = new Proxy(context.forge, {
        get: (target, name) => {
          const value: unknown = name === 'publish' ? publish : Reflect.get(target, name, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      const { results, failures } = await sweep({ ...context, forge });
      expect(failures).toEqual([]);
      expect(results.map(({ notes }) => notes.join())).toEqual(Array(3).fill(expect.stringContaining('no answer')));
    });
    expect(world.previews()).toEqual([]);
  });

  test('what the forge does not answer about is kept until its own time is up', async () => {
    const world = many(2, platformText('ttl: { default: 2h }'));
    await run(world);
    world.lose('shop', 1);
    const { unknown } = await run(world);
    expect(unknown).toEqual([expect.stringContaining('acme/shop#1')]);
    expect(world.previews()).toHaveLength(2);
    world.now = OPENED + 3 * 3600;
    await run(world);
    expect(world.previews()).toEqual([]);
  });

  test('between its end and ten minutes later a preview stays, is not called ready, and none is started', async () => {
    const world = many(1, platformText('ttl: { default: 2h }'));
    await run(world);
    world.pull('shop', 2);
    world.now = OPENED + 2 * 3600 + 60;
    const { results } = await run(world);
    expect(results.map(({ state, effect }) => [state.state, effect])).toEqual(Array(2).fill(['none', 'none']));
    expect(world.previews()).toEqual(['pr-shop-1']);
    expect(world.comment('shop', 1)).toContain('Preview: ended');
  });

  test('a pull request that cannot be read costs only its own preview an update', async () => {
    const world = many(2);
    await run(world);
    world.spoil('shop', 1);
    await run(world).catch(() => {});
    expect(world.previews()).toHaveLength(2);
  });

  test('holds back a mass removal and nothing else, until it is told that it is meant', async () => {
    const world = many(8);
    await run(world);
    const before = world.previews();
    for (let n = 1; n <= 6; n++) world.pull('shop', n, { state: 'closed' });
    world.pull('shop', 9);
    const { held, heldBack, toConfirm } = await run(world);
    expect(heldBack).toContain('6 of 8 live previews');
    // The platform team reads which ones.
    expect(toConfirm).toEqual([
      expect.stringMatching(/^6 of 8 live previews .* pr-shop-1 is removed: .* pr-shop-6 is removed/),
    ]);
    expect(held).toContainEqual({ name: 'pr-shop-1', sentence: 'is removed: This pull request was closed.' });
    expect(world.previews()).toEqual([...before, 'pr-shop-9']);
    // One by one, by who may label it, in any case of letters.
    world.pull('shop', 1, { state: 'closed', labels: ['Greenroom.dev/YES'] });
    expect((await run(world)).held).toHaveLength(5);
    expect(world.previews()).not.toContain('pr-shop-1');
    const all = await run(world, { allowRemovals: true });
    expect([all.held, all.heldBack, world.previews()]).toEqual([[], null, ['pr-shop-7', 'pr-shop-8', 'pr-shop-9']]);
  });

  test('a comment confirms what is held back for its pull request', async () => {
    const world = many(8);
    await world.allow('shop', 'mia', 'write');
    await run(world);
    for (let n = 1; n <= 6; n++) world.pull('shop', n, { state: 'closed' });
    expect((await run(world)).held).toHaveLength(6);
    const id = await world.say('shop', 1, 'mia', '/preview stop');
    await world.with((context) => handleComment(context, { path: 'acme/shop' }, 1, id));
    expect(world.previews()).not.toContain('pr-shop-1');
    expect((await run(world)).held).toHaveLength(5);
  });

  test('places that held removals keep are not given away', async () => {
    const world = many(8, platformText('slots: { total: 8 }'));
    await run(world);
    for (let n = 1; n <= 6; n++) world.pull('shop', n, { state: 'closed' });
    world.pull('shop', 9);
    await run(world);
    expect(world.previews()).toHaveLength(8);
    expect(world.comment('shop', 9)).toContain('in the queue');
  });

  test('a file in the place of a preview, and a folder that is none, stop nobody else', async () => {
    const world = many(9);
    const odd = { 'previews/main/shop/pr-shop-3': 'a file', 'previews/main/shop/pr-shop-5/fence': 'a file' };
    world.settle(odd);
    const { failures } = await run(world);
    expect(failures.map(({ subject, error }) => [subject, error.code])).toEqual([['acme/shop#3', 'failed']]);
    expect(failures[0]!.error.message).toContain('previews/main/shop/pr-shop-3');
    const others = [1, 2, 4, 5, 6, 7, 8, 9].map((n) => `pr-shop-${n}`);
    expect(world.previews()).toEqual(['pr-shop-3', ...others].sort());
  });

  const TWO_CLUSTERS =
    'clusters: [{ name: eu, server: "https://eu.example.com", when: { labels: [eu] } }, { name: main, server: "https://a.example.com" }]';

  test('a file in the place of a cluster is named, and holds up no other cluster', async () => {
    const world = many(3, platformText(TWO_CLUSTERS));
    world.settle({ 'previews/main': 'a file' });
    world.pull('shop', 9, { labels: ['eu'] });
    const { failures } = await run(world);
    expect(failures.map(({ subject, error }) => [subject, error.code])).toEqual(
      [1, 2, 3].map((n) => [`acme/shop#${n}`, 'failed']),
    );
    expect(failures[0]!.error.message).toContain('previews/main');
    expect(world.paths().filter((path) => path.endsWith('/preview.json'))).toEqual([
      'previews/eu/shop/pr-shop-9/preview.json',
    ]);
    world.settle({ 'previews/main': null });
    await run(world);
    expect(world.previews()).toHaveLength(4);
  });

  test('after the branch was put back, what was missing comes back and what had ended waits to be confirmed', async () => {
    const world = many(8);
    await run(world);
    const weekAgo = world.head()!;
    for (let n = 1; n <= 6; n++) world.pull('shop', n, { state: 'closed' });
    for (let n = 9; n <= 12; n++) world.pull('shop', n);
    await run(world, { allowRemovals: true });
    const latest = world.previews();
    world.putBack(weekAgo);
    const { held } = await run(world);
    expect(held.map(({ name }) => name).sort()).toEqual([1, 2, 3, 4, 5, 6].map((n) => `pr-shop-${n}`));
    expect(world.previews()).toEqual(expect.arrayContaining(latest));
    await run(world, { allowRemovals: true });
    expect(world.previews()).toEqual(latest);
  });

  test('a list that says it is whole, and lacks what is open, is told of', async () => {
    const world = many(3);
    await run(world);
    world.now += 600;
    const lie: Partial<Forge> = {
      async *openPullRequests() {
        yield { repository: { path: 'acme/shop' }, pulls: [], complete: true };
      },
    };
    const { unknown, alarms } = await world.with((context) =>
      sweep({ ...context, forge: changed(context.forge, lie) }),
    );
    expect(unknown).toEqual([]);
    expect(alarms).toEqual([expect.stringContaining("acme/shop: #1, #2, #3 are open, but the forge's list of open")]);
    expect(world.previews()).toHaveLength(3);
  });

  test.each([86_400, -86_400])('a clock that is off by %d seconds ends nothing, and says so', async (skew) => {
    const world = many(2);
    await run(world);
    world.now += 30 * 3600;
    const off = { clockSkew: skew };
    const { unknown } = await world.with((context) => sweep({ ...context, forge: changed(context.forge, off) }));
    expect(unknown.join()).toMatch(/1440 minutes (ahead of|behind) the forge's/);
    expect(world.previews()).toHaveLength(2);
    await run(world);
    expect(world.previews()).toEqual([]);
  });

  test('a dry run writes nothing', async () => {
    const world = many(2);
    const head = world.head();
    const { results } = await run(world, { dryRun: true });
    expect(results.map((result) => result.effect)).toEqual(['create', 'create']);
    expect(world.head()).toBe(head);
    expect(world.comment('shop', 1)).toBeNull();
  });

  test('rebuilds an apps repo whose branch was put back', async () => {
    const world = many(3);
    const before = world.head()!;
    await run(world);
    const full = world.paths().map((path) => [path, world.read(path)]);
    world.putBack(before);
    await run(world);
    expect(world.previews()).toHaveLength(3);
    expect(world.paths().map((path) => [path, world.read(path)])).toEqual(full);
  });

  test('new sizes of the platform render every preview again, in one commit', async () => {
    const world = many(3);
    await run(world);
    const sizes = 'sizes: { small: { requests: { cpu: 50m, memory: 64Mi }, limits: { cpu: 200m, memory: 128Mi } } }';
    const head = world.settle({ 'greenroom.yaml': platformText(sizes) });
    await run(world);
    expect(world.commits(head)).toBe(1);
    const deployment = world.read('previews/main/shop/pr-shop-2/app/deployment.pr-shop-2.yaml');
    expect(deployment).toContain('cpu: 50m');
  });

  test('places that become free are taken by the oldest that wait', async () => {
    const world = new World(platformText('slots: { total: 2 }'));
    world.push('shop');
    for (let n = 1; n <= 4; n++) world.pull('shop', n, { createdAt: OPENED - 100 * n, updatedAt: OPENED });
    await run(world);
    expect(world.previews()).toEqual(['pr-shop-3', 'pr-shop-4']);
    world.pull('shop', 4, { state: 'closed', createdAt: OPENED - 400 });
    await run(world);
    expect(world.previews()).toEqual(['pr-shop-2', 'pr-shop-3']);
  });
});

describe('a change of the platform that displaces live previews', () => {
  const clusters = (...names: string[]) =>
    `clusters: [${names.map((name, i) => `{ name: ${name}, server: "https://${name}.example.com"${i > 0 ? ', drain: true' : ''} }`).join(', ')}]`;
  const settle = (world: World, platform: string) => world.settle({ 'greenroom.yaml': platform });
  const folders = (world: World) => [...new Set(world.paths().map((path) => path.split('/').slice(1, 4).join('/')))];

  test('moves to another cluster wait for --yes; then folder and cluster change in one commit', async () => {
    const world = many(1, platformText(clusters('a', 'b')));
    await run(world);
    settle(world, platformText(clusters('b', 'a')));
    const head = world.head()!;
    const { held, results, toConfirm } = await run(world);
    expect(held).toMatchObject([
      { name: 'pr-shop-1', sentence: 'moves from the cluster a to b, where it starts again' },
    ]);
    expect([results, world.head()]).toEqual([[], head]);
    expect(toConfirm).toEqual([
      'greenroom.yaml has changed, and would move or end 1 live preview: left as it is. If it is right, run `greenroom sweep --yes`, or ' +
        'label a pull request greenroom.dev/yes. pr-shop-1 moves from the cluster a to b, where it starts again',
    ]);
    expect((await run(world, { allowRemovals: true })).held).toEqual([]);
    expect(folders(world)).toEqual(['b/shop/pr-shop-1']);
    expect(world.commits(head)).toBe(1);
    expect((await run(world)).held).toEqual([]);
  });

  test.each<[string, string]>([
    ['a source that goes', 'sources: [{ owner: acme, repos: [other] }]'],
    ['a label that is asked now', 'sources: [{ owner: acme, label: preview }]'],
    ['a shorter life', 'sources: [{ owner: acme }]\n  ttl: { default: 1m, max: 1m }'],
  ])('%s: what would end is left, new previews and closes go on', async (_, change) => {
    const world = many(2);
    await run(world);
    world.now += 3600;
    settle(world, platformText().replace('sources: [{ owner: acme }]', change));
    const { held } = await run(world);
    expect(held.map(({ name }) => name)).toEqual(['pr-shop-1', 'pr-shop-2']);
    expect(world.previews()).toEqual(['pr-shop-1', 'pr-shop-2']);
    expect(world.comment('shop', 1)).toContain('Preview: on its way');
    world.pull('shop', 2, { state: 'closed' });
    const left = await run(world);
    expect(left.held).toHaveLength(1);
    expect(left.toConfirm).toEqual([expect.stringContaining('would move or end 1 live preview')]);
    expect(world.previews()).toEqual(['pr-shop-1']);
    world.pull('shop', 1, { labels: ['greenroom.dev/yes'] });
    expect(await run(world)).toMatchObject({ held: [], toConfirm: [] });
    expect(world.previews()).toEqual([]);
  });

  test('what the pull request itself decides needs no --yes: its labels route it and end it, and time does', async () => {
    const routed = `${clusters('a').slice(0, -1)}, { name: b, server: "https://b.example.com" }]`;
    const when = routed.replace('name: a,', 'name: a, when: { labels: [big] },');
    const world = many(2, platformText(when).replace('owner: acme', 'owner: acme, drafts: false'));
    await run(world);
    world.pull('shop', 1, { labels: ['big'] });
    world.pull('shop', 2, { draft: true });
    expect((await run(world)).held).toEqual([]);
    expect(folders(world)).toEqual(['a/shop/pr-shop-1']);
    // A harmless change of the platform in between is taken in by a sweep, and blames nobody later.
    settle(world, platformText(when).replace('owner: acme', 'owner: acme, forks: true'));
    await run(world);
    world.pull('shop', 1, { labels: [] });
    expect((await run(world)).held).toEqual([]);
    expect(folders(world)).toEqual(['b/shop/pr-shop-1']);
  });
});

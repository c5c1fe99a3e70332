import { describe, expect, test } from 'vitest';
import { GreenroomError } from '../../lib/core/errors.ts';
import type { Forge } from '../../lib/forge/forge.ts';
import { handleComment } from '../../lib/sync/answer.ts';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { OPENED, platformText, previewText } from '../support/inputs.ts';
import type { PullOptions } from '../support/world.ts';
import { World } from '../support/worlds.ts';

const HOUR = 3600;
const SHOP = { path: 'acme/shop' };
const sync = (world: World) => world.with((context) => syncPullRequest(context, SHOP, 7));
const handle = (world: World, id: number) => world.with((context) => handleComment(context, SHOP, 7, id));

async function opened(platform = platformText('ttl: { default: 4h, max: 8h }'), options: PullOptions = {}) {
  const world = new World(platform);
  world.push('shop');
  world.pull('shop', 7, options);
  await world.allow('shop', 'mia', 'write');
  await sync(world);
  return world;
}

const expires = (world: World) => JSON.parse(world.read('previews/main/shop/pr-shop-7/preview.json')).expires as number;

async function say(world: World, body: string, author = 'mia') {
  const id = await world.say('shop', 7, author, body);
  return { id, result: await handle(world, id), answer: world.answerTo('shop', 7, id) };
}

describe('/preview extend', () => {
  test('adds to the end that there is, and is answered', async () => {
    const world = await opened();
    expect(expires(world)).toBe(OPENED + 4 * HOUR);
    const { result, answer } = await say(world, '/preview extend 2h');
    expect(result).toMatchObject({ effect: 'update', state: { state: 'committed' } });
    expect(expires(world)).toBe(OPENED + 6 * HOUR);
    expect(answer).toBe('done');
    expect(world.comment('shop', 7)).toContain('Ends Tue 24 Nov 14:00 UTC');
  });

  test('never beyond ttl.max from when it was asked', async () => {
    const world = await opened();
    await say(world, '/preview extend 100d');
    expect(expires(world)).toBe(world.now + 8 * HOUR);
    const { answer } = await say(world, '/preview extend 1h');
    expect(answer).toBe('refused');
    expect(expires(world)).toBe(world.now + 8 * HOUR);
  });

  test('is remembered: by later syncs, by the sweep, and by an apps repo that was put back', async () => {
    const world = await opened();
    await say(world, '/preview extend 2h');
    world.now = OPENED + 5 * HOUR;
    expect(await sync(world)).toMatchObject({ effect: 'none', state: { state: 'committed' } });
    await world.with((context) => sweep(context));
    expect(expires(world)).toBe(OPENED + 6 * HOUR);
    world.now = OPENED + 7 * HOUR;
    expect(await sync(world)).toMatchObject({ effect: 'remove', state: { reason: 'expired' } });
  });

  test('holds for the commit that it was asked at', async () => {
    const world = await opened();
    await say(world, '/preview extend 4h');
    world.push('shop', { 'README.md': 'x' }, OPENED + HOUR);
    world.now = OPENED + HOUR;
    world.pull('shop', 7, { updatedAt: world.now });
    await sync(world);
    expect(expires(world)).toBe(OPENED + 5 * HOUR);
  });

  test('starts again what has ended', async () => {
    const world = await opened();
    world.now = OPENED + 5 * HOUR;
    await sync(world);
    expect(world.previews()).toEqual([]);
    await say(world, '/preview extend 1h');
    expect(expires(world)).toBe(world.now + HOUR);
  });
});

describe.each(['retry', 'start'])('an extension, after a stop and a %s', (again) => {
  test('keeps its end', async () => {
    const world = await opened();
    await say(world, '/preview extend 4h');
    world.now = OPENED + HOUR;
    expect(await say(world, '/preview stop')).toMatchObject({ result: { state: { reason: 'stopped' } } });
    world.now += HOUR;
    await say(world, `/preview ${again}`);
    expect(expires(world)).toBe(OPENED + 8 * HOUR);
    await say(world, `/preview ${again}`);
    await world.with((context) => sweep(context));
    expect(expires(world)).toBe(OPENED + 8 * HOUR);
  });

  test('ends no earlier than a preview without one, and is never counted twice', async () => {
    const world = await opened();
    await say(world, '/preview extend 2h');
    world.now = OPENED + 5 * HOUR;
    for (let i = 0; i < 2; i++) {
      await say(world, '/preview stop');
      await say(world, `/preview ${again}`);
      expect(expires(world)).toBe(world.now + 4 * HOUR);
    }
    await say(world, '/preview extend 1h');
    expect(expires(world)).toBe(world.now + 5 * HOUR);
  });
});

test('an extension, after a stop and a shorter extension, keeps its end', async () => {
  const world = await opened();
  await say(world, '/preview extend 4h');
  await say(world, '/preview stop');
  await say(world, '/preview extend 1h');
  expect(expires(world)).toBe(OPENED + 8 * HOUR);
});

describe('/preview stop and /preview retry', () => {
  test('stop removes it, and it stays away until someone asks or pushes', async () => {
    const world = await opened();
    const { result, answer } = await say(world, 'I am done.\n/preview stop\n');
    expect(result).toMatchObject({ effect: 'remove', state: { reason: 'stopped' } });
    expect(answer).toBe('done');
    expect(world.comment('shop', 7)).toContain('### Preview: stopped\nmia stopped it');
    expect(await sync(world)).toMatchObject({ effect: 'none', state: { reason: 'stopped' } });
    await world.with((context) => sweep(context));
    expect(world.previews()).toEqual([]);

    expect(await say(world, '/preview retry')).toMatchObject({ answer: 'done', result: { effect: 'create' } });
    await say(world, '/preview stop');
    world.now += HOUR;
    world.push('shop', { 'README.md': 'x' }, world.now);
    world.pull('shop', 7, { updatedAt: world.now });
    expect(await sync(world)).toMatchObject({ effect: 'create' });
  });

  test('retry starts again what has ended, for as long as a push would', async () => {
    const world = await opened();
    world.now = OPENED + 20 * HOUR;
    await sync(world);
    await say(world, '/preview retry');
    expect(expires(world)).toBe(world.now + 4 * HOUR);
  });

  test('retry of what runs changes nothing', async () => {
    const world = await opened();
    const head = world.head();
    expect(await say(world, '/preview retry')).toMatchObject({ answer: 'done', result: { effect: 'none' } });
    expect(world.head()).toBe(head);
  });
});

describe('who may ask', () => {
  test.each(['read', 'triage', 'none'])('not with the permission %s', async (permission) => {
    const world = await opened();
    await world.allow('shop', 'eve', permission);
    expect(await say(world, '/preview stop', 'eve')).toMatchObject({ answer: 'refused', result: { effect: 'none' } });
    expect(world.previews()).toEqual(['pr-shop-7']);
  });

  test('not a stranger', async () => {
    const world = await opened();
    expect(await say(world, '/preview stop', 'eve')).toMatchObject({ answer: 'refused' });
    expect(world.previews()).toEqual(['pr-shop-7']);
  });

  test('never a bot, whatever it may do; it is not answered either', async () => {
    const world = await opened();
    await world.allow('shop', 'helper[bot]', 'admin');
    expect(await say(world, '/preview stop', 'helper[bot]')).toMatchObject({ answer: null, result: null });
    expect(world.previews()).toEqual(['pr-shop-7']);
  });

  test('nobody in a repository that is no source', async () => {
    const world = await opened(platformText().replace('{ owner: acme }', '{ owner: acme, repos: [other] }'));
    expect(await say(world, '/preview retry')).toMatchObject({ answer: null, result: null });
  });
});

/** The forge with another method in the place of one of its own. */
function bound<K extends keyof Forge>(forge: Forge, method: K, instead: Forge[K]): Forge {
  return new Proxy(forge, {
    get: (target, name) => {
      const value: unknown = name === method ? instead : Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const withoutAnswers = (forge: Forge) => bound(forge, 'answer', () => Promise.reject(new Error('killed')));

describe('once', () => {
  test('delivered twice, done once', async () => {
    const world = await opened(platformText('ttl: { default: 1h, max: 8h }'));
    const { id } = await say(world, '/preview extend 1h');
    expect(await handle(world, id)).toBeNull();
    expect(expires(world)).toBe(OPENED + 2 * HOUR);
  });

  test('a run that stopped before its answer is made up for, and adds nothing', async () => {
    const world = await opened(platformText('ttl: { default: 1h, max: 8h }'));
    const id = await world.say('shop', 7, 'mia', '/preview extend 1h');
    await world.with(async (context) => {
      const forge = withoutAnswers(context.forge);
      await expect(handleComment({ ...context, forge }, SHOP, 7, id)).rejects.toThrow('killed');
    });
    expect(expires(world)).toBe(OPENED + 2 * HOUR);
    await handle(world, id);
    expect(expires(world)).toBe(OPENED + 2 * HOUR);
    expect(world.answerTo('shop', 7, id)).toBe('done');
  });

  test('one that stopped before its answers to several comments adds nothing for the earlier ones either', async () => {
    const world = await opened(platformText('ttl: { default: 1h, max: 8h }'));
    const first = await world.say('shop', 7, 'mia', '/preview extend 1h');
    const second = await world.say('shop', 7, 'mia', '/preview extend 2h');
    await world.with(async (context) => {
      const forge = withoutAnswers(context.forge);
      await expect(handleComment({ ...context, forge }, SHOP, 7, second)).rejects.toThrow('killed');
    });
    expect(expires(world)).toBe(OPENED + 4 * HOUR);
    await handle(world, first);
    expect(expires(world)).toBe(OPENED + 4 * HOUR);
    expect([world.answerTo('shop', 7, first), world.answerTo('shop', 7, second)]).toEqual(['done', 'done']);
  });

  test('a push while a stop is remembered starts anew: the earlier preview stays', async () => {
    const world = await opened();
    const id = await world.say('shop', 7, 'mia', '/preview stop');
    await world.with(async (context) => {
      const forge = bound(context.forge, 'override', async (...given: Parameters<Forge['override']>) => {
        const override = await context.forge.override(...given);
        world.push('shop', { 'preview.yaml': previewText('prot: 80') }, world.now);
        world.pull('shop', 7);
        return override;
      });
      await handleComment({ ...context, forge }, SHOP, 7, id);
    });
    expect(world.previews()).toEqual(['pr-shop-7']);
  });

  test('deliveries in the wrong order: the last word counts', async () => {
    const world = await opened();
    const stop = await world.say('shop', 7, 'mia', '/preview stop');
    world.now += 1;
    const retry = await world.say('shop', 7, 'mia', '/preview retry');
    await handle(world, retry);
    await handle(world, stop);
    expect(world.previews()).toEqual(['pr-shop-7']);
    expect([world.answerTo('shop', 7, stop), world.answerTo('shop', 7, retry)]).toEqual(['done', 'done']);
  });

  test('a delivery that got lost is made up for by the next sweep; an old comment is not', async () => {
    const world = await opened(platformText('ttl: { default: 72h }'));
    const id = await world.say('shop', 7, 'mia', '/preview stop');
    world.now += 25 * HOUR;
    await world.with((context) => sweep(context));
    expect([world.previews(), world.answerTo('shop', 7, id)]).toEqual([['pr-shop-7'], null]);
    const fresh = await world.say('shop', 7, 'mia', '/preview stop');
    await world.with((context) => sweep(context));
    expect([world.previews(), world.answerTo('shop', 7, fresh)]).toEqual([[], 'done']);
  });

  test('a comment that is not there, of another pull request, or no command: nothing at all', async () => {
    const world = await opened();
    world.pull('shop', 8);
    const elsewhere = await world.say('shop', 8, 'mia', '/preview stop');
    expect(await handle(world, 999_999)).toBeNull();
    const talk = await say(world, 'nice preview! see /preview stop');
    expect(talk).toMatchObject({ result: null, answer: null });
    expect(await handle(world, elsewhere)).toSatisfy((result) => result === null || elsewhere === talk.id);
    expect(world.previews()).toEqual(['pr-shop-7']);
  });
});

test.each(['/preview dance', '/preview extend forever', '/preview stop it'])(
  '%j is not understood, and says so by its answer',
  async (body) => {
    const world = await opened();
    expect(await say(world, body)).toMatchObject({ answer: 'confused', result: { effect: 'none' } });
  },
);

test('the preview ends soon: one notice, and none again until there is another end', async () => {
  const world = await opened(platformText('ttl: { default: 4h, max: 8h, warn: 1h }'));
  world.now = OPENED + 3 * HOUR - 1;
  await sync(world);
  expect(world.notices('shop', 7)).toHaveLength(0);
  world.now += 1;
  for (let i = 0; i < 3; i++) await sync(world);
  await world.with((context) => sweep(context));
  expect(world.notices('shop', 7)).toEqual([expect.stringContaining('ends today 12:00 UTC')]);
  await say(world, '/preview extend 2h');
  world.now = OPENED + 5 * HOUR + 10;
  await sync(world);
  expect(world.notices('shop', 7).at(-1)).toContain('ends today 14:00 UTC');
});

test('a mistake of ours is one calm sentence, and who runs it reads the reason', async () => {
  const world = await opened();
  world.push('shop', { 'preview.yaml': previewText('size: large') });
  world.pull('shop', 7);
  await world.with(async (context) => {
    const repo = {
      description: 'x',
      read: context.repo.read.bind(context.repo),
      commit: () => Promise.reject(new GreenroomError('failed', 'secret reason')),
      close: async () => undefined,
    };
    await expect(syncPullRequest({ ...context, repo }, SHOP, 7)).rejects.toThrow('secret reason');
  });
  const comment = world.comment('shop', 7)!;
  expect(comment).toContain('### Preview: problem on our side');
  expect(comment).toContain('Your earlier preview stays as it is');
  expect(comment).not.toContain('secret');
  await sync(world);
  expect(world.comment('shop', 7)).toContain('### Preview: on its way');
});

import { describe, expect, test } from 'vitest';
import { handleComment } from '../../lib/sync/answer.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import type { TestFiles } from '../support/git.ts';
import { OPENED, platformText, previewText } from '../support/inputs.ts';
import { readMarkdown } from '../support/markdown.ts';
import type { PullOptions } from '../support/world.ts';
import { World } from '../support/worlds.ts';

const HOUR = 3600;
const SHOP = { path: 'acme/shop' };
const sync = (world: World) => world.with((context) => syncPullRequest(context, SHOP, 7));

async function opened(
  options: PullOptions = {},
  files: TestFiles = { 'preview.yaml': previewText() },
  platform = 'ttl: { default: 4h, max: 8h, warn: 1h }',
) {
  const world = new World(platformText(platform));
  world.push('shop', files);
  world.pull('shop', 7, options);
  await world.allow('shop', 'mia', 'write');
  await world.allow('shop', 'ada', 'write');
  await sync(world);
  return world;
}

async function say(world: World, body: string, author = 'mia') {
  const id = await world.say('shop', 7, author, body);
  const result = await world.with((context) => handleComment(context, SHOP, 7, id));
  return { result, answer: world.answerTo('shop', 7, id), said: answersIn(world) };
}

/** What the one comment says to those who gave commands. */
function answersIn(world: World): string[] {
  const [, part = ''] = /greenroom:replies [^\n]*-->\n([\s\S]*?)\n<!--/.exec(world.comment('shop', 7) ?? '') ?? [];
  return part.split('\n').filter((line) => line.startsWith('- '));
}

describe('a command is answered in words, once', () => {
  test('what was capped: how much was asked for, what is the most, and when it ends', async () => {
    const world = await opened();
    const { answer, said } = await say(world, 'One more week would be nice:\n\n/Preview Extend 7 days, please');
    expect(answer).toBe('done');
    expect(said).toEqual(['- `mia`: you asked for `7d`; 8h from now is the most, so it ends Tue 24 Nov 16:01 UTC.']);
    expect(world.comment('shop', 7)).toContain('Ends Tue 24 Nov 16:01 UTC.');
  });

  test('however much is asked for, in words that can be read', async () => {
    const { said } = await say(await opened(), '/preview extend 999999999 days');
    expect(said).toEqual([expect.stringContaining('you asked for more than a year; 8h from now is the most')]);
  });

  test('what could not be kept longer', async () => {
    const world = await opened();
    expect(await say(world, '/preview keep')).toMatchObject({ answer: 'done', said: [] });
    const { answer, said } = await say(world, '/preview extend');
    expect(answer).toBe('refused');
    expect(said).toEqual([
      '- `mia`: it cannot be kept longer: 8h from now is the most, and it ends Tue 24 Nov 16:01 UTC.',
    ]);
  });

  test('what was not understood: what was meant, and all that there is', async () => {
    const world = await opened();
    const { answer, said } = await say(world, '/preview exend 4h');
    expect(answer).toBe('confused');
    expect(said[0]).toBe('- `mia`: `/preview exend 4h` was not understood. Did you mean `/preview extend`?');
    expect(said.slice(1)).toEqual([
      expect.stringContaining('`/preview status` '),
      expect.stringContaining('`/preview extend 4h` '),
      expect.stringContaining('`/preview keep` '),
      expect.stringContaining('`/preview stop` '),
      expect.stringContaining('`/preview start` '),
      expect.stringContaining('`/preview retry` '),
      expect.stringContaining('`/preview help` '),
    ]);
  });

  test('help and status: the list, and when it was looked at', async () => {
    const world = await opened();
    expect((await say(world, '/preview help')).said).toHaveLength(8);
    const { answer, said } = await say(world, '/preview STATUS?');
    expect([answer, said]).toEqual([
      'done',
      ['- `mia`: everything was checked again; this comment shows the state of Tue 24 Nov 08:01 UTC.'],
    ]);
  });

  test('a status beside another command does both', async () => {
    const world = await opened();
    const { said, result } = await say(world, '/preview extend 9d\n/preview status');
    expect(result).toMatchObject({ effect: 'update' });
    expect(said).toEqual([
      expect.stringContaining('8h from now is the most'),
      expect.stringContaining('shows the state of'),
    ]);
  });

  test('a command that changes something says so by its effect; earlier answers go', async () => {
    const world = await opened();
    await say(world, '/preview dance');
    expect(await say(world, '/preview stop')).toMatchObject({ answer: 'done', said: [] });
    expect((await say(world, '/preview stop')).said).toEqual([
      '- `mia`: it is stopped already; `/preview start` starts it again.',
    ]);
    expect(await say(world, '/preview start')).toMatchObject({ result: { effect: 'create' }, said: [] });
  });

  test.each(['/preview retry', '/preview start'])('%s of what runs: it was looked at again', async (command) => {
    const world = await opened();
    expect((await say(world, command)).said).toEqual([
      '- `mia`: everything was checked again; this comment shows the state of Tue 24 Nov 08:01 UTC.',
    ]);
  });

  test('they stay for the commit that they are about, and never pile up', async () => {
    const world = await opened();
    for (let i = 0; i < 20; i++) await say(world, `/preview dance ${i}`, i % 2 === 0 ? 'mia' : 'ada');
    const said = answersIn(world);
    expect(said).toHaveLength(8);
    expect(said[0]).toContain('`ada`: `/preview dance 19` was not understood');
    await sync(world);
    expect(answersIn(world)).toEqual(said);
    world.push('shop', { 'README.md': 'more' });
    world.pull('shop', 7);
    await sync(world);
    expect(answersIn(world)).toEqual([]);
    expect(world.comment('shop', 7)).not.toContain('greenroom:replies');
  });

  test('many lines in one comment: five answers at most, the same one once', async () => {
    const world = await opened();
    const lines = Array.from({ length: 50 }, (_, i) => `/preview dance ${i % 9}`);
    const { said } = await say(world, lines.join('\n'));
    expect(said.filter((line) => line.includes('not understood'))).toHaveLength(5);
  });
});

describe('where there is nothing to do', () => {
  test('a draft, which never had a comment: whoever asks hears why', async () => {
    const world = await opened({ draft: true });
    expect(world.comment('shop', 7)).toBeNull();
    const { answer, said } = await say(world, '/preview start');
    expect(answer).toBe('confused');
    expect(said).toEqual([
      '- `mia`: nothing was done. This pull request is a draft; mark it as ready for review to get a preview.',
    ]);
    const written = world.comment('shop', 7)!;
    expect(readMarkdown(written).headings).toEqual(['Preview: none']);
    await sync(world);
    expect(world.comment('shop', 7)).toBe(written);
    world.pull('shop', 7);
    await sync(world);
    expect(world.comment('shop', 7)).toContain('### Preview: on its way');
  });

  test('no preview.yaml', async () => {
    const world = await opened({}, { 'README.md': 'x' });
    expect((await say(world, '/preview start')).said).toEqual([
      '- `mia`: nothing was done. There is no preview.yaml at this commit.',
    ]);
  });

  test('a merged pull request: what was said of its end stays', async () => {
    const world = await opened();
    world.pull('shop', 7, { state: 'closed', merged: true });
    await sync(world);
    const before = world.comment('shop', 7)!;
    const { said } = await say(world, '/preview start');
    expect(said).toEqual(['- `mia`: nothing was done. This pull request was merged.']);
    const after = world.comment('shop', 7)!;
    expect(after.replace(/<!-- greenroom:replies [\s\S]*replies end -->\n\n/, '')).toBe(before);
  });

  test('a refused file: nothing to keep longer, and what runs stays', async () => {
    const world = await opened();
    world.push('shop', { 'preview.yaml': 'spec: [' });
    world.pull('shop', 7);
    await sync(world);
    const { answer, said } = await say(world, '/preview extend 1h');
    expect(answer).toBe('refused');
    expect(said).toEqual([expect.stringContaining('the running preview shows an earlier commit')]);
    expect(world.previews()).toEqual(['pr-shop-7']);
  });

  test('another commit that was never accepted', async () => {
    const world = await opened({}, { 'preview.yaml': 'spec: [' });
    expect((await say(world, '/preview keep')).said).toEqual([
      expect.stringContaining('there is nothing to keep longer yet'),
    ]);
  });
});

describe('strangers', () => {
  test('hear that it takes write permission, and take nobody’s place', async () => {
    const world = await opened();
    const { answer, said } = await say(world, '/preview stop', 'eve');
    expect(answer).toBe('refused');
    expect(said).toEqual([expect.stringMatching(/^- `eve`: commands count from people with write permission/)]);
    const own = (await say(world, '/preview extend 9d')).said;
    expect(own).toEqual([expect.stringContaining('`mia`: you asked for')]);
    expect((await say(world, '/preview @everyone', 'eve')).said).toEqual(own);
    expect(world.previews()).toEqual(['pr-shop-7']);
  });

  test('get no comment where there was none, and quote nothing', async () => {
    const world = await opened({ draft: true });
    await say(world, '/preview start', 'eve');
    expect(world.comment('shop', 7)).toBeNull();
    const other = await opened();
    await say(other, '/preview ![x](https://evil.example)', 'eve');
    expect(other.comment('shop', 7)).not.toContain('evil');
  });

  test('an edit by somebody else is the word of whoever edited: a comment that was answered stays answered', async () => {
    const world = await opened();
    const id = await world.say('shop', 7, 'mia', '/preview status');
    const handle = () => world.with((context) => handleComment(context, SHOP, 7, id));
    await handle();
    expect(await handle()).toBeNull();
  });
});

describe('box and commands are there in every state in which they work', () => {
  const foot = (world: World) => world.comment('shop', 7)!.match(/^<sub>.*<\/sub>$/m)![0];
  const boxes = (world: World) => readMarkdown(world.comment('shop', 7)!).boxes.map(([words]) => words.trim());

  test('of what runs: long before its end too, and only while it can be longer', async () => {
    const world = await opened();
    expect(boxes(world)).toEqual(['Keep it 8 more hours']);
    expect(foot(world)).toContain('`/preview extend 4h`, `/preview stop`, `/preview help`');
    await say(world, '/preview keep');
    expect(boxes(world)).toEqual([]);
    expect(foot(world)).not.toContain('extend');
    world.now = OPENED + 7 * HOUR + 120;
    await sync(world);
    expect(boxes(world)).toEqual(['Keep it 8 more hours']);
  });

  test('of one that ended, was stopped, or was refused; of a merged one there are none', async () => {
    const world = await opened();
    await say(world, '/preview stop');
    expect([boxes(world), foot(world)]).toEqual([['Start again'], expect.stringContaining('`/preview start`')]);
    await say(world, '/preview start');
    world.push('shop', { 'preview.yaml': 'spec: [' });
    world.pull('shop', 7);
    await sync(world);
    expect(foot(world)).toContain('`/preview retry`, `/preview stop`, `/preview help`');
    world.pull('shop', 7, { state: 'closed' });
    await sync(world);
    expect([boxes(world), foot(world)]).toEqual([[], expect.not.stringContaining('/preview')]);
  });

  /** The pull request 7 in each state that shows commands. */
  const STATES: readonly (readonly [says: string, scene: () => Promise<World>])[] = [
    ['on its way', () => opened()],
    ['in the queue', () => second('slots: { total: 1 }')],
    [
      'not started - one thing to change',
      () => opened({}, { 'preview.yaml': previewText().replace('ghcr.io/acme', 'evil.example') }),
    ],
    ['not started - 1 mistake', () => opened({}, { 'preview.yaml': 'spec: [' })],
    [
      'not started - 1 mistake in preview.yaml',
      async () => {
        const world = await opened();
        world.push('shop', { 'preview.yaml': 'spec: [' });
        world.pull('shop', 7);
        await sync(world);
        return world;
      },
    ],
    [
      'stopped',
      async () => {
        const world = await opened();
        await say(world, '/preview stop');
        return world;
      },
    ],
    [
      'ended',
      async () => {
        const world = await opened();
        world.now = OPENED + 5 * HOUR;
        await sync(world);
        return world;
      },
    ],
  ];

  /** Another pull request came first. */
  async function second(platform: string): Promise<World> {
    const world = new World(platformText(platform));
    world.push('shop');
    world.pull('shop', 6);
    await world.with((context) => syncPullRequest(context, SHOP, 6));
    world.pull('shop', 7);
    await world.allow('shop', 'mia', 'write');
    await sync(world);
    return world;
  }

  test.each(STATES)('whatever is shown works: %s', async (says, scene) => {
    const first = await scene();
    expect(first.comment('shop', 7)).toContain(`### Preview: ${says}`);
    const commands = foot(first).match(/\/preview [a-z0-9 ]+/g) ?? [];
    expect(commands).toContain('/preview help');
    for (const command of commands) {
      const world = await scene();
      expect([command, (await say(world, command)).answer]).toEqual([command, 'done']);
    }
  });

  test('a notice promises no box that is not there', async () => {
    const world = await opened({}, undefined, 'ttl: { default: 1h, max: 1h, warn: 1h }');
    expect(boxes(world)).toEqual([]);
    expect(world.notices('shop', 7).at(-1)).toContain('It cannot be kept longer; a push starts its time again.');
    world.now = OPENED + 20 * 60;
    await sync(world);
    expect(boxes(world)).toEqual(['Keep it 60 more minutes']);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { describe, expect, inject, test } from 'vitest';
import { formatTime } from '../../lib/core/clock.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { inProcess } from '../support/command.ts';
import { platformText } from '../support/inputs.ts';
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
  expect(head).toMatch(/^PREVIEW +STATUS +COMMIT +ENDS +A DAY +OWNER +ADDRESS$/);
  expect(cart).toMatch(
    /^pr-cart-8 +on its way +[0-9a-f]{7} +\w{3} \d+ Nov \d\d:\d\d UTC +\$0\.09 +mia +https:\/\/pr-cart-8\.apps\.example\.com$/,
  );
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
  expect((await status('pr-cart-8')).stdout).toContain('the forge does not answer');
});

test('a newer commit that does not run is named, with what its comment says', async () => {
  const { world, status } = await running();
  world.push('shop', { 'preview.yaml': 'spec: [' });
  world.pull('shop', 7);
  expect((await status('acme/shop#7')).stdout).toMatch(/a newer commit, [0-9a-f]{7}; nothing is said of it yet\./);
  await world.with((context) => syncPullRequest(context, { path: 'acme/shop' }, 7));
  const { stdout } = await status('acme/shop#7');
  expect(stdout).toMatch(/a newer commit, [0-9a-f]{7}; its comment says: not started - 1 mistake in preview.yaml\./);
  expect(stdout).toContain('not working - the app stops right after it starts');
  // Nothing more is expected of a commit that was refused.
  expect(await status('acme/shop#7', '--watch', '--until-done', '--interval', '1')).toMatchObject({ code: 1 });
});

describe('one that waits for its first build', () => {
  async function waiting() {
    const world = new World(platformText('evidence: { require: [digest] }'));
    world.push('shop');
    const build = { name: 'image', state: 'running', startedAt: formatTime(world.now - 60) } as const;
    world.pull('shop', 7, { builds: [build] });
    const missing = { resolve: async () => ({ status: 'missing' }) as const };
    await world.with((context) => syncPullRequest({ ...context, images: missing }, { path: 'acme/shop' }, 7));
    const command = (name: string, ...args: string[]) =>
      inProcess([name, ...args, '--apps-repo', world.appsRepo, '--forge', world.forge]);
    const fails = () => world.pull('shop', 7, { builds: [{ ...build, state: 'failed', endedAt: build.startedAt }] });
    return { world, command, fails };
  }

  test('is in list and status, with how the build goes now; in JSON apart from those of the apps repo', async () => {
    const { world, command, fails } = await waiting();
    const before = [world.head(), world.comment('shop', 7)];
    for (const name of ['list', 'status']) {
      const { code, stdout, stderr } = await command(name);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/^pr-shop-7 +waiting for your build +[0-9a-f]{7} +- +- +mia +-$/m);
      const { previews, expected } = JSON.parse((await command(name, '--format', 'json')).stdout);
      expect(previews).toEqual([]);
      expect(expected).toMatchObject([
        {
          name: 'pr-shop-7',
          repository: 'acme/shop',
          number: 7,
          owner: 'mia',
          state: 'waiting',
          build: { state: 'waiting-for-build' },
        },
      ]);
    }
    fails();
    const { code, stdout } = await command('status', 'acme/shop#7');
    expect([code, stdout.split('\n')[0]]).toEqual([
      0,
      'pr-shop-7 (acme/shop#7): your build failed; not in the apps repo yet',
    ]);
    expect(stdout).toContain('Your build "image" did not succeed');
    expect((await command('status', 'pr-shop-7')).stdout).toBe(stdout);
    expect((await command('list', '--state', 'build-failed')).stdout).toContain('pr-shop-7');
    expect((await command('list', '--state', 'waiting-for-build')).stderr).toBe('no preview matches\n');
    expect((await command('list', '--author', 'ada')).stderr).toBe('no preview matches\n');
    expect([world.head(), world.comment('shop', 7)]).toEqual(before);
  });

  test('is waited for: --until-done ends when its build has failed, not before', async () => {
    const { command, fails } = await waiting();
    const done = command('status', 'acme/shop#7', '--watch', '--until-done', '--interval', '1');
    const first = await Promise.race([done.then(() => 'ended'), new Promise((r) => setTimeout(r, 1500, 'waits'))]);
    fails();
    const { code, stdout } = await done;
    expect([first, code]).toEqual(['waits', 1]);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(' ').slice(1, 6).join(' ')),
    ).toEqual([
      expect.stringMatching(/^pr-shop-7 [0-9a-f]{7} waiting for your/),
      expect.stringMatching(/^pr-shop-7 [0-9a-f]{7} your build failed:/),
    ]);
  });

  test('what the forge does not list is said, and is no silence', async () => {
    const { world, command } = await waiting();
    world.spoil('shop', 7);
    const { code, stderr } = await command('list');
    expect([code, stderr]).toEqual([0, expect.stringContaining('previews that wait may be missing: acme/shop')]);
  });
});

test('a pull request without a preview: what its comment says, instead of silence', async () => {
  const { world, status } = await running();
  world.push('blog', { 'preview.yaml': 'spec: [' });
  world.pull('blog', 3);
  await world.with((context) => syncPullRequest(context, { path: 'acme/blog' }, 3));
  expect(await status('acme/blog#3')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/there is no preview of acme\/blog#3; .* says: not started - 1 mistake/),
  });
});

describe('--watch', () => {
  /** The command as a process of its own, and its lines as they come. */
  async function watching(world: World, ...args: string[]) {
    const all = [
      'status',
      ...args,
      '--watch',
      '--interval',
      '1',
      '--apps-repo',
      world.appsRepo,
      '--forge',
      world.forge,
    ];
    const child = spawn(process.execPath, [inject('command'), ...all], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const ended = once(child, 'close').then(([code]) => code as number);
    return { child, line: async () => (await lines.next()).value as string | undefined, ended };
  }

  test('prints changes only, and ends on Ctrl+C with 130', async () => {
    const { world, headSha } = await running();
    const { child, line, ended } = await watching(world, '--format', 'json');
    const first = [JSON.parse((await line())!), JSON.parse((await line())!)];
    expect(first.map(({ name }) => name)).toEqual(['pr-cart-8', 'pr-shop-7']);
    // The same again is no news; what comes next is the change.
    world.now += 60;
    const observed = [{ source: 'cluster', headSha, at: world.now, condition: 'ready' }] as const;
    await world.with((context) => syncPullRequest(context, { path: 'acme/shop' }, 7, { observed }));
    expect(JSON.parse((await line())!)).toMatchObject({ name: 'pr-shop-7', preview: { status: { state: 'ready' } } });
    world.pull('cart', 8, { state: 'closed' });
    await world.with((context) => syncPullRequest(context, { path: 'acme/cart' }, 8));
    expect(JSON.parse((await line())!)).toMatchObject({ name: 'pr-cart-8', preview: null });
    child.kill('SIGINT');
    expect([await line(), await ended]).toEqual([undefined, 130]);
  });

  test('--until-done ends with what it came to: 0 where it answers, 1 where it does not', async () => {
    const { world, status } = await running();
    const until = ['--watch', '--until-done', '--interval', '1'];
    expect(await status('acme/shop#7', ...until)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/Z pr-shop-7 [0-9a-f]{7} not working - the app stops [^\n]*\n$/),
    });
    const { line, ended } = await watching(world, 'acme/cart#8', '--until-done');
    expect(await line()).toMatch(/ pr-cart-8 [0-9a-f]{7} on its way: Committed/);
    const [cart] = JSON.parse((await status('acme/cart#8', '--format', 'json')).stdout).previews;
    const observed = [{ source: 'probe', headSha: cart.headSha, at: world.now + 700, condition: 'ready' }] as const;
    world.now += 700;
    await world.with((context) => syncPullRequest(context, { path: 'acme/cart' }, 8, { observed }));
    expect(await line()).toMatch(/ pr-cart-8 [0-9a-f]{7} ready: Its address answers\.$/);
    expect(await ended).toBe(0);
    expect(await status('acme/shop#9', ...until)).toMatchObject({ code: 1, stdout: '' });
  });

  test('ends on Ctrl+C while a forge gives no answer', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const env = { ...process.env, GITHUB_TOKEN: 'x', GITHUB_API_URL: `http://127.0.0.1:${port}` };
    const args = [inject('command'), 'status', '--watch', '--apps-repo', 'acme/previews'];
    const child = spawn(process.execPath, args, { env, stdio: 'ignore' });
    await once(silent, 'request');
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);
    silent.closeAllConnections();
    silent.close();
  });

  test('its options without it are refused', async () => {
    const { status } = await running();
    expect(await status('--until-done')).toMatchObject({ code: 2, stderr: 'greenroom: --until-done is for --watch\n' });
    expect(await status('--interval', '5')).toMatchObject({ code: 2 });
  });
});

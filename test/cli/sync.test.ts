import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TestRegistry } from '../evidence/registry-server.ts';
import { attach, type KeyPair, keyPair } from '../evidence/signing.ts';
import { greenroom, inProcess } from '../support/command.ts';
import { commitFiles } from '../support/git.ts';
import { hostilePreviews } from '../support/hostile/previews.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

// The command reads the real clock: pull requests are opened now.
const NOW = Math.floor(Date.now() / 1000) - 60;

function openedNow(): World {
  const world = new World();
  world.push('shop', undefined, NOW);
  world.pull('shop', 7, { createdAt: NOW, updatedAt: NOW });
  return world;
}

const doors = (world: World) => ['--apps-repo', world.appsRepo, '--forge', world.forge];
const sync = (world: World, ...more: string[]) =>
  greenroom(['sync', '--repo', 'acme/shop', '--pr', '7', ...doors(world), ...more]);

describe('sync', () => {
  test('commits, says so, and does nothing the second time', async () => {
    const world = openedNow();
    const first = await sync(world);
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(
      /^pr-shop-7: add \(\d+ files\), commit [0-9a-f]{7}; https:\/\/pr-shop-7\.apps\.example\.com/,
    );
    const second = await sync(world, '--format', 'json');
    expect(JSON.parse(second.stdout)).toMatchObject({ name: 'pr-shop-7', effect: 'none', change: [], commit: null });
  });

  test('--dry-run prints the plan', async () => {
    const world = openedNow();
    const head = world.head();
    const { stdout, code } = await sync(world, '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain('  write  previews/main/shop/pr-shop-7/preview.json');
    expect(world.head()).toBe(head);
  });

  test('--event names the pull request, and nothing else in it is believed', async () => {
    const world = openedNow();
    const event = join(world.root, 'event.json');
    const payload = {
      action: 'closed',
      number: 7,
      repository: { full_name: 'acme/shop' },
      pull_request: { number: 7, state: 'closed' },
    };
    writeFileSync(event, JSON.stringify(payload));
    const run = await greenroom(['sync', '--event', event, ...doors(world)]);
    expect(run.code).toBe(0);
    expect(world.previews()).toEqual(['pr-shop-7']);
  });

  test('waits for the image where the platform wants its digest, and shows no password of its registry', async () => {
    const password = 's3cret-of-the-registry';
    const login = Buffer.from(`mia:${password}`).toString('base64');
    await using registry = await TestRegistry.start({ login });
    const image = `${registry.host}/acme/shop`;
    const world = new World(platformText('evidence: { require: [digest] }').replace('ghcr.io', registry.host));
    world.push('shop', { 'preview.yaml': previewText('', `${image}:v1`) }, NOW);
    world.pull('shop', 7, { createdAt: NOW, updatedAt: NOW });
    const env = { DOCKER_CONFIG: world.root };
    const run = () => greenroom(['sync', '--repo', 'acme/shop', '--pr', '7', ...doors(world)], { env });

    const refused = await run();
    expect(refused).toMatchObject({ code: 0, stdout: expect.stringContaining(`docker login ${registry.host}`) });
    writeFileSync(join(world.root, 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth: login } } }));
    registry.image('acme/shop', 'v0');
    const waiting = await run();
    expect(waiting).toMatchObject({ code: 0, stdout: `pr-shop-7: no change; waiting for the image ${image}:v1\n` });
    world.pull('shop', 7, { createdAt: NOW, updatedAt: NOW, builds: [{ name: 'image', state: 'failed' }] });
    const failed = await run();
    expect(failed.stdout.split('\n')[1]).toBe(
      '  Your build "image" did not succeed, so there is nothing new to show. See why, then push a change or run it again.',
    );
    registry.image('acme/shop', 'v1');
    const ready = await run();
    expect(ready).toMatchObject({ code: 0, stdout: expect.stringContaining('pr-shop-7: add') });
    expect(JSON.stringify([refused, waiting, ready, world.comment('shop', 7)])).not.toMatch(
      new RegExp(`${password}|${login}`),
    );
  });

  test('an image that has to be signed runs when it is, not before, and for a while if that is no longer so', async () => {
    await using registry = await TestRegistry.start({ referrersApi: true });
    const key = keyPair();
    const platformWith = ({ pem }: KeyPair) =>
      platformText(`evidence: { require: [digest, signature], keys: [${JSON.stringify(pem)}], endAfter: 2h }`).replace(
        'ghcr.io',
        registry.host,
      );
    const world = new World(platformWith(key));
    world.push('shop', { 'preview.yaml': previewText('', `${registry.host}/acme/shop:v1`) }, NOW);
    world.pull('shop', 7, { createdAt: NOW, updatedAt: NOW });
    const subject = registry.image('acme/shop', 'v1');
    const run = () => greenroom(['sync', '--repo', 'acme/shop', '--pr', '7', ...doors(world)]);
    expect(await run()).toMatchObject({ code: 3, stdout: expect.stringContaining('refused') });
    expect(world.comment('shop', 7)).toContain('The image has no signature');
    attach(registry, 'acme/shop', { subject }, key);
    expect(await run()).toMatchObject({ code: 0, stdout: expect.stringContaining('pr-shop-7: add') });
    commitFiles(world.appsRepo, { 'greenroom.yaml': platformWith(keyPair()) });
    const ending =
      /^pr-shop-7: update .*refused by the rules; the images of what runs lost their evidence, so it ends /;
    expect((await run()).stdout).toMatch(ending);
  });

  test('--event with a comment carries out its command, as the forge has it, and only then syncs', async () => {
    const world = openedNow();
    await sync(world);
    world.now = NOW;
    await world.allow('shop', 'mia', 'write');
    const event = join(world.root, 'event.json');
    const run = (id: number) => {
      const comment = { id, body: '/preview extend 1h', user: { login: 'mia', type: 'User' } };
      const issue = { number: 7, pull_request: {} };
      writeFileSync(
        event,
        JSON.stringify({ action: 'created', repository: { full_name: 'acme/shop' }, issue, comment }),
      );
      return greenroom(['sync', '--event', event, ...doors(world)]);
    };
    const talk = await run(await world.say('shop', 7, 'mia', 'looks good'));
    expect([talk.code, talk.stdout]).toEqual([0, '']);
    expect(talk.stderr).toContain('acme/shop#7: no command');
    const stop = await world.say('shop', 7, 'mia', '/preview stop');
    const stopped = await run(stop);
    expect([stopped.code, stopped.stdout]).toEqual([0, expect.stringContaining('stopped: mia stopped it')]);
    expect([world.previews(), world.answerTo('shop', 7, stop)]).toEqual([[], 'done']);
  });

  test('refused by the rules: exit 3, a report on the pull request, nothing in the apps repo', async () => {
    const world = openedNow();
    world.push('shop', { 'preview.yaml': previewText('', 'docker.io/evil/shop') }, NOW);
    world.pull('shop', 7, { createdAt: NOW, updatedAt: NOW });
    const head = world.head();
    const run = await sync(world);
    expect(run.code).toBe(3);
    expect(run.stdout).toContain('[allowed-registries]');
    expect(world.head()).toBe(head);
    expect(world.comment('shop', 7)).toContain('not started - one thing to change');
    expect(world.check('shop', 7)).toMatchObject({ conclusion: 'failure' });
  });

  test('no answer about the pull request: exit 4', async () => {
    const world = openedNow();
    const run = await greenroom(['sync', '--repo', 'acme/shop', '--pr', '8', ...doors(world)]);
    expect(run.code).toBe(4);
    expect(run.stdout).toContain('left alone');
  });

  test.each([
    [['sync', '--pr', '7'], '--apps-repo'],
    [['sync', '--apps-repo', '/nonexistent', '--forge', '/tmp', '--repo', 'acme/shop', '--pr', '7'], '/nonexistent'],
    [['sync', '--apps-repo', 'x', '--forge', '/tmp', '--pr', '7'], '--repo is needed'],
  ])('%j is a usage error', async (args, words) => {
    const run = await greenroom(args);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(words);
  });

  test('hostile preview files at the head, one of twenty of the corpus: exit 2, the apps repo untouched', async () => {
    const world = openedNow();
    const head = world.head();
    for (const { bytes, name } of hostilePreviews().filter((_, i) => i % 20 === 0)) {
      world.push('shop', { 'preview.yaml': Buffer.from(bytes) }, NOW);
      world.pull('shop', 7, { createdAt: NOW, updatedAt: NOW });
      const args = ['sync', '--repo', 'acme/shop', '--pr', '7', ...doors(world)];
      const run = await inProcess(args);
      expect([name, run.code]).toEqual([name, 2]);
    }
    expect(world.head()).toBe(head);
  });
});

test('sweep reports each change, what it left alone, and fails only for what it could not do', async () => {
  const world = openedNow();
  const args = ['sweep', ...doors(world)];
  const first = await greenroom(args);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toMatch(/1 preview looked at, 1 changed\n$/);
  world.pull('shop', 7, { state: 'closed', createdAt: NOW, updatedAt: NOW });
  const second = await greenroom([...args, '--format', 'json']);
  expect(JSON.parse(second.stdout)).toMatchObject({ results: [{ name: 'pr-shop-7', effect: 'remove' }], failures: [] });
  expect(world.previews()).toEqual([]);
});

test('the forge is chosen by name, and an unknown name lists those that there are', async () => {
  const world = openedNow();
  const event = join(world.root, 'event.json');
  writeFileSync(event, JSON.stringify({ number: 7, repository: { full_name: 'acme/shop' } }));
  const run = (forge: string) =>
    greenroom(['sync', '--event', event, ...doors(world), '--dry-run'], { env: { GREENROOM_FORGE: forge } });
  expect((await run('github')).code).toBe(0);
  const { code, stderr } = await run('gitlap');
  expect(code).toBe(2);
  expect(stderr).toMatch(/^greenroom: GREENROOM_FORGE must be one of: .*\bgithub\b.*; found "gitlap"\n$/);
});

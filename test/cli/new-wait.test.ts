import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { untilReady } from '../../lib/cli/new/until-ready.ts';
import { GreenroomError } from '../../lib/core/errors.ts';
import type { Observation } from '../../lib/status/observation.ts';
import { progressOf } from '../../lib/sync/progress.ts';
import { type SyncOptions, syncPullRequest } from '../../lib/sync/sync.ts';
import { inProcess } from '../support/command.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { bareRepo, commitFiles, tempFolder } from '../support/git.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

const SHOP = { path: 'acme/shop' };
const GitHubWorld = overGitHub(World);

const opened = <W extends World>(world: W, preview = previewText()): W => {
  world.push('shop', { 'preview.yaml': preview });
  world.pull('shop', 7);
  return world;
};
const sync = (world: World, options: SyncOptions = {}) =>
  world.with((context) => syncPullRequest(context, SHOP, 7, options));
const see = (world: World, parts: Partial<Observation>) => {
  const { headSha } = JSON.parse(world.read('previews/main/shop/pr-shop-7/preview.json'));
  return sync(world, { observed: [{ source: 'cluster', headSha, at: world.now, condition: 'ready', ...parts }] });
};

/** What somebody who waits reads, while the world does one step in each pause. */
async function waited(world: World, steps: readonly (() => unknown)[], before: string | null = null) {
  const lines: string[] = [];
  const left = [...steps];
  const end = await untilReady({
    look: () => world.with((context) => progressOf(context, SHOP, 7)),
    pause: async (seconds) => {
      world.now += Math.max(1, seconds);
      await left.shift()?.();
    },
    clock: () => world.now,
    say: (line) => lines.push(line.replace('waiting: ', '').trimEnd()),
    limit: 900,
    before,
  });
  return { ...end, lines, left: left.length };
}

describe.each([
  ['a local forge', (text?: string) => opened(new World(), text)],
  ['GitHub', (text?: string) => opened(new GitHubWorld(), text)],
])('waiting on %s', (_, make) => {
  test('says each state once, until it answers', async () => {
    const world = make();
    const end = await waited(world, [
      () => {},
      () => sync(world),
      () => {},
      () => see(world, { condition: 'starting' }),
      () => see(world, {}),
    ]);
    expect(end).toMatchObject({ outcome: 'ready', exitCode: 0, left: 0 });
    expect(end.sentence).toBe('It runs, and its health check answers. https://pr-shop-7.apps.example.com');
    expect(end.lines).toEqual([
      'greenroom has not looked at the pull request yet',
      expect.stringMatching(/^on its way: Committed .*it usually answers within 3 minutes$/),
      expect.stringMatching(/^starting: /),
    ]);
  });

  test('ends where the maker has to change something, with the exit code of sync', async () => {
    const crashed = make();
    const end = await waited(crashed, [
      () => sync(crashed),
      () => see(crashed, { condition: 'not-working', reason: 'exits', facts: { code: 1 } }),
    ]);
    expect(end).toMatchObject({ outcome: 'stopped', exitCode: 1 });
    expect(end.sentence).toMatch(/^not working - the app stops right after it starts: It ended with exit code 1/);
    const denied = make(previewText().replace('ghcr.io/acme', 'docker.io/other'));
    expect(await waited(denied, [() => sync(denied)])).toMatchObject({
      outcome: 'stopped',
      exitCode: 3,
      sentence: 'Preview: not started - one thing to change. Its comment says more.',
    });
    const invalid = make(previewText('prot: 80'));
    expect(await waited(invalid, [() => sync(invalid)])).toMatchObject({ outcome: 'stopped', exitCode: 2 });
  });

  test('gives up after its time, and says what it waited for', async () => {
    const end = await waited(make(), []);
    expect(end).toMatchObject({ outcome: 'timeout', exitCode: 4 });
    expect(end.sentence).toBe(
      'Stopped after 15 minutes of waiting: greenroom has not looked at the pull request yet. Run the same command again to go on.',
    );
  });

  test('a pull request that is closed meanwhile gets none', async () => {
    const world = make();
    expect(await waited(world, [() => world.pull('shop', 7, { state: 'closed' })])).toMatchObject({
      outcome: 'stopped',
      sentence: 'The pull request was closed; it gets no preview.',
    });
  });
});

test('where registration is asked for, it waits for that, and not for the maker', async () => {
  const world = opened(new World(platformText('').replace('{ owner: acme }', '{ owner: acme, registered: true }')));
  const { lines, outcome } = await waited(
    world,
    [
      () => sync(world),
      () => {
        const app =
          'apiVersion: greenroom.dev/v1alpha1\nkind: MicroApp\nspec: { repository: acme/shop, owner: "@mia" }\n';
        commitFiles(world.appsRepo, { 'apps/acme/shop.yaml': app });
      },
      () => sync(world),
      () => see(world, {}),
    ],
    'the registration to be merged (pull request 1 of previews)',
  );
  expect([outcome, lines[0], lines.length]).toEqual([
    'ready',
    'the registration to be merged (pull request 1 of previews)',
    2,
  ]);
});

test('a forge that is away for a moment ends no wait; what is wrong with the apps repo does', async () => {
  const answers = [new GreenroomError('unreachable', 'GitHub answers with 502'), new GreenroomError('failed', 'no')];
  const lines: string[] = [];
  const end = untilReady({
    look: () => Promise.reject(answers.shift()),
    pause: async () => {},
    clock: () => 0,
    say: (line) => lines.push(line),
    limit: 60,
    before: null,
  });
  await expect(end).rejects.toThrow('no');
  expect(lines).toEqual(['waiting: no answer about the pull request (GitHub answers with 502)\n']);
});

describe('greenroom new --wait', () => {
  const world = () => {
    const root = tempFolder();
    bareRepo({ 'greenroom.yaml': platformText() }, { path: join(root, 'acme/previews.git') });
    const where = ['--apps-repo', join(root, 'acme/previews.git'), '--forge', root];
    const args = ['new', 'function', '--repo', 'acme/shop', '--owner', '@acme/web', '--no-input', ...where];
    return { root, where, args };
  };

  test.each([
    [['--wait', '--dry-run'], '--wait and --dry-run: a dry run makes nothing to wait for'],
    [['--timeout', '5m'], '--timeout belongs to --wait'],
    [['--wait', '--timeout', 'soon'], 'It takes a time such as 15m or 1h.'],
  ])('%j is refused before anything is made', async (more, complaint) => {
    const { args, root } = world();
    expect(await inProcess([...args, ...more], root)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(complaint),
    });
  });

  test('Ctrl+C ends it with 130; run again, it goes on', async () => {
    const { args, root } = world();
    const child = spawn(process.execPath, [inject('command'), ...args, '--wait'], { cwd: root });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      if (text.includes('waiting: ')) child.kill('SIGINT');
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect([code, stderr]).toEqual([
      130,
      expect.stringContaining('greenroom: stopped; run the same command again to go on\n'),
    ]);
    expect(stderr).toContain('waiting: greenroom has not looked at the pull request yet\n');
  });
});

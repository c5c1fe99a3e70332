import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { greenroom } from '../support/command.ts';
import { mergePull } from '../support/fake-github/pulls.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { git } from '../support/git.ts';
import { platformText } from '../support/inputs.ts';
import { World } from '../support/world.ts';
import { deliver as deliverEvent, SECRET } from './deliver.ts';

const GitHubWorld = overGitHub(World);
const NOW = Math.floor(Date.now() / 1000) - 60;

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function opened(count: number, platform?: string) {
  const world = new GitHubWorld(platform);
  world.now = NOW + 60;
  world.push('shop', undefined, NOW);
  for (let number = 1; number <= count; number += 1) world.pull('shop', number, { createdAt: NOW, updatedAt: NOW });
  return { world, fake: await world.github() };
}

/** A receiver as a process of its own; comes back when it listens. */
async function serve(fake: { url: string; token: string }, ...args: string[]) {
  const command = [
    inject('command'),
    'serve',
    '--apps-repo',
    'acme/previews',
    '--listen',
    '127.0.0.1:0',
    '--format',
    'json',
  ];
  const env = { ...process.env, GITHUB_TOKEN: fake.token, GITHUB_API_URL: fake.url, GREENROOM_WEBHOOK_SECRET: SECRET };
  const child = spawn(process.execPath, [...command, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(child);
  const log: Record<string, unknown>[] = [];
  const lines = createInterface({ input: child.stderr! });
  const url = await new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      const entry = JSON.parse(line);
      log.push(entry);
      if (entry.event === 'listening') resolve(entry.url);
    });
    child.once('close', () => reject(new Error(`it ended: ${JSON.stringify(log)}`)));
  });
  return { child, url, log };
}

async function deliver(url: string, number: number): Promise<number | null> {
  const payload = { repository: { name: 'shop', owner: { login: 'acme' } }, pull_request: { number } };
  return deliverEvent(url, 'pull_request', payload).then(
    ({ status }) => status,
    () => null,
  );
}

const WAIT = { timeout: 50_000, interval: 100 };

describe('receivers as processes', () => {
  test('two side by side, one of them killed in the middle: the tree is right, and nothing was written twice', async () => {
    const { world, fake } = await opened(6);
    const never = ['--sweep-every', 'never'];
    const [first, second] = await Promise.all([serve(fake, ...never), serve(fake, ...never)]);
    // The first dies between having asked for a commit and hearing of it.
    let commits = 0;
    fake.fault = ({ operation }) => {
      if (operation !== 'CommitFiles') return undefined;
      commits += 1;
      if (commits === 2) first.child.kill('SIGKILL');
      return undefined;
    };
    for (const number of [1, 2, 3]) await deliver(first.url, number);
    for (const number of [3, 4, 5]) await deliver(second.url, number);
    await once(first.child, 'close');
    world.pull('shop', 5, { state: 'closed', createdAt: NOW });
    expect(await deliver(second.url, 5)).toBe(202);
    // What the first had taken on is nobody's: a sweep finds it.
    const third = await serve(fake);
    await expect
      .poll(() => third.log.some(({ event, previews }) => event === 'sweep' && previews !== undefined), WAIT)
      .toBe(true);
    await expect.poll(() => world.previews(), WAIT).toEqual([1, 2, 3, 4, 6].map((n) => `pr-shop-${n}`));
    expect(git(world.appsRepo, ['rev-list', '--merges', '--count', 'main'])).toBe('0');
    for (const number of [1, 2, 3, 4, 6]) {
      const added = git(world.appsRepo, [
        'log',
        '--format=%H',
        '--diff-filter=A',
        'main',
        '--',
        `previews/main/shop/pr-shop-${number}/preview.json`,
      ]);
      expect(added.split('\n')).toHaveLength(1);
    }
    const text = JSON.stringify([first.log, second.log, third.log]);
    expect(text).not.toContain(fake.token);
    expect(text).not.toContain(SECRET);
  });

  test('SIGTERM: what runs is finished, the exit code is 0, and the next one goes on', async () => {
    const { world, fake } = await opened(2);
    const { child, url, log } = await serve(fake, '--sweep-every', 'never', '--concurrency', '1');
    let isCommitting = () => {};
    const committing = new Promise<void>((resolve) => {
      isCommitting = resolve;
    });
    fake.fault = ({ operation }) => {
      if (operation === 'CommitFiles') isCommitting();
      return operation === 'CommitFiles' ? { delay: 300, edit: (body) => body } : undefined;
    };
    await deliver(url, 1);
    await deliver(url, 2);
    await committing;
    child.kill('SIGTERM');
    const [code] = await once(child, 'close');
    expect(code).toBe(0);
    expect(log.at(-1)).toMatchObject({ event: 'stopped', running: 0, waiting: 1 });
    expect(world.previews()).toEqual(['pr-shop-1']);
    await serve(fake);
    await expect.poll(() => world.previews(), WAIT).toEqual(['pr-shop-1', 'pr-shop-2']);
  });

  test('it knows its own apps repo: a proposal that is merged there is told where it is waited for', async () => {
    const { world, fake } = await opened(1, platformText('commit: { mode: pull-request }'));
    const { url, log } = await serve(fake, '--sweep-every', 'never');
    const synced = (count: number) =>
      expect
        .poll(() => log.filter(({ event, state }) => event === 'sync' && state !== undefined).length, WAIT)
        .toBe(count);
    await deliver(url, 1);
    await synced(1);
    expect(world.comment('shop', 1)).toContain('waiting for review');
    mergePull(fake, 'acme', 'previews', 1);
    const apps = fake.repository('acme', 'previews')!;
    const closed = {
      action: 'closed',
      repository: { id: apps.id, name: 'previews', owner: { login: 'acme' } },
      pull_request: {
        number: 1,
        body: fake.bodies.get(`PR_${apps.id}_1`),
        head: { ref: 'greenroom/pr-shop-1', repo: { id: apps.id } },
      },
    };
    expect((await deliverEvent(url, 'pull_request', closed)).status).toBe(202);
    await synced(2);
    expect(world.comment('shop', 1)).toContain('Open the preview');
  });

  test('a second signal ends it at once', async () => {
    const { fake } = await opened(1);
    const { child, url } = await serve(fake, '--sweep-every', 'never');
    fake.fault = () => ({ delay: 60_000 });
    await deliver(url, 1);
    child.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 200));
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([1, null]);
  });
});

test.each([
  [{}, [], 'GREENROOM_WEBHOOK_SECRET is not set'],
  [{ GREENROOM_WEBHOOK_SECRET: SECRET, GITHUB_TOKEN: '' }, [], 'GITHUB_TOKEN is not set'],
  [{ GREENROOM_WEBHOOK_SECRET: 'short' }, [], 'at least 16 characters'],
  [{ GREENROOM_WEBHOOK_SECRET: SECRET }, ['--listen', '8080'], 'HOST:PORT'],
  [{ GREENROOM_WEBHOOK_SECRET: SECRET }, ['--grace', '30'], '30s, 10m or 1h'],
])('what is wrong in %j %j is said', async (env, args, message) => {
  const command = ['serve', '--apps-repo', 'acme/previews', ...args];
  const { code, stderr } = await greenroom(command, {
    env: { GITHUB_TOKEN: 'x', GREENROOM_WEBHOOK_SECRET: '', ...env },
  });
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

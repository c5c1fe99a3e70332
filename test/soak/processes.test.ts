import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, inject, test } from 'vitest';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { SECRET } from '../serve/deliver.ts';
import { deliver, opened, serve, WAIT } from '../serve/receiver.ts';
import { greenroom, NO_PAUSE } from '../support/command.ts';
import { manyPulls } from '../support/fake-github/many.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { bareRepo, filesOf, git } from '../support/git.ts';
import { previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

// The command reads the real clock: pull requests are opened now.
const NOW = Math.floor(Date.now() / 1000) - 60;

test('40 pull requests, 8 processes, 10 closes in between: nothing lost, nothing left over, one line of history', async () => {
  const world = new World();
  world.push('shop', undefined, NOW);
  const numbers = Array.from({ length: 40 }, (_, i) => i + 1);
  for (const n of numbers) world.pull('shop', n, { createdAt: NOW, updatedAt: NOW });
  const work = numbers.flatMap((n) => (n % 4 === 0 ? [{ n }, { n, close: true }] : [{ n }]));
  const at = ['--apps-repo', world.appsRepo, '--forge', world.forge];
  const worker = async () => {
    for (let job = work.shift(); job !== undefined; job = work.shift()) {
      if ('close' in job) world.pull('shop', job.n, { state: 'closed', createdAt: NOW, updatedAt: NOW + 1 });
      const run = await greenroom(['sync', '--repo', 'acme/shop', '--pr', String(job.n), ...at]);
      expect([run.code, run.stderr]).toEqual([0, '']);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  const open = numbers.filter((n) => n % 4 !== 0).map((n) => `pr-shop-${n}`);
  expect(world.previews()).toEqual(open.sort());
  expect(git(world.appsRepo, ['rev-list', '--merges', '--count', 'main'])).toBe('0');
  const touched = git(world.appsRepo, ['log', '--format=', '--name-only', 'main', '--', ':!greenroom.yaml']).split(
    '\n',
  );
  expect(touched.filter((path) => path !== '' && !path.startsWith('previews/main/shop/pr-shop-'))).toEqual([]);
  git(world.appsRepo, ['fsck', '--strict']);
});

test.each([
  ['the repository itself', (path: string) => path, 8, 12],
  ['a remote', (path: string) => pathToFileURL(path).href, 4, 3],
])('many processes that commit to %s at once lose nothing', async (_, location, processes, commits) => {
  const path = bareRepo({ keep: 'k' });
  const writer = fileURLToPath(new URL('../gitops/writer.ts', import.meta.url));
  const exits = Array.from({ length: processes }, async (_, id) => {
    const args = ['--import', 'tsx', writer, location(path), String(id), String(commits)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const errors: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    const [code] = await once(child, 'close');
    expect({ code, errors: Buffer.concat(errors).toString() }).toEqual({ code: 0, errors: '' });
  });
  await Promise.all(exits);
  const expected: Record<string, string> = { keep: 'k', common: 'the same of everyone' };
  for (let id = 0; id < processes; id += 1) {
    for (let n = 0; n < commits; n += 1) expected[`previews/main/w/${id}-${n}/preview.json`] = String(n);
  }
  expect(filesOf(path)).toEqual(expected);
  expect(git(path, ['rev-list', '--count', '--first-parent', 'main'])).toBe(String(1 + processes * commits));
  expect(git(path, ['rev-list', '--count', '--merges', 'main'])).toBe('0');
  expect(git(path, ['fsck', '--strict', '--no-dangling'])).toBe('');
  expect(
    readdirSync(join(path, 'objects'), { recursive: true }).filter((name) => String(name).includes('tmp_obj')),
  ).toEqual([]);
});

test('a sweep that is killed between two batches goes on where it was, and does nothing twice', async () => {
  const world = new (overGitHub(World))();
  manyPulls(world, 1, 60, (n) => previewText(`env: { SERIAL: "${n}" }`), NOW);
  const fake = await world.github();
  const child = spawn(process.execPath, [inject('command'), 'sweep', '--apps-repo', 'acme/previews'], {
    env: { ...process.env, ...NO_PAUSE, GITHUB_TOKEN: fake.token, GITHUB_API_URL: fake.url },
    stdio: 'ignore',
  });
  let commits = 0;
  fake.fault = ({ operation }) => {
    // The larger one is made of trees, in parts.
    if (operation === 'CommitFiles' || operation === 'MoveBranch') commits += 1;
    if (commits === 2) child.kill('SIGKILL');
    return commits === 2 ? { status: 502 } : undefined;
  };
  await new Promise((resolve) => child.on('close', resolve));
  fake.fault = () => undefined;
  expect(world.previews()).toHaveLength(50);
  const [first] = git(world.appsRepo, ['log', '--format=%H', 'main']).split('\n');

  fake.requests.length = 0;
  // Not by the command: at GitHub's pace, 120 comments and checks would take a minute.
  world.now = NOW + 60;
  const apply = { random: () => 0, sleep: async () => undefined };
  const { results, failures } = await world.with((context) => sweep(context, { apply }));
  expect([results.length, results.filter(({ effect }) => effect === 'create').length, failures]).toEqual([60, 10, []]);
  expect(world.previews()).toHaveLength(60);
  expect(fake.requests.filter(({ operation }) => operation === 'CommitFiles')).toHaveLength(1);
  // The second commit holds ten previews, and nothing of the first fifty.
  const changed = git(world.appsRepo, ['diff', '--name-only', first!, 'main']).split('\n');
  expect(new Set(changed.map((path) => path.split('/')[3])).size).toBe(10);
  for (let n = 1; n <= 60; n += 1) expect(fake.commentsOf('acme', 'app-1', n)).toHaveLength(1);
});

test('two receivers side by side, one of them killed in the middle: the tree is right, and nothing was written twice', async () => {
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

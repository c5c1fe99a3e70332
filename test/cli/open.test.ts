import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { PreviewCondition } from '../../lib/status/observation.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { inProcess } from '../support/command.ts';
import { git, tempFolder } from '../support/git.ts';
import { World } from '../support/world.ts';

const URL = 'https://pr-shop-7.apps.example.com';
let world: World;
let sha: string;

beforeEach(async () => {
  world = new World();
  sha = world.push('shop');
  world.pull('shop', 7);
  await world.with((context) => syncPullRequest(context, { path: 'acme/shop' }, 7));
});

async function seen(condition: PreviewCondition, more: object = {}): Promise<void> {
  world.now += 60;
  const observed = [{ source: 'cluster', headSha: sha, at: world.now, condition, ...more }] as const;
  await world.with((context) => syncPullRequest(context, { path: 'acme/shop' }, 7, { observed }));
}

/** On a terminal, with a browser that notes what it is given. */
async function open(args: readonly string[], options: { browser?: string; interactive?: boolean; cwd?: string } = {}) {
  const note = join(tempFolder(), 'opened');
  const browser = join(tempFolder(), 'browser');
  writeFileSync(browser, `#!/bin/sh\nprintf '%s\\n' "$@" > '${note}'\n`);
  chmodSync(browser, 0o755);
  const { browser: own = browser, cwd, interactive = true } = options;
  const all = ['open', ...args, '--apps-repo', world.appsRepo, '--forge', world.forge];
  const run = await inProcess(all, cwd, { ...process.env, BROWSER: own }, interactive);
  return { ...run, opened: existsSync(note) ? readFileSync(note, 'utf8').trim() : null };
}

test.each(['acme/shop#7', 'ACME/Shop#7', 'pr-shop-7', URL, `${URL}/`])('%s is opened and printed', async (name) => {
  await seen('ready');
  expect(await open([name])).toEqual({ code: 0, stdout: `${URL}\n`, stderr: '', opened: URL });
});

test('without a terminal, and on request, it is printed alone', async () => {
  await seen('ready');
  const printed = { code: 0, stdout: `${URL}\n`, stderr: '', opened: null };
  expect(await open(['acme/shop#7'], { interactive: false })).toEqual(printed);
  expect(await open(['acme/shop#7', '--no-browser'])).toEqual(printed);
});

test('where nobody has looked, that is said', async () => {
  expect(await open(['acme/shop#7'])).toMatchObject({
    code: 0,
    opened: URL,
    stderr: expect.stringMatching(/^pr-shop-7: it is unknown whether it answers\. Committed /),
  });
});

test('what does not answer is not opened, and its reason is said', async () => {
  await seen('not-working', { reason: 'exits', facts: { code: 1 } });
  const { code, stdout, stderr, opened } = await open(['acme/shop#7']);
  expect([code, stdout, opened]).toEqual([1, '', null]);
  expect(stderr).toMatch(
    /^greenroom: pr-shop-7: not working - the app stops right after it starts\. It ended with exit code 1\./,
  );
  const { answers, refusal } = JSON.parse((await open(['acme/shop#7', '--format', 'json'])).stdout);
  expect([answers, refusal]).toEqual([false, expect.stringContaining('It ended with exit code 1')]);
});

test('an earlier commit that answers is opened, and named', async () => {
  await seen('starting', { shows: 'b'.repeat(40) });
  expect(await open(['acme/shop#7'])).toMatchObject({
    code: 0,
    opened: URL,
    stderr: 'pr-shop-7: it shows bbbbbbb, an earlier commit\n',
  });
});

test('where only the address was asked after a push, no commit is claimed', async () => {
  await seen('ready');
  sha = world.push('shop', { 'README.md': 'x' });
  world.pull('shop', 7);
  await seen('starting', { source: 'probe' });
  world.now += 3600;
  await seen('ready', { source: 'probe' });
  const sentence = 'Its address answers; nobody has checked whether with this commit or still with an earlier one.';
  expect(await open(['acme/shop#7'])).toMatchObject({ code: 0, opened: URL, stderr: `pr-shop-7: ${sentence}\n` });
  const { commit, answers } = JSON.parse((await open(['acme/shop#7', '--format', 'json'])).stdout);
  expect([commit, answers]).toEqual([null, true]);
});

test('without a name: the preview of the commit that is checked out here', async () => {
  await seen('ready');
  const cwd = tempFolder();
  git(cwd, ['clone', '--quiet', join(world.forge, 'acme', 'shop.git'), cwd]);
  expect(await open([], { cwd })).toMatchObject({ code: 0, opened: URL });
  world.pull('shop', 8);
  await world.with((context) => syncPullRequest(context, { path: 'acme/shop' }, 8));
  expect(await open([], { cwd })).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /several previews of the commit [0-9a-f]{7}.*: pr-shop-7, pr-shop-8; name one of them/,
    ),
  });
  expect(await open([], { cwd: tempFolder() })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('name a preview'),
  });
});

test('a browser that is not there, or fails, is no success', async () => {
  await seen('ready');
  expect(await open(['acme/shop#7'], { browser: '/nowhere/browser' })).toEqual({
    code: 1,
    stdout: `${URL}\n`,
    stderr: 'greenroom: no browser was opened: /nowhere/browser is not there; the address is above\n',
    opened: null,
  });
  expect(await open(['acme/shop#7'], { browser: 'false' })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('false ended with 1'),
  });
});

test.each([
  'file:///etc/passwd',
  'javascript:alert(1)',
  '--help',
  'https://a b',
  '',
  'https://a/\u001b[2J',
  'https://a/\nb',
])('whatever stands in the apps repo, %j is not handed to a browser', async (url) => {
  const path = 'previews/main/shop/pr-shop-7/preview.json';
  const record = JSON.parse(world.read(path));
  world.settle({ [path]: `${JSON.stringify({ ...record, url }, null, 2)}\n` });
  expect(await open(['acme/shop#7'])).toMatchObject({ code: 1, stdout: '', opened: null });
});

test('one that does not exist', async () => {
  expect(await open(['acme/shop#99'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: 'greenroom: there is no preview of acme/shop#99\n',
  });
});

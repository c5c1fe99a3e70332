import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { main } from '../../lib/cli/main.ts';
import { greenroom, NO_PAUSE } from '../support/command.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { git, tempFolder } from '../support/git.ts';
import { previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

const GitHubWorld = overGitHub(World);
type GitHubWorld = InstanceType<typeof GitHubWorld>;
const ARGS = ['sweep', '--apps-repo', 'acme/previews'];

async function environment(world: GitHubWorld): Promise<Record<string, string>> {
  const fake = await world.github();
  return { GITHUB_TOKEN: fake.token, GITHUB_API_URL: fake.url };
}

const run = async (world: GitHubWorld, env = {}, args: readonly string[] = []) =>
  greenroom([...ARGS, ...args], { env: { ...(await environment(world)), ...env } });

/** Two previews of pull requests that are open. @param age seconds since the pull requests were changed */
async function live(age = 60) {
  const now = Math.floor(Date.now() / 1000) - age;
  const world = new GitHubWorld();
  world.push('shop', undefined, now);
  for (const number of [7, 8]) world.pull('shop', number, { createdAt: now, updatedAt: now });
  const fake = await world.github();
  expect(await run(world)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('2 previews looked at, 2 changed'),
  });
  return { world, fake, now };
}

describe('what is wrong is said in a sentence', () => {
  test('pull requests that are not found: exit code 4, and everything stays', async () => {
    const { world, fake } = await live();
    const head = world.head();
    const body = JSON.stringify({ data: { repository: null }, errors: [{ type: 'NOT_FOUND', message: 'gone' }] });
    fake.fault = ({ operation, path }) =>
      operation === 'ListPulls' || operation === 'ReadPull' || path.startsWith('/repositories/')
        ? { status: operation === undefined ? 404 : 200, headers: { 'content-type': 'application/json' }, body }
        : undefined;
    const { code, stderr } = await run(world);
    expect([code, world.head()]).toEqual([4, head]);
    expect(stderr).toContain('left alone: acme/shop#7');
  });

  test.each(['repositories', 'pullRequests'])('an empty list of %s while they are open: an alarm', async (list) => {
    const { world, fake } = await live(600);
    const head = world.head();
    const empty = { totalCount: 0, pageInfo: { hasNextPage: false, endCursor: null }, nodes: [] };
    fake.fault = ({ operation }) => {
      if (operation !== (list === 'repositories' ? 'ListRepositories' : 'ListPulls')) return undefined;
      const edit = (body: string) => {
        const { data } = JSON.parse(body) as { data: Record<string, object | null> };
        return JSON.stringify({
          data: Object.fromEntries(Object.entries(data).map(([key, found]) => [key, { ...found, [list]: empty }])),
        });
      };
      return { edit };
    };
    const file = join(tempFolder(), 'alarms.md');
    const { code, stderr } = await run(world, {}, ['--alarms', file]);
    expect([code, world.head()]).toEqual([1, head]);
    expect(stderr).toContain('acme/shop: #7, #8 are open, but');
    expect(readFileSync(file, 'utf8')).toMatch(
      /^- acme\/shop: `#7`, `#8` are open, but .* others may be missing as well/,
    );
    fake.fault = () => undefined;
    expect((await run(world, {}, ['--alarms', file])).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  test.each([
    ['sweep', []],
    ['sync', ['--repo', 'acme/shop', '--pr', '7']],
  ])('a limit of an hour: %s ends with exit code 4 after one request', async (command, args) => {
    const { world, fake, now } = await live(600);
    const sha = world.push('shop', { 'preview.yaml': previewText('ttl: 3h') }, now + 1);
    world.pull('shop', 7, { sha, createdAt: now, updatedAt: now + 1 });
    const head = world.head();
    fake.requests.length = 0;
    const headers = { 'content-type': 'application/json', 'retry-after': '3600' };
    const body = JSON.stringify({ message: 'You have exceeded a secondary rate limit.' });
    fake.fault = ({ operation }) => (operation === 'CommitFiles' ? { status: 403, headers, body } : undefined);
    const at = ['--apps-repo', 'acme/previews'];
    const { code, stderr } = await greenroom([command, ...args, ...at], { env: await environment(world) });
    expect([code, world.head()]).toEqual([4, head]);
    expect(stderr).toContain('rate limit');
    // One try, and nothing after it: not even the reports.
    const calls = fake.requests.map(({ operation }) => operation);
    expect(calls.filter((call) => call === 'CommitFiles')).toHaveLength(1);
    expect(calls.at(-1)).toBe('CommitFiles');
  });

  test('a token that GitHub does not know: exit code 1', async () => {
    const { world } = await live();
    const { code, stdout, stderr } = await run(world, { GITHUB_TOKEN: 'ghp_unknown' });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/does not accept the credentials; the token is wrong, .*: set GITHUB_TOKEN to a valid one/);
    expect(stderr).not.toContain('ghp_unknown');
  });

  test('a permission that is missing on the apps repo: exit code 1, and its name', async () => {
    const { world, fake, now } = await live();
    world.pull('shop', 9, { createdAt: now, updatedAt: now });
    fake.missing.add('contents');
    const { code, stderr } = await run(world);
    expect(code).toBe(1);
    expect(stderr).toContain('it needs the permission "Contents: write" there');
    expect(world.previews()).toHaveLength(2);
  });

  test('a permission that is missing on the micro app: the preview is there, a note names it', async () => {
    const { world, fake, now } = await live();
    world.pull('shop', 9, { createdAt: now, updatedAt: now });
    fake.missing.add('comments');
    const { code, stderr } = await run(world);
    expect(code).toBe(0);
    expect(stderr).toContain('it needs the permission "Pull requests: write" there');
    expect(world.previews()).toHaveLength(3);
  });

  test('a repository that was renamed is followed: nothing is lost', async () => {
    const { world } = await live();
    world.rename('shop', 'store');
    const moved = await run(world);
    expect([moved.code, world.previews()]).toEqual([0, ['pr-shop-7', 'pr-shop-8']]);
  });

  test('a cache folder that cannot be made: exit code 2', async () => {
    const { world } = await live();
    const { code, stderr } = await run(world, {}, ['--cache', '/dev/null/cache']);
    expect(code).toBe(2);
    expect(stderr).toContain('/dev/null/cache');
  });
});

test('how far it has come is drawn for who watches, and a summary follows', async () => {
  const { world, fake, now } = await live();
  world.pull('shop', 9, { createdAt: now, updatedAt: now });
  const said: string[] = [];
  const env = await environment(world);
  const err = (text: string) => said.push(text);
  const run = (interactive: boolean, out: (text: string) => void) =>
    main(ARGS, {
      out,
      err,
      env: { ...NO_PAUSE, ...env },
      cwd: '/',
      interactive,
      fail: (code) => expect.unreachable(`exit ${code}`),
    });
  const lines: string[] = [];
  await run(true, (text) => lines.push(text));
  expect(said).toEqual([
    '\r0 of 3 previews',
    '\r1 of 3 previews',
    '\r2 of 3 previews',
    '\r3 of 3 previews',
    '\r\u001b[K',
  ]);
  expect(lines.join('')).toMatch(/^pr-shop-9: add[\s\S]*\n3 previews looked at, 1 changed\n$/);
  said.length = 0;
  await run(false, () => undefined);
  expect([said, fake.requests.length > 0]).toEqual([[], true]);
});

test('--cache: the second sweep makes a handful of requests, and the folder holds no token', async () => {
  const { world, fake } = await live();
  const folder = tempFolder();
  await run(world, {}, ['--cache', folder]);
  fake.requests.length = 0;
  expect(await run(world, {}, ['--cache', folder])).toMatchObject({ code: 0 });
  const asked = fake.requests.map(({ operation, path }) => operation ?? path);
  const trees = ['ReadTrees', 'ReadTrees', 'ReadTrees'];
  expect(asked.sort()).toEqual(['ListPulls', 'ListRepositories', 'ReadHistory', ...trees]);
  expect(() => git(folder, ['grep', '--no-index', '-q', fake.token])).toThrow();
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { greenroom, inProcess } from '../support/command.ts';
import { mergePull } from '../support/fake-github/pulls.ts';
import type { Fault } from '../support/fake-github/server.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

const GitHubWorld = overGitHub(World);
type GitHubWorld = InstanceType<typeof GitHubWorld>;

async function opened() {
  const world = new GitHubWorld();
  world.push('shop');
  world.pull('shop', 7);
  return { world, fake: await world.github() };
}

const apply = { random: () => 0, sleep: async () => undefined };
const sync = (world: GitHubWorld, name = 'shop', number = 7) =>
  world.with((context) => syncPullRequest(context, { path: `acme/${name}` }, number, { apply }));

/** Operations on the apps repo. */
const APPS = (request: { body: Record<string, unknown> }) => {
  const variables = request.body['variables'] as { name?: string; input?: object } | undefined;
  return variables?.name === 'previews' || JSON.stringify(variables?.input ?? '').includes('acme/previews');
};

describe('requests to the apps repo', () => {
  test('at most 4 for a change, and 3 for none', async () => {
    // Places are limited, so that a new preview looks at all the others; one of them has its number.
    const world = new GitHubWorld(platformText('slots: { total: 50 }'));
    const fake = await world.github();
    for (const name of ['shop', 'cart', 'blog']) world.push(name);
    for (const [name, n] of [
      ['shop', 1],
      ['shop', 2],
      ['cart', 7],
      ['blog', 17],
    ] as const) {
      world.pull(name, n);
      await sync(world, name, n);
    }
    world.pull('shop', 7);
    const cost = async () => {
      fake.requests.length = 0;
      const { effect } = await sync(world);
      return [effect, fake.requests.filter(APPS).length];
    };
    expect(await cost()).toEqual(['create', 4]);
    expect(await cost()).toEqual(['none', 2]);
    world.push('shop', { 'preview.yaml': previewText('', 'ghcr.io/acme/other') });
    world.pull('shop', 7);
    expect(await cost()).toEqual(['update', 3]);
    world.pull('shop', 7, { state: 'closed' });
    expect(await cost()).toEqual(['remove', 3]);
    expect(await cost()).toEqual(['none', 3]);
  });
});

describe('faults', () => {
  const count = (world: World) => world.paths().length;

  test('a commit whose answer was lost is one commit, and the maker reads about it', async () => {
    const { world, fake } = await opened();
    const before = world.head();
    let lost = 1;
    fake.fault = ({ operation }) =>
      operation === 'CommitFiles' && lost-- > 0 ? { status: 502, after: true } : undefined;
    expect(await sync(world)).toMatchObject({ state: { state: 'committed' } });
    expect(fake.requests.filter(({ operation }) => operation === 'CommitFiles')).toHaveLength(1);
    expect(world.previews()).toEqual(['pr-shop-7']);
    expect(world.head()).not.toBe(before);
    expect(world.comment('shop', 7)).toContain('[Its address]');
  });

  const HTML: Fault = { status: 200 };
  const json = (status: number, body: object): Fault => ({
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const nothing = { repository: null, repositoryOwner: null };
  test.each([
    ['HTML with status 200', HTML],
    ['server errors', json(500, { message: 'Server Error' })],
    ['404', json(404, { message: 'Not Found' })],
    ['403', json(403, { message: 'Forbidden' })],
    ['an empty answer', json(200, { data: nothing })],
    ['an answer about nothing', json(200, { data: nothing, errors: [{ type: 'NOT_FOUND', message: 'gone' }] })],
    ['JSON that is cut', { status: 200, headers: { 'content-type': 'application/json' }, body: '{"data":' }],
  ])('%s about the pull requests removes nothing', async (_, answer) => {
    const { world, fake } = await opened();
    await sync(world);
    const [head, files] = [world.head(), count(world)];
    fake.fault = (request) => (APPS(request) ? undefined : answer);
    const outcome = await sync(world).catch((error: unknown) => error);
    expect(outcome).not.toMatchObject({ effect: 'remove' });
    const swept = await world.with((context) => sweep(context, { apply }));
    expect(swept.unknown.length).toBeGreaterThan(0);
    expect([world.head(), count(world)]).toEqual([head, files]);
  });

  test('an empty list while previews live removes nothing; a positive answer does', async () => {
    const { world, fake } = await opened();
    await sync(world);
    const head = world.head();
    fake.fault = ({ operation }) =>
      operation === 'ListRepositories'
        ? {
            edit: () =>
              JSON.stringify({
                data: {
                  repositoryOwner: {
                    repositories: { totalCount: 0, pageInfo: { hasNextPage: false, endCursor: null }, nodes: [] },
                  },
                },
              }),
          }
        : undefined;
    await world.with((context) => sweep(context, { apply }));
    expect(world.head()).toBe(head);
    world.pull('shop', 7, { state: 'closed' });
    await world.with((context) => sweep(context, { apply }));
    expect(world.previews()).toEqual([]);
  });

  test('a redirect to another repository neither removes nor takes over', async () => {
    const { world, fake } = await opened();
    await sync(world);
    const [head, files] = [world.head(), count(world)];
    world.push('other');
    world.pull('other', 7, { state: 'closed' });
    world.rename('shop', 'archive');
    // The name leads to a stranger, and the id to nothing.
    fake.redirects.set('acme/shop', 'acme/other');
    fake.fault = ({ path, operation }) =>
      path.startsWith('/repositories/') || operation === 'ListPulls' ? HTML : undefined;
    const swept = await world.with((context) => sweep(context, { apply }));
    expect(swept.unknown.length).toBeGreaterThan(0);
    expect([world.head(), count(world)]).toEqual([head, files]);
  });

  test('a comment and a check that fail are notes; the preview is there', async () => {
    const { world, fake } = await opened();
    fake.fault = ({ operation, path }) =>
      operation === 'ListComments' || path.includes('/check-runs') ? { status: 502 } : undefined;
    const { notes } = await sync(world);
    expect(notes).toEqual([expect.stringContaining('could not be written')]);
    expect(world.previews()).toEqual(['pr-shop-7']);
  });

  test('the comment is edited from push to close, not repeated', async () => {
    const { world, fake } = await opened();
    await sync(world);
    world.push('shop', { 'preview.yaml': 'kind: nonsense\n' });
    world.pull('shop', 7);
    await sync(world);
    world.pull('shop', 7, { state: 'closed' });
    await sync(world);
    const comments = fake.commentsOf('acme', 'shop', 7);
    expect(comments).toHaveLength(1);
    expect(comments[0]?.body).toContain('### Preview: removed');
  });
});

describe('the command', () => {
  const NOW = Math.floor(Date.now() / 1000) - 60;

  test('syncs by GITHUB_TOKEN and GITHUB_API_URL, and prints no token', async () => {
    const world = new GitHubWorld();
    world.push('shop', undefined, NOW);
    world.pull('shop', 7, { createdAt: NOW, updatedAt: NOW });
    const fake = await world.github();
    const args = ['sync', '--repo', 'acme/shop', '--pr', '7', '--apps-repo', 'acme/previews'];
    const env = { GITHUB_TOKEN: fake.token, GITHUB_API_URL: fake.url };
    const first = await greenroom(args, { env });
    expect(first.stdout).toMatch(/^pr-shop-7: add/);
    expect(first.code).toBe(0);
    expect(world.previews()).toEqual(['pr-shop-7']);
    fake.fault = () => HTML_PAGE;
    const failed = await greenroom(args, { env });
    expect(failed).toMatchObject({ code: 4, stdout: '' });
    expect(`${first.stdout}${first.stderr}${failed.stderr}`).not.toContain(fake.token);
  });

  test('is told by the event of a proposal that was merged in the apps repo whom to tell', async () => {
    const world = new GitHubWorld(platformText('commit: { mode: pull-request }'));
    world.push('shop', undefined, NOW);
    world.pull('shop', 7, { createdAt: NOW, updatedAt: NOW });
    const fake = await world.github();
    const env = { GITHUB_TOKEN: fake.token, GITHUB_API_URL: fake.url };
    const run = (...args: string[]) => inProcess(['sync', '--apps-repo', 'acme/previews', ...args], '/', env);
    await run('--repo', 'acme/shop', '--pr', '7');
    mergePull(fake, 'acme', 'previews', 1);
    const { id } = fake.repository('acme', 'previews')!;
    const event = (head: number) => {
      const file = join(world.root, 'event.json');
      const repository = { id, full_name: 'acme/previews' };
      const pull = {
        number: 1,
        body: fake.bodies.get(`PR_${id}_1`),
        head: { ref: 'greenroom/pr-shop-7', repo: { id: head } },
      };
      writeFileSync(file, JSON.stringify({ action: 'closed', repository, pull_request: pull }));
      return file;
    };
    // A fork's may say what it likes: it is about itself.
    expect(await run('--event', event(4711))).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('acme/previews#1'),
    });
    expect(world.comment('shop', 7)).toContain('waiting for review');
    expect(await run('--event', event(id))).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^pr-shop-7: no change/),
    });
    expect(world.comment('shop', 7)).toContain('[Its address]');
  });

  test('says that it needs a token', async () => {
    const args = ['sync', '--repo', 'acme/shop', '--pr', '7', '--apps-repo', 'acme/previews'];
    const { code, stderr } = await greenroom(args, { env: { GITHUB_TOKEN: '' } });
    expect(code).toBe(2);
    expect(stderr).toContain('GITHUB_TOKEN');
  });

  const HTML_PAGE: Fault = { status: 200 };

  test('loads octokit when GitHub is asked, and no earlier', async () => {
    const { metafile } = await build({
      entryPoints: [
        'lib/cli/bin.ts',
        'lib/cli/commands/render.ts',
        'lib/cli/commands/sync.ts',
        'lib/cli/commands/sweep.ts',
      ],
      bundle: true,
      platform: 'node',
      format: 'esm',
      metafile: true,
      write: false,
      outdir: 'out',
      logLevel: 'silent',
    });
    const all = Object.keys(metafile.inputs).filter((path) => path.includes('@octokit'));
    expect(all.length).toBeGreaterThan(0);
    expect([...loadedAtOnce(metafile)].filter((path) => path.includes('@octokit'))).toEqual([]);
  });
});

/** What the commands load without having been asked for anything. */
function loadedAtOnce({ inputs }: Metafile): Set<string> {
  const seen = new Set(Object.keys(inputs).filter((path) => /lib\/cli\/(bin|render|sync|sweep)\.ts$/.test(path)));
  for (const path of seen) {
    for (const { path: next, kind } of inputs[path]?.imports ?? []) if (kind !== 'dynamic-import') seen.add(next);
  }
  return seen;
}

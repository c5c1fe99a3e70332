import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Observation } from '../../lib/status/observation.ts';
import type { SyncContext } from '../../lib/sync/plan/base.ts';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { type SyncOptions, syncPullRequest } from '../../lib/sync/sync.ts';
import type { FakeGitHub } from '../support/fake-github/server.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

const SHOP = { path: 'acme/shop' };
const GitHubWorld = overGitHub(World);

function opened<W extends World>(world: W): W {
  world.push('shop', { 'preview.yaml': previewText('env: { A: b }') });
  world.pull('shop', 7);
  return world;
}

const sync = (world: World, options: SyncOptions = {}) =>
  world.with((context) => syncPullRequest(context, SHOP, 7, options));
const head = (world: World) => JSON.parse(world.read('previews/main/shop/pr-shop-7/preview.json')).headSha as string;
const seen = (world: World, parts: Partial<Observation>): Observation => ({
  source: 'cluster',
  headSha: head(world),
  at: world.now,
  condition: 'ready',
  ...parts,
});
const look = (world: World, parts: Partial<Observation>) => sync(world, { observed: [seen(world, parts)] });

describe.each([
  ['the local forge', (platform?: string) => opened(new World(platform))],
  ['GitHub', (platform?: string) => opened(new GitHubWorld(platform))],
])('on %s', (_, make) => {
  test('ready is said when it was seen, and kept by a sync that sees nothing', async () => {
    const world = make();
    const first = await sync(world);
    expect(first.status).toMatchObject({ state: 'committed', seenBy: null });
    expect(world.comment('shop', 7)).toContain('### Preview: on its way\n');
    expect(world.comment('shop', 7)).toContain('it usually answers within 3 minutes.');
    world.now += 70;
    expect((await look(world, {})).status).toMatchObject({ state: 'ready', seenBy: 'cluster', since: world.now });
    expect(world.comment('shop', 7)).toContain('### Preview: ready - [Open the preview]');
    expect(world.check('shop', 7)).toMatchObject({ conclusion: 'success', title: 'Preview ready' });
    const text = world.comment('shop', 7);
    world.now += 600;
    expect((await sync(world)).status).toMatchObject({ state: 'ready' });
    expect(world.comment('shop', 7)).toBe(text);
  });

  test('a failure says the reason, the line, and that the check failed; its repair takes it back', async () => {
    const world = make(platformText('status: { watch: true, logs: true }'));
    await sync(world);
    world.now += 60;
    const words = 'Back-off restarting failed container';
    await look(world, {
      condition: 'not-working',
      reason: 'exits',
      facts: { code: 1, count: 3 },
      words,
      lines: ['Error: no A', 'bye'],
    });
    const text = world.comment('shop', 7)!;
    expect(text).toContain('### Preview: not working - the app stops right after it starts\n');
    expect(text).toMatch(/It ended with exit code 1, 3 times\. Usually a setting is missing.* See .*line 6/);
    expect(text).toContain(`Seen: \`${words}\``);
    expect(text).toContain('    Error: no A\n    bye\n');
    expect(text).not.toContain('Open the preview');
    expect(world.check('shop', 7)).toMatchObject({
      conclusion: 'failure',
      title: 'Preview not working - the app stops right after it starts',
    });
    world.now += 60;
    await sync(world);
    expect(world.comment('shop', 7)).toBe(text);
    await look(world, {});
    expect(world.comment('shop', 7)).not.toContain('Error: no A');
  });

  test('the last lines are shown to nobody unless the platform says so', async () => {
    const world = make(platformText('status: { watch: true }'));
    await sync(world);
    await look(world, { condition: 'not-working', reason: 'exits', facts: { code: 1 }, lines: ['no A'] });
    expect(world.comment('shop', 7)).toContain('It ended with exit code 1');
    expect(world.comment('shop', 7)).not.toContain('no A');
  });

  test('a push names the commit that still answers, and what was seen of it says nothing of the new one', async () => {
    const world = make();
    await sync(world);
    const older = head(world);
    world.now += 90;
    await look(world, {});
    world.push('shop', { 'README.md': 'x' });
    world.pull('shop', 7);
    world.now += 60;
    expect((await sync(world)).status).toMatchObject({ state: 'committed', shows: older });
    expect(world.comment('shop', 7)).toContain('it usually answers within 2 minutes.');
    // A call about the older commit that comes late.
    expect((await sync(world, { observed: [{ ...seen(world, {}), headSha: older }] })).status?.state).toBe('committed');
    await look(world, { condition: 'starting', reason: 'checking', shows: older.slice(0, 12) });
    expect(world.comment('shop', 7)).toContain(`Shows ${older.slice(0, 7)} until the new commit answers.`);
    await look(world, { condition: 'not-working', reason: 'exits', facts: { code: 2 }, shows: older.slice(0, 12) });
    expect(world.comment('shop', 7)).toContain(`Your earlier preview (\`${older.slice(0, 7)}\`) still answers.`);
  });

  test('a removal says no more than that it left the apps repo, until somebody saw that it is gone', async () => {
    const world = make();
    await sync(world);
    const sha = head(world);
    await look(world, {});
    world.now += 3600;
    world.pull('shop', 7, { state: 'closed' });
    expect((await sync(world)).status).toMatchObject({ state: 'ending' });
    expect(world.comment('shop', 7)).toContain(
      'It was taken out of the apps repo; the cluster deletes it within minutes.',
    );
    world.now += 600;
    const seenAfter = (parts: Partial<Observation>) =>
      sync(world, { observed: [{ source: 'cluster', headSha: sha, at: world.now, condition: 'ending', ...parts }] });
    await seenAfter({ reason: 'stuck', facts: { name: 'example.com/hold' } });
    expect(world.comment('shop', 7)).toMatch(
      /Its deletion waits for something that does not end \\\(example\.com\/hold\\\)\./,
    );
    world.now += 60;
    await seenAfter({ condition: 'gone' });
    const text = world.comment('shop', 7)!;
    expect(text).toContain('Everything of it was deleted, seen ');
    expect(text).toContain('It ran 60 minutes');
    expect(text).not.toContain('does not end');
    await sync(world);
    expect(world.comment('shop', 7)).toBe(text);
  });
});

test('the local forge keeps it in its file, and a file out of shape remembers nothing', async () => {
  const world = opened(new World());
  await sync(world);
  await look(world, {});
  const file = join(world.forge, 'acme/shop/pulls/7/deployment.json');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    environment: 'preview/pr-shop-7',
    deployments: [
      {
        headSha: head(world),
        url: 'https://pr-shop-7.apps.example.com',
        state: 'success',
        description: expect.stringMatching(/^It runs, and its health check answers\. \[cluster ready \d+ took=0\]$/),
        createdAt: world.now,
      },
    ],
  });
});

describe('deployments on GitHub', () => {
  async function world(platform?: string): Promise<{ world: InstanceType<typeof GitHubWorld>; fake: FakeGitHub }> {
    const world = opened(new GitHubWorld(platform));
    return { world, fake: await world.github() };
  }
  const states = (fake: FakeGitHub) => fake.deployments.map(({ statuses }) => statuses.map(({ state }) => state));

  test('in progress, success with its address, failure with the reason', async () => {
    const { world: on, fake } = await world();
    await sync(on);
    await look(on, { condition: 'not-working', reason: 'image-missing' });
    on.now += 1;
    await look(on, {});
    expect(states(fake)).toEqual([['in_progress', 'failure', 'success']]);
    const [, failure, success] = fake.deployments[0]!.statuses;
    expect(failure?.description).toMatch(
      /^Its registry has no image under this name and tag\. \[cluster not-working\/image-missing \d+\]$/,
    );
    expect(success).toMatchObject({ environment_url: 'https://pr-shop-7.apps.example.com' });
  });

  test('the earlier one stays until the new commit answers', async () => {
    const { world: on, fake } = await world();
    await sync(on);
    await look(on, {});
    on.push('shop', { 'README.md': 'x' });
    on.pull('shop', 7);
    on.now += 60;
    await sync(on);
    expect(states(fake).map((all) => all.at(-1))).toEqual(['success', 'in_progress']);
    await look(on, {});
    expect(states(fake).map((all) => all.at(-1))).toEqual(['inactive', 'success']);
  });

  test.each([[true], [false]])('gone: the environment is deleted where that is allowed (%j)', async (isAllowed) => {
    const { world: on, fake } = await world(platformText('status: { watch: true }'));
    await sync(on);
    const headSha = head(on);
    if (!isAllowed) fake.missing.add('administration');
    on.pull('shop', 7, { state: 'closed' });
    await sync(on);
    expect(states(fake).map((all) => all.at(-1))).toEqual(['inactive']);
    const gone: Observation = { source: 'cluster', headSha, at: on.now, condition: 'gone' };
    expect((await sync(on, { observed: [gone] })).notes).toEqual([]);
    expect(states(fake).map((all) => all.at(-1))).toEqual(isAllowed ? [] : ['inactive']);
  });

  test.each([
    ['sync', true],
    ['sync', false],
    ['sweep', true],
  ])('where no cluster tells, %s deletes the environment with the folder, if it may (%j)', async (by, isAllowed) => {
    const { world: on, fake } = await world();
    await sync(on);
    if (!isAllowed) fake.missing.add('administration');
    on.pull('shop', 7, { state: 'closed' });
    fake.requests.length = 0;
    const { notes } = by === 'sync' ? await sync(on) : await on.with((context) => sweep(context));
    expect(notes).toEqual([]);
    expect(states(fake).map((all) => all.at(-1))).toEqual(isAllowed ? [] : ['inactive']);
    expect(on.comment('shop', 7)).toContain('It was taken out of the apps repo');
    // Once, and not again by each sync after it.
    fake.requests.length = 0;
    await sync(on);
    expect(fake.requests.filter(({ method }) => method === 'DELETE')).toEqual([]);
  });

  test('gone: an environment that others share stays', async () => {
    const { world: on, fake } = await world(platformText('status: { environments: shared }'));
    await sync(on);
    const headSha = head(on);
    on.pull('shop', 7, { state: 'closed' });
    await sync(on);
    const gone: Observation = { source: 'cluster', headSha, at: on.now, condition: 'gone' };
    await sync(on, { observed: [gone] });
    expect(states(fake).map((all) => all.at(-1))).toEqual(['inactive']);
    expect(fake.requests.some(({ method }) => method === 'DELETE')).toBe(false);
  });

  test('a token that may not write deployments still keeps what was seen, in the comment', async () => {
    const { world: on, fake } = await world();
    fake.missing.add('deployments');
    await sync(on);
    await look(on, {});
    expect((await sync(on)).status).toMatchObject({ state: 'ready' });
    expect(on.comment('shop', 7)).toContain('### Preview: ready - [Open the preview]');
  });
});

describe('where addresses are asked', () => {
  const asking = (
    world: World,
    seenBy: Pick<Observation, 'condition' | 'reason'> | null,
    work: 'sync' | 'sweep' = 'sync',
  ) =>
    world.with((context) => {
      const asked: string[] = [];
      const look: SyncContext['look'] = async ({ url, headSha }) => {
        asked.push(url);
        return seenBy === null ? null : { source: 'probe', headSha, at: world.now, ...seenBy };
      };
      const done =
        work === 'sync' ? syncPullRequest({ ...context, look }, SHOP, 7, { look: true }) : sweep({ ...context, look });
      return done.then(() => asked);
    });

  test('a young commit that does not answer is starting, an old one does not work; an answer is an answer', async () => {
    const world = opened(new World());
    expect(await asking(world, { condition: 'ready' })).toEqual([]);
    expect(world.comment('shop', 7)).toContain('### Preview: on its way');
    world.now += 60;
    expect(await asking(world, { condition: 'not-working', reason: 'no-backend' })).toHaveLength(1);
    expect(world.comment('shop', 7)).toContain('### Preview: starting\n');
    world.now += 60;
    await asking(world, { condition: 'ready' }, 'sweep');
    expect(world.comment('shop', 7)).toContain('### Preview: ready - [Open the preview]');
    world.now += 3600;
    await asking(world, { condition: 'not-working', reason: 'no-backend' }, 'sweep');
    expect(world.comment('shop', 7)).toContain('### Preview: not working - the app does not answer\n');
    await asking(world, null, 'sweep');
    expect(world.comment('shop', 7)).toContain('### Preview: not working');
  });

  test('an answer soon after a push may be of the commit before', async () => {
    const world = opened(new World());
    await sync(world);
    const older = head(world);
    world.now += 60;
    await asking(world, { condition: 'ready' });
    world.push('shop', { 'README.md': 'x' });
    world.pull('shop', 7);
    await sync(world);
    world.now += 30;
    await asking(world, { condition: 'ready' });
    expect(world.comment('shop', 7)).toContain(`Shows ${older.slice(0, 7)} until the new commit answers.`);
    // Later as well: if the new commit cannot start, the earlier one goes on answering.
    for (let i = 0; i < 2; i++) {
      world.now += 700;
      await asking(world, { condition: 'ready' });
      const said = world.comment('shop', 7)!;
      expect(said).toContain('### Preview: ready - ');
      expect(said).toContain(
        'Its address answers; nobody has checked whether with this commit or still with an earlier one.',
      );
      expect(said).not.toContain(`Shows \`${head(world).slice(0, 7)}`);
    }
    const observation = { source: 'cluster', headSha: head(world), at: world.now, condition: 'ready' } as const;
    const reported = [{ cluster: 'main', preview: 'pr-shop-7', repositoryId: world.id('shop'), observation }];
    await world.with((context) => syncPullRequest(context, SHOP, 7, { reported }));
    expect(world.comment('shop', 7)).toContain(`Shows \`${head(world).slice(0, 7)}\``);
    // And the next answer is of the commit that was seen to run.
    world.now += 700;
    await asking(world, { condition: 'ready' });
    expect(world.comment('shop', 7)).toContain(`Shows \`${head(world).slice(0, 7)}\``);
  });

  test('a platform that does not want it is not asked', async () => {
    const world = opened(new World(platformText('status: { probe: false }')));
    await sync(world);
    expect(await asking(world, { condition: 'ready' })).toEqual([]);
  });
});

test('the last lines of an app are never shown on a public repository', async () => {
  const world = opened(new GitHubWorld(platformText('status: { watch: true, logs: true }')));
  const fake = await world.github();
  await sync(world);
  const lines = ['no A', 'bye'];
  const crashed = { condition: 'not-working', reason: 'exits', facts: { code: 1 }, lines } as const;
  await look(world, crashed);
  expect(world.comment('shop', 7)).toContain('    no A\n    bye\n');
  fake.publicRepositories.add('acme/shop');
  world.now += 60;
  world.push('shop', { 'preview.yaml': previewText('env: { A: c }') });
  world.pull('shop', 7);
  await sync(world);
  await look(world, crashed);
  expect(world.comment('shop', 7)).toContain('It ended with exit code 1');
  expect(world.comment('shop', 7)).not.toContain('no A');
});

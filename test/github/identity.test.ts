import { describe, expect, test } from 'vitest';
import { GitHubForge } from '../../lib/github/forge.ts';
import { GitHubAppsRepo } from '../../lib/github/repo/apps-repo.ts';
import { COMMENT_MARKER } from '../../lib/report/markers.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { clientOf } from '../support/fake-github/client.ts';
import type { FakeGitHub } from '../support/fake-github/server.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { World } from '../support/world.ts';

const GitHubWorld = overGitHub(World);
type GitHubWorld = InstanceType<typeof GitHubWorld>;

const SHOP = { path: 'acme/shop' };
const APP = 'previews[bot]';
const apply = { random: () => 0, sleep: async () => undefined };
const sync = (world: GitHubWorld) => world.with((context) => syncPullRequest(context, SHOP, 7, { apply }));

async function opened() {
  const world = new GitHubWorld();
  world.push('shop');
  world.pull('shop', 7);
  return { world, fake: await world.github() };
}

/** What each of ours says in its first lines. */
const comments = (fake: FakeGitHub) => fake.commentsOf('acme', 'shop', 7).map(({ author, body }) => [author, body]);

/** The statuses in the check's place, the latest last. */
const statuses = (fake: FakeGitHub) =>
  fake.statuses.filter(({ context }) => context === 'greenroom/preview').map(({ description }) => description);

describe('from a token to an App', () => {
  test.each([
    ['of a program', 'github-actions[bot]', undefined],
    ['of somebody who may write', 'ops', 'write'],
  ])('a token %s: its comment and its status go on, and none is left behind', async (_, login, permission) => {
    const { world, fake } = await opened();
    fake.login = login;
    fake.bots.delete('ops');
    if (permission !== undefined) fake.permissions.set(login, permission);
    fake.missing.add('checks');
    await sync(world);
    expect(comments(fake)).toEqual([[login, expect.stringContaining('Its address')]]);
    expect(statuses(fake)).toEqual([expect.stringContaining('ommitted')]);

    fake.login = APP;
    fake.missing.clear();
    world.pull('shop', 7, { state: 'closed' });
    await sync(world);
    expect(comments(fake)).toEqual([[login, expect.not.stringContaining('Its address')]]);
    expect(fake.checks).toHaveLength(1);
    expect(statuses(fake).at(-1)).not.toContain('ommitted');
    const before = fake.statuses.length;
    await sync(world);
    expect([fake.statuses.length, fake.checks.length]).toEqual([before, 1]);
  });

  test('a status that is as it should be is not written again', async () => {
    const { world, fake } = await opened();
    fake.missing.add('checks');
    await sync(world);
    fake.login = APP;
    fake.missing.clear();
    await sync(world);
    expect([statuses(fake).length, fake.checks.length]).toEqual([1, 1]);
  });

  test('a comment of a stranger that begins with the marker is never taken over', async () => {
    const { world, fake } = await opened();
    fake.addComment(
      `PR_${world.id('shop')}_7`,
      'mallory',
      `${COMMENT_MARKER}\n[Open the preview](https://evil.example)`,
    );
    await sync(world);
    expect(comments(fake)).toEqual([
      ['mallory', expect.stringContaining('evil.example')],
      [fake.login, expect.stringContaining('Its address')],
    ]);
  });

  test('what cannot be edited stays, and is no reason to fail', async () => {
    const { world, fake } = await opened();
    fake.login = 'old[bot]';
    await sync(world);
    fake.login = APP;
    fake.fault = () => ({ edit: (body) => body.replaceAll('"viewerCanUpdate":true', '"viewerCanUpdate":false') });
    expect((await sync(world)).notes).toEqual([]);
    expect(comments(fake).map(([author]) => author)).toEqual(['old[bot]', APP]);
  });
});

describe('two pull requests with one head commit', () => {
  /** The second one is a draft, of which the check says something else. */
  async function twins(missing: readonly string[]) {
    const { world, fake } = await opened();
    world.pull('shop', 9, { draft: true });
    for (const permission of missing) fake.missing.add(permission);
    const both = async () => {
      for (const number of [7, 9]) {
        await world.with((context) => syncPullRequest(context, SHOP, number, { apply }));
      }
    };
    return { world, fake, both };
  }

  test.each([
    ['a check run', []],
    ['a status', ['checks']],
  ])('each have %s of their own, which is not written again', async (_, missing) => {
    const { world, fake, both } = await twins(missing);
    await both();
    const written = () =>
      missing.length === 0
        ? fake.checks.map(({ name }) => name)
        : fake.statuses
            .map(({ context }) => context)
            .filter((context) => /^greenroom.preview( |$)/.test(String(context)));
    expect(written()).toEqual(['greenroom/preview', 'greenroom/preview (#9)']);
    await both();
    expect(written()).toHaveLength(2);
    world.pull('shop', 7, { state: 'closed' });
    world.pull('shop', 9);
    await both();
    expect(written().slice(2)).toContain('greenroom/preview');
  });
});

describe('from one App to another', () => {
  test('the new check says that it is the newer one, as soon as both are seen, and is not written again', async () => {
    const { world, fake } = await opened();
    fake.login = APP;
    await sync(world);
    fake.login = 'newer[bot]';
    world.pull('shop', 7, { state: 'closed' });
    await sync(world);
    await sync(world);
    const titles = () => fake.checks.map(({ output }) => (output as { title: string }).title);
    const last = 'No preview; this is newer than the check beside it, which nobody updates any more';
    expect(titles().at(-1)).toBe(last);
    const written = fake.checks.length;
    await sync(world);
    expect(fake.checks).toHaveLength(written);
  });

  test('where both say the same, nothing is added', async () => {
    const { world, fake } = await opened();
    for (const login of [APP, 'newer[bot]', APP, 'newer[bot]']) {
      fake.login = login;
      await sync(world);
    }
    const titles = new Set(fake.checks.map(({ output }) => (output as { title: string }).title));
    expect([...titles]).toEqual(['Preview committed']);
    expect(fake.checks).toHaveLength(1);
  });
});

describe('from an App to a token', () => {
  test('its comment goes on, and a status stands where the token may write no check', async () => {
    const { world, fake } = await opened();
    fake.login = APP;
    await sync(world);
    fake.login = 'greenroom-bot';
    fake.missing.add('checks');
    world.pull('shop', 7, { state: 'closed' });
    expect((await sync(world)).notes).toEqual([]);
    expect(comments(fake)).toEqual([[APP, expect.not.stringContaining('Its address')]]);
    // Nobody else can change the App's check, so the status says which of both counts.
    expect(fake.checks.map(({ conclusion }) => conclusion)).toEqual(['success']);
    const said = ['No preview; this is newer than the check beside it, which nobody updates any more'];
    expect(statuses(fake)).toEqual(said);
    const asked = fake.requests.length;
    await sync(world);
    expect(statuses(fake)).toEqual(said);
    // The comment says it as soon as a reading shows that status, and without a request for it.
    const isOld = /The check of another App on this commit is out of date/;
    expect(comments(fake)).toEqual([[APP, expect.stringMatching(isOld)]]);
    const [second, before] = [fake.requests.length - asked, comments(fake)];
    await sync(world);
    expect([fake.requests.length - asked - second, comments(fake)]).toEqual([second - 1, before]);
    // A new head has no older check.
    world.push('shop', { 'README.md': 'new' });
    world.pull('shop', 7, { state: 'closed' });
    await sync(world);
    expect(comments(fake)).toEqual([[APP, expect.not.stringMatching(isOld)]]);
  });

  test('a status beside no other check, or one that says the same, speaks of none', async () => {
    const { world, fake } = await opened();
    fake.missing.add('checks');
    await sync(world);
    expect(statuses(fake)).toEqual(['Preview committed']);
    const { headSha } = JSON.parse(world.read('previews/main/shop/pr-shop-7/preview.json'));
    fake.checks.push({
      id: 1,
      repository: 'acme/shop',
      head_sha: headSha,
      name: 'greenroom/preview',
      output: { title: 'Preview committed' },
    });
    await sync(world);
    expect(statuses(fake)).toEqual(['Preview committed']);
  });

  test('two accounts at the same time share one comment', async () => {
    const { world, fake } = await opened();
    for (const [i, login] of [APP, 'greenroom-bot', APP, 'greenroom-bot'].entries()) {
      fake.login = login;
      world.push('shop', { 'README.md': String(i) });
      world.pull('shop', 7);
      await sync(world);
    }
    expect(comments(fake)).toEqual([[APP, expect.stringContaining('Its address')]]);
  });
});

describe('two replicas that handle one change at the same time', () => {
  test.each(['push', 'open'])('%s: one comment, one check, one deployment', async (what) => {
    const { world, fake } = await opened();
    if (what === 'push') {
      await sync(world);
      world.push('shop', { 'README.md': 'x' });
      world.pull('shop', 7);
    }
    const before = [fake.checks.length, fake.deployments.length];
    // Whose commit it is has begun to tell of it when the other comes, and finds nothing left to commit.
    const telling = new Promise<void>((resolve) => {
      fake.fault = ({ operation, path }) => {
        if (/^(Add|Update)Comment$/.test(operation ?? '') || path.endsWith('/check-runs')) resolve();
        return undefined;
      };
    });
    const first = sync(world);
    await telling;
    // It pauses for as long as the first needs.
    const client = clientOf(fake, [], fake.token, undefined, () => first);
    const context = { repo: new GitHubAppsRepo(client, { path: 'acme/previews' }), clock: () => world.now };
    const forge = new GitHubForge(client, { clock: context.clock });
    const second = syncPullRequest({ ...context, forge }, SHOP, 7, { apply });
    expect((await Promise.all([first, second])).map(({ effect, notes }) => [effect, notes])).toEqual([
      [what === 'push' ? 'update' : 'create', []],
      ['none', []],
    ]);
    expect(comments(fake)).toHaveLength(1);
    expect([fake.checks.length - before[0]!, fake.deployments.length - before[1]!]).toEqual([1, 1]);
    expect(fake.deployments.at(-1)?.statuses).toMatchObject([{ state: 'in_progress' }]);
  });
});

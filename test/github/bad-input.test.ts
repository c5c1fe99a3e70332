import { describe, expect, test } from 'vitest';
import { inProcess } from '../support/command.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { git } from '../support/git.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

// What can be wrong on the other side, met by the command: what it exits with, what it says, and what stays as it is.
// The command reads the real clock: pull requests are opened now.
const NOW = Math.floor(Date.now() / 1000) - 60;
const TIMES = { createdAt: NOW, updatedAt: NOW };

async function opened(platform = platformText()) {
  const world = new (overGitHub(World))(platform);
  world.now = NOW + 60;
  world.push('shop', undefined, NOW);
  world.pull('shop', 7, TIMES);
  const fake = await world.github();
  fake.clock = () => world.now;
  const sync = async (env: Record<string, string> = {}, repo = 'acme/shop', appsRepo = 'acme/previews') => {
    const args = ['sync', '--repo', repo, '--pr', '7', '--apps-repo', appsRepo];
    const run = await inProcess(args, '/', { GITHUB_TOKEN: fake.token, GITHUB_API_URL: fake.url, ...env });
    expect(`${run.stdout}${run.stderr}`).not.toContain(fake.token);
    return run;
  };
  return { world, fake, sync };
}

/** A preview that runs. */
async function live() {
  const scene = await opened();
  expect(await scene.sync()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^pr-shop-7: add/) });
  return scene;
}

/** Another version, which would be committed. */
function push({ world }: { world: World }, text = previewText('size: medium')): void {
  world.push('shop', { 'preview.yaml': text }, NOW);
  world.pull('shop', 7, TIMES);
}

test('a wrong token', async () => {
  const scene = await live();
  push(scene);
  const head = scene.world.head();
  const { code, stdout, stderr } = await scene.sync({ GITHUB_TOKEN: 'ghp_another' });
  expect([code, stdout, scene.world.head()]).toEqual([1, '', head]);
  expect(stderr).toMatch(
    /does not accept the credentials; the token is wrong, was revoked or has expired: set GITHUB_TOKEN to a valid one/,
  );
  expect(stderr).not.toContain('ghp_another');
});

describe('a permission that is missing', () => {
  test('on the apps repo: nothing is committed, and its name is said', async () => {
    const scene = await live();
    push(scene);
    const head = scene.world.head();
    scene.fake.missing.add('contents');
    const { code, stderr } = await scene.sync();
    expect([code, scene.world.head()]).toEqual([1, head]);
    expect(stderr).toContain('it needs the permission "Contents: write" there');
    expect(scene.world.comment('shop', 7)).toContain('### Preview: problem on our side');
  });

  test('on the apps repo, where every preview is proposed', async () => {
    const { world, fake, sync } = await opened(platformText('commit: { mode: pull-request }'));
    fake.missing.add('pull_requests');
    const { code, stderr } = await sync();
    expect(code).toBe(1);
    expect(stderr).toContain('it needs the permission "Pull requests: write" there');
    expect(world.comment('shop', 7)).toContain('### Preview: problem on our side');
  });

  test.each([
    ['comments', 'Pull requests: write'],
    ['deployments', 'Deployments: write'],
    ['checks and statuses', 'Commit statuses: write'],
  ])('on the micro app, for %s: the preview is there, and a note names it', async (missing, label) => {
    const { world, fake, sync } = await opened();
    for (const permission of missing.split(' and ')) fake.missing.add(permission);
    const { code, stdout, stderr } = await sync();
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^pr-shop-7: add/)]);
    expect(stderr).toContain(`it needs the permission "${label}" there`);
    expect(world.previews()).toEqual(['pr-shop-7']);
  });

  test('on the micro app, for checks alone: a commit status stands in', async () => {
    const { fake, sync } = await opened();
    fake.missing.add('checks');
    expect(await sync()).toMatchObject({ code: 0, stderr: '' });
    expect(fake.statuses).toMatchObject([{ state: 'success', description: 'Preview committed' }]);
  });

  test('on the micro app, to answer a command: it is carried out, and what is missing is named', async () => {
    const scene = await live();
    scene.fake.permissions.set('mia', 'write');
    scene.fake.missing.add('reactions');
    await scene.world.say('shop', 7, 'mia', '/preview stop');
    const { code, stderr } = await scene.sync();
    expect([code, scene.world.previews()]).toEqual([1, []]);
    expect(stderr).toMatch(/it needs the permission "Issues: write, or Pull requests: write" there/);
  });
});

describe('a repository that was renamed', () => {
  test('the micro app, under its old name: its preview goes on under the name that it had', async () => {
    const scene = await live();
    scene.world.rename('shop', 'store');
    scene.fake.redirects.set('acme/shop', 'acme/store');
    expect(await scene.sync()).toMatchObject({ code: 0 });
    expect(scene.world.previews()).toEqual(['pr-shop-7']);
    expect(JSON.parse(scene.world.read('previews/main/shop/pr-shop-7/preview.json')).identity.repository).toBe(
      'acme/store',
    );
  });

  test('the apps repo: nothing is written by the old name, and the new one is said', async () => {
    const scene = await live();
    push(scene);
    const head = scene.world.head();
    scene.fake.redirects.set('acme/old', 'acme/previews');
    const { code, stderr } = await scene.sync({}, 'acme/shop', 'acme/old');
    expect([code, scene.world.head()]).toEqual([1, head]);
    expect(stderr).toContain('acme/old was renamed to acme/previews: use the new name (--apps-repo acme/previews)');
  });
});

describe('a repository that is archived', () => {
  test('the apps repo: nothing is written, and what to do is said', async () => {
    const scene = await live();
    push(scene);
    const head = scene.world.head();
    scene.fake.archived.add('acme/previews');
    const { code, stderr } = await scene.sync();
    expect([code, scene.world.head()]).toEqual([1, head]);
    expect(stderr).toMatch(/archived, so nothing can be written to it: unarchive it/);
  });

  test('the micro app: its preview ends in time as any other, and the note asks for no permission', async () => {
    const scene = await live();
    scene.fake.archived.add('acme/shop');
    scene.world.pull('shop', 7, { ...TIMES, state: 'closed' });
    const { code, stderr } = await scene.sync();
    expect([code, scene.world.previews()]).toEqual([0, []]);
    expect(stderr).toContain('Repository was archived so is read-only');
    expect(stderr).toContain('nothing can be written there until somebody unarchives it');
    expect(stderr).not.toContain('permission');
  });
});

describe('a repository that is gone, or hidden from the token', () => {
  test('the micro app: its preview is kept, exit 4', async () => {
    const scene = await live();
    const head = scene.world.head();
    scene.world.rename('shop', 'hidden');
    const { code, stdout } = await scene.sync();
    expect([code, scene.world.head()]).toEqual([4, head]);
    expect(stdout).toContain('acme/shop#7');
  });

  test('the apps repo: what to look at is said, exit 4', async () => {
    const scene = await live();
    const { code, stderr } = await scene.sync({}, 'acme/shop', 'acme/nothing');
    expect(code).toBe(4);
    expect(stderr).toMatch(/acme\/nothing .*does not exist.*check the name.*"Contents: read"/);
  });
});

test('a branch protection that refuses the bot: how to let it in is said, and the maker reads one calm sentence', async () => {
  const scene = await live();
  push(scene);
  const head = scene.world.head();
  scene.fake.protectedRepositories.add('acme/previews');
  const { code, stderr } = await scene.sync();
  expect([code, scene.world.head()]).toEqual([1, head]);
  expect(stderr).toMatch(/Changes must be made through a pull request/);
  expect(stderr).toMatch(/let greenroom's account bypass the rule \(Settings, Rules, Bypass list/);
  expect(stderr).toContain('or set commit.mode: pull-request in greenroom.yaml');
  const comment = scene.world.comment('shop', 7)!;
  expect(comment).toContain('### Preview: problem on our side');
  expect(comment).toContain('Your earlier preview stays as it is');
  expect(comment).not.toContain('protected');
});

describe('an apps repo', () => {
  test('that is empty: what lays it down is said', async () => {
    const { world, sync } = await opened();
    git(world.appsRepo, ['update-ref', '-d', 'refs/heads/main']);
    const { code, stderr } = await sync();
    expect([code, world.head()]).toEqual([1, null]);
    expect(stderr).toMatch(/acme\/previews is empty; fill it with `greenroom init --commit`/);
  });
});

describe('the file at the head', () => {
  test('that is not there: a neutral check, and what ran is removed', async () => {
    const scene = await live();
    scene.world.push('shop', { 'preview.yaml': null }, NOW);
    scene.world.pull('shop', 7, TIMES);
    expect(await scene.sync()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^pr-shop-7: remove/) });
    expect(scene.world.previews()).toEqual([]);
    expect(scene.world.check('shop', 7)).toMatchObject({ conclusion: 'neutral', title: 'No preview.yaml' });
    expect(scene.world.comment('shop', 7)).toContain(
      '### Preview: removed\nThere is no preview.yaml at this commit any more',
    );
  });

  test('that never was: a neutral check, and no comment', async () => {
    const { world, sync } = await opened();
    world.push('shop', { 'preview.yaml': null, 'README.md': 'r' }, NOW);
    world.pull('shop', 7, TIMES);
    expect(await sync()).toMatchObject({ code: 0 });
    expect([world.previews(), world.comment('shop', 7)]).toEqual([[], null]);
    expect(world.check('shop', 7)).toMatchObject({ conclusion: 'neutral' });
  });

  test('that is invalid while an older one is live: that one stays, and the comment says so and where', async () => {
    const scene = await live();
    const head = scene.world.head();
    push(scene, previewText('prot: 80'));
    const { code, stdout } = await scene.sync();
    expect([code, scene.world.head()]).toEqual([2, head]);
    expect(stdout).toMatch(/preview\.yaml:6:\d+.*did you mean "port"/);
    expect(scene.world.check('shop', 7)).toMatchObject({ conclusion: 'failure' });
    const comment = scene.world.comment('shop', 7)!;
    expect(comment).toContain('### Preview: not started - typo in preview.yaml');
    expect(comment).toMatch(
      /\[Line 6\]\(https:\/\/github\.com\/acme\/shop\/blob\/[0-9a-f]{40}\/preview\.yaml#L6\): "prot" is not a setting/,
    );
    expect(comment).toMatch(/Your earlier preview stays as it is: `[0-9a-f]{7}`, not the latest commit `[0-9a-f]{7}`/);
  });
});

test('a branch of the apps repo that is gone is not an empty repository', async () => {
  const { fake } = await opened();
  const args = ['sync', '--repo', 'acme/shop', '--pr', '7', '--apps-repo', 'acme/previews', '--branch', 'gone'];
  const env = { GITHUB_TOKEN: fake.token, GITHUB_API_URL: fake.url };
  const { code, stderr } = await inProcess(args, '/', env);
  expect([code, stderr]).toEqual([1, expect.stringContaining('has no such branch any more')]);
});

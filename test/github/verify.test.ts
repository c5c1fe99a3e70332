import { describe, expect, test } from 'vitest';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { inProcess } from '../support/command.ts';
import { mergePull } from '../support/fake-github/pulls.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { commitFiles, git } from '../support/git.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

// The command reads the real clock: pull requests are opened now.
const NOW = Math.floor(Date.now() / 1000) - 60;
const BRANCH = 'greenroom/pr-shop-7';
const DEPLOYMENT = 'previews/main/shop/pr-shop-7/app/deployment.pr-shop-7.yaml';

const GitHubWorld = overGitHub(World);

/** A preview that was proposed; its reviewers run `greenroom verify` on the proposal's branch. */
async function proposed() {
  const world = new GitHubWorld(platformText('commit: { mode: pull-request }'));
  world.now = NOW + 60;
  const fake = await world.github();
  const change = async (text: string, options = {}) => {
    world.push('shop', { 'preview.yaml': text }, NOW);
    world.pull('shop', 7, { createdAt: NOW, updatedAt: NOW, ...options });
    return world.with((context) => syncPullRequest(context, { path: 'acme/shop' }, 7));
  };
  await change(previewText());
  return {
    world,
    fake,
    change,
    merge: () => mergePull(fake, 'acme', 'previews', fake.repository('acme', 'previews')!.pullRequests().length),
    verify: async () => {
      fake.requests.length = 0;
      const { env } = await world.asking();
      return inProcess(['verify', world.appsRepo, '--base', 'main', '--head', BRANCH], '/', env);
    },
  };
}

const SAME = '1 to look at, 1 compiled again and the same byte for byte';

describe('verify on a proposal', () => {
  test('a new preview, and another version of it, are what greenroom writes for the pull request', async () => {
    const { verify, change, merge, fake } = await proposed();
    expect(await verify()).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining(SAME) });
    expect(fake.requests.map(({ operation }) => operation)).toContain('ReadPull');
    merge();
    expect(await change(previewText('size: medium'))).toMatchObject({ effect: 'update' });
    expect(await verify()).toMatchObject({ code: 0, stderr: expect.stringContaining(SAME) });
  });

  test('a version of before the pull request moved on is not proved; the next sync moves the branch', async () => {
    const { verify, world, change } = await proposed();
    world.push('shop', { 'preview.yaml': previewText('size: medium') }, NOW);
    world.pull('shop', 7, { createdAt: NOW, updatedAt: NOW });
    expect(await verify()).toMatchObject({ code: 4, stderr: expect.stringContaining('is not the current head') });
    await change(previewText('size: medium'));
    expect(await verify()).toMatchObject({ code: 0, stderr: expect.stringContaining(SAME) });
  });

  test('what somebody else put on its branch is refused and named', async () => {
    const { verify, world } = await proposed();
    const text = git(world.appsRepo, ['show', `${BRANCH}:${DEPLOYMENT}`]);
    commitFiles(
      world.appsRepo,
      { [DEPLOYMENT]: `${text.replace('replicas: 1', 'replicas: 9')}\n` },
      { branch: BRANCH },
    );
    expect(await verify()).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/is not what greenroom writes for acme\/shop#7 at \w{7}: found `replicas: 9`/),
    });
  });

  test('a removal passes, and ends the preview when it is merged', async () => {
    const { verify, change, merge, world } = await proposed();
    merge();
    expect(await change(previewText(), { state: 'closed' })).toMatchObject({ effect: 'remove' });
    expect(await verify()).toMatchObject({ code: 0, stderr: expect.stringContaining('0 previews, 0 to look at') });
    merge();
    expect(world.previews()).toEqual([]);
  });

  test('of a pull request that was closed meanwhile brings nothing in any more', async () => {
    const { verify, world } = await proposed();
    world.pull('shop', 7, { createdAt: NOW, updatedAt: NOW, state: 'closed' });
    expect(await verify()).toMatchObject({ code: 2, stdout: expect.stringContaining('This pull request was closed.') });
  });
});

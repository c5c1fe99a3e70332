import { describe, expect, test } from 'vitest';
import { handleComment } from '../../lib/sync/answer.ts';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { closePull, mergePull } from '../support/fake-github/pulls.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { commitFiles, git, headOf } from '../support/git.ts';
import { OPENED, platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

const REVIEW = 'commit: { mode: pull-request }';
const GitHubWorld = overGitHub(World);

async function opened(platform = platformText(REVIEW)) {
  const world = new GitHubWorld(platform);
  const fake = await world.github();
  world.push('shop');
  world.pull('shop', 7);
  const apps = () => fake.repository('acme', 'previews')!;
  return {
    world,
    fake,
    apps,
    /** States of the apps repo's pull requests. */
    pulls: () =>
      apps()
        .pullRequests()
        .map(({ state, merged }) => (merged ? 'merged' : state)),
    merge: (number: number) => mergePull(fake, 'acme', 'previews', number),
    body: (number: number) => fake.bodies.get(`PR_${apps().id}_${number}`) ?? '',
    branch: (name = 'pr-shop-7') => headOf(world.appsRepo, `greenroom/${name}`),
  };
}

const apply = { random: () => 0, sleep: async () => undefined };
const sync = (world: World, name = 'shop', number = 7, options = {}) =>
  world.with((context) => syncPullRequest(context, { path: `acme/${name}` }, number, { apply, ...options }));
const sweepAll = (world: World) => world.with((context) => sweep(context, { apply }));

/** Operations on the apps repo. */
const APPS = ({ body, operation = '' }: { operation: string | undefined; body: Record<string, unknown> }) => {
  const variables = body['variables'] as { name?: string } | undefined;
  return variables?.name === 'previews' || operation.endsWith('Proposal') || operation === 'EnableAutoMerge';
};

describe('with commit.mode: pull-request', () => {
  test('a preview is proposed, the maker reads that it waits, and it runs when the proposal is merged', async () => {
    const { world, pulls, merge, body, branch } = await opened();
    const before = world.head();
    const proposed = await sync(world);
    expect(proposed).toMatchObject({ effect: 'create', commit: null, state: { state: 'review', decision: 'open' } });
    expect([world.head(), pulls()]).toEqual([before, ['open']]);
    expect(world.comment('shop', 7)).toContain('### Preview: waiting for review');
    expect(world.comment('shop', 7)).toContain('https://github.com/acme/previews/pull/1');
    expect(world.comment('shop', 7)).not.toContain('[Its address]');
    expect(world.check('shop', 7)).toMatchObject({ conclusion: 'neutral', title: 'Waiting for review' });
    expect(body(1)).toMatch(/`pr-shop-7` is the preview of .*acme\/shop#7.* at `[0-9a-f]{7}`/);
    expect(body(1)).toContain('Merging starts it at https://pr-shop-7.apps.example.com');

    expect(await sync(world)).toMatchObject({ effect: 'none', state: { state: 'review' } });
    merge(1);
    expect(await sync(world)).toMatchObject({ effect: 'none', state: { state: 'committed' } });
    expect(world.previews()).toEqual(['pr-shop-7']);
    expect(world.comment('shop', 7)).toContain('[Its address]');
    expect(branch()).toBeNull();
  });

  test('a push moves the open proposal; the preview that runs stays', async () => {
    const { world, pulls, merge } = await opened();
    await sync(world);
    merge(1);
    world.push('shop', { 'preview.yaml': previewText('', 'ghcr.io/acme/other') });
    world.pull('shop', 7);
    expect(await sync(world)).toMatchObject({ effect: 'update', state: { state: 'review' } });
    expect(world.comment('shop', 7)).toContain('Your earlier preview stays as it is');
    world.push('shop', { 'preview.yaml': previewText('', 'ghcr.io/acme/third') });
    world.pull('shop', 7);
    expect(await sync(world)).toMatchObject({ effect: 'update' });
    expect(pulls()).toEqual(['merged', 'open']);
    expect(git(world.appsRepo, ['rev-list', '--count', 'main..greenroom/pr-shop-7'])).toBe('1');
    expect(git(world.appsRepo, ['grep', '-c', 'ghcr.io/acme/third', 'greenroom/pr-shop-7'])).toContain('deployment');
  });

  test('a mistake at a new head leaves the open proposal as it is', async () => {
    const { world, pulls, branch } = await opened();
    await sync(world);
    const before = branch();
    world.push('shop', { 'preview.yaml': previewText('prot: 80') });
    world.pull('shop', 7);
    expect(await sync(world)).toMatchObject({ state: { state: 'invalid' } });
    expect([pulls(), branch()]).toEqual([['open'], before]);
  });

  test('a close before the merge withdraws it; after it, the removal is proposed', async () => {
    const { world, pulls, merge, body } = await opened();
    await sync(world);
    world.pull('shop', 7, { state: 'closed' });
    expect(await sync(world)).toMatchObject({ state: { state: 'review', decision: 'withdrawn' } });
    expect(world.comment('shop', 7)).toContain('### Preview: removed');
    expect(pulls()).toEqual(['closed']);

    world.pull('shop', 7);
    await sync(world);
    merge(2);
    world.pull('shop', 7, { state: 'closed', merged: true });
    expect(await sync(world)).toMatchObject({ effect: 'remove', state: { state: 'review', decision: 'open' } });
    expect(world.previews()).toEqual(['pr-shop-7']);
    expect(world.comment('shop', 7)).toContain('Your earlier preview stays as it is');
    expect(body(3)).toMatch(/was merged.*Merging ends it\. Until then it runs on, at the latest until/);
    merge(3);
    expect(world.previews()).toEqual([]);
    await sync(world);
    expect(pulls()).toEqual(['closed', 'merged', 'merged']);
  });

  test('a version that was declined is not proposed again, and the maker reads whom to ask', async () => {
    const { world, pulls, apps } = await opened();
    await sync(world);
    closePull(apps(), apps().pullRequest(1)!);
    expect(await sync(world)).toMatchObject({ effect: 'none', state: { state: 'review', decision: 'declined' } });
    expect(world.comment('shop', 7)).toMatch(/declined in review[\s\S]*ask the platform team/);
    world.push('shop', { 'preview.yaml': previewText('', 'ghcr.io/acme/other') });
    world.pull('shop', 7);
    expect(await sync(world)).toMatchObject({ state: { decision: 'open' } });
    expect(pulls()).toEqual(['closed', 'open']);
  });

  test('a command on a proposal itself is none, and has no answer', async () => {
    const { world, fake, pulls } = await opened();
    await sync(world);
    await world.allow('previews', 'mia', 'admin');
    const id = await world.say('previews', 1, 'mia', '/preview stop');
    const handled = world.with((context) => handleComment(context, { path: 'acme/previews' }, 1, id));
    expect([await handled, pulls(), fake.commentByNumber(id)?.reactions]).toEqual([null, ['open'], []]);
  });

  test('a dry run proposes nothing', async () => {
    const { world, pulls } = await opened();
    expect((await sync(world, 'shop', 7, { dryRun: true })).change.size).toBeGreaterThan(10);
    expect(pulls()).toEqual([]);
  });

  test('what is not merged automatically is a note', async () => {
    const { world, fake } = await opened(platformText('commit: { mode: pull-request, autoMerge: true }'));
    fake.autoMerges = null;
    expect((await sync(world)).notes).toEqual([expect.stringContaining('is not merged automatically')]);
  });

  test('a branch that moves while it is planned leads to a new plan', async () => {
    const { world, fake, pulls } = await opened();
    let left = 1;
    fake.fault = ({ operation }) => {
      if (operation === 'ReadTreesAndProposal' && left-- > 0) commitFiles(world.appsRepo, { 'README.md': 'r' });
      return undefined;
    };
    expect(await sync(world)).toMatchObject({ state: { state: 'review', decision: 'open' } });
    expect(pulls()).toEqual(['open']);
    expect(git(world.appsRepo, ['rev-list', '--count', 'greenroom/pr-shop-7..main'])).toBe('0');
  });

  test('a proposal does not bring back what the branch was put back from', async () => {
    const { world, pulls, merge } = await opened();
    await sync(world);
    merge(1);
    world.push('cart');
    world.pull('cart', 8);
    await sync(world, 'cart', 8);
    git(world.appsRepo, ['update-ref', 'refs/heads/main', 'main~1']);
    world.pull('shop', 7, { state: 'closed' });
    expect(await sync(world, 'cart', 8)).toMatchObject({ state: { state: 'review' } });
    expect(git(world.appsRepo, ['rev-list', '--count', 'main..greenroom/pr-cart-8'])).toBe('1');
    merge(2);
    expect([world.previews(), pulls()]).toEqual([['pr-cart-8'], ['merged', 'merged']]);
  });

  test('a local repository takes no proposals: the error says what to do', async () => {
    const world = new World(platformText(REVIEW));
    world.push('shop');
    world.pull('shop', 7);
    await expect(sync(world)).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(/commit\.mode: pull-request.*OWNER\/NAME.*commit\.mode: direct/),
    });
    expect(world.previews()).toEqual([]);
    await expect(sweepAll(world)).rejects.toMatchObject({ code: 'failed' });
    const { results } = await world.with((context) => sweep(context, { apply, dryRun: true }));
    expect(results.map(({ effect }) => effect)).toEqual(['create']);
  });

  test('costs at most 5 requests for a change and 3 for none, as a commit does; auto-merge is one more', async () => {
    // Places are limited, so that a new preview looks at all the others; one of them has its number.
    const { world, fake, merge } = await opened(platformText('slots: { total: 50 }'));
    for (const [name, n] of [
      ['cart', 7],
      ['cart', 1],
    ] as const) {
      world.push(name);
      world.pull(name, n);
      await sync(world, name, n);
    }
    world.pull('shop', 8);
    await sync(world, 'shop', 8);
    const review = (autoMerge: boolean) =>
      commitFiles(world.appsRepo, {
        'greenroom.yaml': platformText(`slots: { total: 50 }\ncommit: { mode: pull-request, autoMerge: ${autoMerge} }`),
      });
    const cost = async () => {
      fake.requests.length = 0;
      await sync(world);
      return fake.requests.filter(APPS).map(({ operation }) => operation);
    };
    const push = (image: string) => {
      world.push('shop', { 'preview.yaml': previewText('', image) });
      world.pull('shop', 7);
    };
    review(false);
    const first = [await cost(), await cost()];
    merge(1);
    const removesBranch = await cost();
    const running = [await cost()];
    push('ghcr.io/acme/other');
    running.push(await cost());
    push('ghcr.io/acme/third');
    running.push(await cost(), await cost());
    world.pull('shop', 7, { state: 'closed' });
    const ending = [await cost(), await cost()];
    merge(2);
    const removesBranchAgain = await cost();
    const over = await cost();
    review(true);
    world.pull('shop', 7);
    const merging = [await cost(), await cost()];
    expect([first, running, ending, [over], merging]).toEqual([
      [
        ['ReadTrees', 'ReadTreesAndProposal', 'ReadTrees', 'OpenProposal'],
        ['ReadTrees', 'ReadTreesAndProposal', 'ReadTrees'],
      ],
      [
        ['ReadTrees', 'ReadTreesAndProposal'],
        ['ReadTrees', 'ReadTreesAndProposal', 'OpenProposal'],
        ['ReadTrees', 'ReadTreesAndProposal', 'StageProposal', 'UpdateProposal'],
        ['ReadTrees', 'ReadTreesAndProposal'],
      ],
      [
        ['ReadTrees', 'ReadTreesAndProposal', 'StageProposal', 'UpdateProposal'],
        ['ReadTrees', 'ReadTreesAndProposal'],
      ],
      // One that is gone is looked for among those of its number.
      [['ReadTrees', 'ReadTreesAndProposal', 'ReadTrees']],
      [
        ['ReadTrees', 'ReadTreesAndProposal', 'ReadTrees', 'OpenProposal', 'EnableAutoMerge'],
        ['ReadTrees', 'ReadTreesAndProposal', 'ReadTrees'],
      ],
    ]);
    expect([removesBranch, removesBranchAgain]).toEqual([
      ['ReadTrees', 'ReadTreesAndProposal', 'WithdrawProposal'],
      ['ReadTrees', 'ReadTreesAndProposal', 'ReadTrees', 'WithdrawProposal'],
    ]);
  });
});

describe('a sweep with commit.mode: pull-request', () => {
  test('proposes one pull request a preview, and twice is once', async () => {
    const { world, pulls, merge } = await opened();
    world.pull('shop', 8);
    world.push('cart');
    world.pull('cart', 1);
    const before = world.head();
    const { results, failures } = await sweepAll(world);
    expect(failures).toEqual([]);
    expect(results.map(({ name, state }) => [name, state.state]).sort()).toEqual([
      ['pr-cart-1', 'review'],
      ['pr-shop-7', 'review'],
      ['pr-shop-8', 'review'],
    ]);
    await sweepAll(world);
    expect([world.head(), pulls()]).toEqual([before, ['open', 'open', 'open']]);
    for (const number of [1, 2, 3]) merge(number);
    await sweepAll(world);
    expect(world.previews()).toEqual(['pr-cart-1', 'pr-shop-7', 'pr-shop-8']);
    expect(world.comment('shop', 8)).toContain('[Its address]');
    // The branches are gone, and previews that nobody has to look at cost no request of their own.
    const fake = await world.github();
    fake.requests.length = 0;
    await sweepAll(world);
    expect(fake.requests.flatMap(({ operation = '' }) => (operation.includes('Proposal') ? operation : []))).toEqual([
      'ListProposals',
    ]);
  });

  test('withdraws what was closed before it was merged, and its own pull requests are no previews', async () => {
    const { world, fake, pulls } = await opened();
    await sync(world);
    world.pull('shop', 7, { state: 'closed' });
    const { results, unknown } = await sweepAll(world);
    expect(unknown).toEqual([]);
    expect(results.map(({ name }) => name)).toEqual(['pr-shop-7']);
    expect(pulls()).toEqual(['closed']);
    expect(world.comment('shop', 7)).toContain('### Preview: removed');
    expect(fake.commentsOf('acme', 'previews', 1)).toEqual([]);
    expect(fake.checks.filter(({ repository }) => repository === 'acme/previews')).toEqual([]);
  });

  test('withdraws what waits under the name of a repository that was renamed since', async () => {
    const { world, apps, branch } = await opened();
    await sync(world);
    world.rename('shop', 'store');
    const fake = await world.github();
    fake.redirects.set('acme/shop', 'acme/store');
    await sweepAll(world);
    const open = apps()
      .pullRequests()
      .filter(({ state }) => state === 'open');
    expect(open.map(({ head }) => head.ref)).toEqual(['greenroom/pr-store-7']);
    expect(branch()).toBeNull();
  });

  test('leaves what another repository proposes under the name that this one would have', async () => {
    const { world, pulls, merge } = await opened();
    await sync(world);
    merge(1);
    world.push('shop', { 'preview.yaml': previewText('', 'ghcr.io/acme/other') });
    world.pull('shop', 7);
    await sync(world);
    world.rename('shop', 'store');
    world.push('shop');
    world.pull('shop', 7, { draft: true });
    await sync(world);
    await sweepAll(world);
    expect(pulls()).toEqual(['merged', 'open']);
  });

  test('leaves what nobody answers about', async () => {
    const { world, pulls } = await opened();
    await sync(world);
    world.rename('shop', 'hidden');
    world.forget('hidden');
    const fake = await world.github();
    fake.fault = ({ operation }) => (operation === 'ListPulls' ? { status: 502 } : undefined);
    const { unknown } = await sweepAll(world);
    expect(unknown.join('\n')).toContain('its request for review is kept');
    expect(pulls()).toEqual(['open']);
  });

  test('proposes the end of a preview whose time is up and whose pull request gives no answer', async () => {
    const { world, pulls, merge } = await opened();
    await sync(world);
    merge(1);
    world.rename('shop', 'hidden');
    world.forget('hidden');
    const fake = await world.github();
    fake.fault = ({ operation, path }) =>
      operation === 'ListPulls' || path.startsWith('/repositories/') ? { status: 502 } : undefined;
    world.now = OPENED + 80 * 3600;
    await sweepAll(world);
    expect(pulls()).toEqual(['merged', 'open']);
    merge(2);
    expect(world.previews()).toEqual([]);
  });

  describe('proposes the removal of what was pushed past greenroom', () => {
    const INTRUDER = 'previews/main/other/pr-shop-7';
    const BROKEN = 'previews/main/shop/pr-shop-99';
    async function intruded() {
      const state = await opened();
      const { world, merge } = state;
      await sync(world);
      merge(1);
      const own = world.paths().filter((path) => path.startsWith('previews/main/shop/pr-shop-7/'));
      const copied = own.map((path): [string, string] => [path.replace('/shop/', '/other/'), world.read(path)]);
      world.settle({ ...Object.fromEntries(copied), [`${BROKEN}/preview.json`]: '{ "name": ' });
      return state;
    }

    test('all in one, once, and says where; when it is merged they are gone, and no preview with them', async () => {
      const { world, pulls, merge, body } = await intruded();
      const { alarms } = await sweepAll(world);
      const waits = 'Its removal waits for review at https://github.com/acme/previews/pull/2: merge it';
      expect(alarms).toEqual([
        expect.stringMatching(new RegExp(`^${INTRUDER} .*${waits}`)),
        expect.stringMatching(new RegExp(`^${BROKEN} .*${waits}`)),
      ]);
      expect(body(2)).toContain(`- \`${INTRUDER}\` contains the record of pr-shop-7`);
      expect(body(2)).toContain(`- \`${BROKEN}\` has an invalid preview.json`);
      await sweepAll(world);
      expect(pulls()).toEqual(['merged', 'open']);
      merge(2);
      expect((await sweepAll(world)).alarms).toEqual([]);
      expect(world.paths().filter((path) => path.startsWith(INTRUDER) || path.startsWith(BROKEN))).toEqual([]);
      expect(world.previews()).toEqual(['pr-shop-7']);
      expect(pulls()).toEqual(['merged', 'merged']);
    });

    test('once more when others were found, and not against a person who declined it', async () => {
      const { world, pulls, apps, branch } = await intruded();
      await sweepAll(world);
      const first = branch('strays');
      world.settle({ 'previews/main/shop/pr-shop-98/preview.json': '{ "name": ' });
      await sweepAll(world);
      expect([pulls(), branch('strays') === first]).toEqual([['merged', 'open'], false]);
      closePull(apps(), apps().pullRequest(2)!);
      const { alarms } = await sweepAll(world);
      expect(alarms).toHaveLength(3);
      for (const alarm of alarms)
        expect(alarm).toContain('Its removal was declined at https://github.com/acme/previews/pull/2');
      expect(pulls()).toEqual(['merged', 'closed']);
    });

    test('and withdraws it when somebody else removed them', async () => {
      const { world, pulls } = await intruded();
      await sweepAll(world);
      const all = world.paths().filter((path) => path.startsWith(INTRUDER) || path.startsWith(BROKEN));
      world.settle(Object.fromEntries(all.map((path) => [path, null])));
      expect((await sweepAll(world)).alarms).toEqual([]);
      expect(pulls()).toEqual(['merged', 'closed']);
    });
  });
});

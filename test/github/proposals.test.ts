import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ChangeSet } from '../../lib/core/fileset.ts';
import { GitHubAppsRepo } from '../../lib/github/repo/apps-repo.ts';
import { commitMessage } from '../../lib/gitops/message.ts';
import type { ProposalRequest } from '../../lib/gitops/proposals.ts';
import { clientOf } from '../support/fake-github/client.ts';
import { fakeForFile } from '../support/fake-github/fixture.ts';
import { closePull, mergePull } from '../support/fake-github/pulls.ts';
import { bareRepo, commitFiles, filesOf, git, headOf, type TestFiles } from '../support/git.ts';

const fake = await fakeForFile();

const BRANCH = 'greenroom/pr-shop-7';
let made = 0;

/** An apps repo, and what its reviewers see. */
function opened(files: TestFiles = { 'greenroom.yaml': 'g' }) {
  const name = `apps-${++made}`;
  const path = bareRepo(files, { path: join(fake.root, 'acme', `${name}.git`) });
  const repo = new GitHubAppsRepo(clientOf(fake), { path: `acme/${name}` });
  return {
    path,
    name,
    repo,
    pulls: () => fake.repository('acme', name)!.pullRequests(),
    /** Proposes files below the preview's folder against the branch as it is now. */
    propose: async (edit: Record<string, string | null>, more: Partial<ProposalRequest> = {}) => {
      const { head } = await repo.read(['previews/main/shop/pr-shop-7/**']);
      fake.requests.length = 0;
      return repo.proposals.propose({ ...requestOf(edit, head), ...more });
    },
    /** Commits of the proposal's branch that the main branch has not. */
    commits: () =>
      git(path, ['rev-list', `main..${BRANCH}`])
        .split('\n')
        .filter(Boolean).length,
  };
}

function requestOf(edit: Record<string, string | null>, base: string | null): ProposalRequest {
  const change: ChangeSet = new Map(
    Object.entries(edit).map(([path, text]) => [`previews/main/shop/pr-shop-7/${path}`, text]),
  );
  const pullRequest = { path: 'acme/shop', number: 7 };
  const message = commitMessage('add pr-shop-7 (abc1234)', [
    { preview: 'pr-shop-7', pullRequest, head: 'a'.repeat(40) },
  ]);
  return {
    name: 'pr-shop-7',
    base,
    change,
    message,
    title: 'add pr-shop-7',
    body: 'For acme/shop#7.',
    autoMerge: false,
  };
}

const operations = () => fake.requests.map(({ operation, path }) => operation ?? path);

describe('a change', () => {
  test('is a branch, one commit and a pull request, in one request; the main branch stays', async () => {
    const { propose, pulls, path, name, commits } = opened();
    const before = headOf(path);
    expect(await propose({ 'preview.json': '1', 'app/a.yaml': 'a' })).toEqual({
      status: 'open',
      outcome: 'opened',
      url: `https://github.com/acme/${name}/pull/1`,
      note: null,
    });
    expect(operations()).toEqual(['ReadProposal', 'OpenProposal']);
    expect(headOf(path)).toBe(before);
    expect(commits()).toBe(1);
    expect(Object.keys(filesOf(path, BRANCH))).toHaveLength(3);
    expect(pulls()).toMatchObject([{ title: 'add pr-shop-7', state: 'open', head: { ref: BRANCH } }]);
    expect([...fake.bodies.values()].at(-1)).toBe('For acme/shop#7.');
    expect(git(path, ['log', '-1', '--format=%B', BRANCH])).toMatch(
      /^add pr-shop-7 \(abc1234\)\n\nPreview: pr-shop-7\nPull-Request: acme\/shop#7\nHead: a+\nChange: [0-9a-f]{64}$/,
    );
  });

  test('that was proposed is not proposed again, also when the main branch moved on elsewhere', async () => {
    const { propose, path, pulls } = opened();
    await propose({ a: '1' });
    const head = headOf(path, BRANCH);
    commitFiles(path, { 'other.txt': 'o' });
    expect(await propose({ a: '1' })).toMatchObject({ status: 'open', outcome: 'unchanged' });
    expect(operations()).toEqual(['ReadProposal']);
    expect([headOf(path, BRANCH), pulls().length]).toEqual([head, 1]);
  });

  test('that is another now moves the branch: the same pull request, one commit on the present head', async () => {
    const { propose, path, pulls, commits } = opened();
    await propose({ a: '1', b: '1' });
    commitFiles(path, { 'other.txt': 'o' });
    expect(await propose({ a: '2' }, { title: 'update pr-shop-7' })).toMatchObject({ outcome: 'updated' });
    expect(operations()).toEqual(['ReadProposal', 'StageProposal', 'UpdateProposal']);
    expect(pulls()).toMatchObject([{ number: 1, state: 'open', title: 'update pr-shop-7' }]);
    expect(commits()).toBe(1);
    expect(filesOf(path, BRANCH)).toEqual({
      'greenroom.yaml': 'g',
      'other.txt': 'o',
      'previews/main/shop/pr-shop-7/a': '2',
    });
    expect(git(path, ['for-each-ref', '--format=%(refname:short)']).split('\n')).toEqual([BRANCH, 'main']);
  });

  test('that conflicts with what was merged since is made anew on top of it', async () => {
    const { propose, path, pulls } = opened({ 'previews/main/shop/pr-shop-7/a': '0' });
    await propose({ a: '2' });
    commitFiles(path, { 'previews/main/shop/pr-shop-7/a': '1' });
    expect(await propose({ a: '2' })).toMatchObject({ outcome: 'updated' });
    expect(pulls()).toMatchObject([{ state: 'open' }]);
    expect(await propose({ a: '2' })).toMatchObject({ outcome: 'unchanged' });
  });

  test('is looked up with the next question about files, where its name is known by then; once', async () => {
    const { propose, name } = opened({ 'previews/main/shop/pr-shop-7/a': '0' });
    await propose({ a: '1' });
    const repo = new GitHubAppsRepo(clientOf(fake), { path: `acme/${name}` });
    const { head } = await repo.read(['*']);
    fake.requests.length = 0;
    repo.proposals.lookAhead('pr-shop-7');
    await repo.read(['previews/main/shop/pr-shop-7/**'], head);
    expect(await repo.proposals.propose(requestOf({ a: '1' }, head))).toMatchObject({ outcome: 'unchanged' });
    expect(operations()).toEqual(['ReadTreesAndProposal']);
    await repo.proposals.propose(requestOf({ a: '1' }, head));
    expect(operations()).toEqual(['ReadTreesAndProposal', 'ReadProposal']);
  });

  test('that takes the place of a link goes by Git objects', async () => {
    const { propose, path, commits } = opened({ 'previews/main/shop/pr-shop-7/a': { mode: '120000', content: 'x' } });
    expect(await propose({ a: '1' })).toMatchObject({ outcome: 'opened' });
    expect(await propose({ a: '2' })).toMatchObject({ outcome: 'updated' });
    expect(commits()).toBe(1);
    expect(git(path, ['ls-tree', '-r', '--format=%(objectmode)', BRANCH])).toBe('100644');
  });

  test('planned against another head than the present one is a conflict', async () => {
    const { propose, path, pulls } = opened();
    const stale = headOf(path);
    commitFiles(path, { 'other.txt': 'o' });
    expect(await propose({ a: '1' }, { base: stale })).toEqual({ status: 'conflict' });
    expect(pulls()).toEqual([]);
  });
});

describe('no change', () => {
  test('withdraws what is open, and removes the branch', async () => {
    const { propose, path, pulls } = opened();
    await propose({ a: '1' });
    expect(await propose({})).toMatchObject({ status: 'none', outcome: 'withdrawn' });
    expect(pulls()).toMatchObject([{ state: 'closed', merged: false }]);
    expect(headOf(path, BRANCH)).toBeNull();
    expect(await propose({})).toEqual({ status: 'none', outcome: 'unchanged' });
    expect(operations()).toEqual(['ReadProposal']);
    // Wanted again, it is opened again.
    expect(await propose({ a: '1' })).toMatchObject({ outcome: 'opened' });
  });

  test('is also what is there already', async () => {
    const { propose } = opened({ 'previews/main/shop/pr-shop-7/a': '1' });
    expect(await propose({ a: '1', none: null })).toEqual({ status: 'none', outcome: 'unchanged' });
  });
});

describe('reviewers', () => {
  test('who merge leave nothing to do but the branch; the next change is the next pull request', async () => {
    const { propose, path, pulls, name } = opened();
    await propose({ a: '1' });
    mergePull(fake, 'acme', name, 1);
    expect(filesOf(path)).toMatchObject({ 'previews/main/shop/pr-shop-7/a': '1' });
    expect(await propose({ a: '2' })).toMatchObject({ outcome: 'opened', url: expect.stringMatching(/\/2$/) });
    mergePull(fake, 'acme', name, 2);
    expect(await propose({})).toMatchObject({ status: 'none' });
    expect(headOf(path, BRANCH)).toBeNull();
    expect(pulls().map(({ merged }) => merged)).toEqual([true, true]);
    expect(git(path, ['log', '-1', '--format=%B', 'main'])).toContain('Pull-Request: acme/shop#7');
  });

  test('who close it without merging are not asked the same again', async () => {
    const { propose, pulls, name } = opened();
    await propose({ a: '1' });
    closePull(fake.repository('acme', name)!, pulls()[0]!);
    expect(await propose({ a: '1' })).toMatchObject({ status: 'declined', url: expect.stringMatching(/\/1$/) });
    expect(pulls()).toHaveLength(1);
    expect(await propose({ a: '2' })).toMatchObject({ status: 'open', outcome: 'opened' });
    expect(pulls()).toHaveLength(2);
  });

  test('who close it while another version is on its way decline the earlier one, not this one', async () => {
    const { propose, pulls, name, commits } = opened();
    await propose({ a: '1' });
    fake.fault = ({ operation }) => {
      const [first] = pulls();
      if (operation === 'StageProposal' && first?.state === 'open') closePull(fake.repository('acme', name)!, first);
      return undefined;
    };
    expect(await propose({ a: '2' })).toMatchObject({
      status: 'open',
      outcome: 'opened',
      url: expect.stringMatching(/\/2$/),
    });
    expect(pulls().map(({ state }) => state)).toEqual(['closed', 'open']);
    expect(commits()).toBe(1);
    expect(await propose({ a: '2' })).toMatchObject({ status: 'open', outcome: 'unchanged' });
  });

  test('who push to the branch while it is about to move are seen first', async () => {
    const { propose, path } = opened();
    await propose({ a: '1' });
    let pushes = 0;
    fake.fault = ({ operation }) => {
      if (operation === 'UpdateProposal' && pushes === 0) {
        pushes += 1;
        commitFiles(path, { 'previews/main/shop/pr-shop-7/a': 'by hand' }, { branch: BRANCH });
      }
      return undefined;
    };
    expect(await propose({ a: '2' })).toMatchObject({ outcome: 'updated' });
    expect(operations().filter((name) => name === 'UpdateProposal')).toHaveLength(2);
  });

  test('who push to the branch are overruled: what is proposed is what was compiled', async () => {
    const { propose, path, commits } = opened();
    await propose({ a: '1' });
    commitFiles(path, { 'previews/main/shop/pr-shop-7/a': 'by hand' }, { branch: BRANCH });
    expect(await propose({ a: '1' })).toMatchObject({ outcome: 'updated' });
    expect(commits()).toBe(1);
    expect(filesOf(path, BRANCH)).toMatchObject({ 'previews/main/shop/pr-shop-7/a': '1' });
  });

  test('see their own alone: a fork with a branch of that name changes nothing', async () => {
    const { propose, repo, name } = opened();
    await propose({ a: '1' });
    const store = fake.repository('acme', name)!;
    const own = store.pullRequest(1)!;
    const fork = { ...own, number: 2, createdAt: '2027-01-01T00:00:00Z', head: { ...own.head, repositoryId: 5 } };
    writeFileSync(join(store.pulls, '2.json'), JSON.stringify(fork));
    // A branch that somebody made by hand is none of ours, whatever its name.
    git(store.gitDir, ['update-ref', 'refs/heads/greenroom/pr-other-1', 'main']);
    expect(await repo.proposals.list()).toEqual([{ name: 'pr-shop-7', pullRequest: { path: 'acme/shop', number: 7 } }]);
    expect(await propose({ a: '1' })).toMatchObject({ outcome: 'unchanged', url: expect.stringMatching(/\/1$/) });
  });
});

describe('auto-merge', () => {
  test('is asked for where it is wanted, and once', async () => {
    const { propose } = opened();
    expect(await propose({ a: '1' }, { autoMerge: true })).toMatchObject({ note: null });
    expect(fake.autoMerges?.size).toBe(1);
    const { variables } = fake.requests.at(-1)!.body as { variables: { input: Record<string, unknown> } };
    expect(variables.input).toMatchObject({
      mergeMethod: 'SQUASH',
      commitHeadline: 'add pr-shop-7 (abc1234)',
      commitBody: expect.stringContaining('Pull-Request: acme/shop#7'),
    });
    await propose({ a: '1' }, { autoMerge: true });
    expect(operations()).toEqual(['ReadProposal']);
  });

  test('that is not allowed is a note', async () => {
    fake.autoMerges = null;
    const { propose, pulls } = opened();
    expect(await propose({ a: '1' }, { autoMerge: true })).toMatchObject({
      status: 'open',
      note: expect.stringContaining('Auto merge is not allowed'),
    });
    expect(pulls()).toHaveLength(1);
  });
});

describe('faults', () => {
  test.each(['OpenProposal', 'StageProposal', 'UpdateProposal', 'WithdrawProposal'])(
    'a lost answer to %s leads to one pull request in the right state',
    async (lost) => {
      const { propose, path, pulls, commits } = opened();
      let left = 1;
      fake.fault = ({ operation }) => (operation === lost && left-- > 0 ? { status: 502, after: true } : undefined);
      await propose({ a: '1' });
      await propose({ a: '2' });
      expect(pulls()).toMatchObject([{ state: 'open' }]);
      expect(commits()).toBe(1);
      expect(filesOf(path, BRANCH)).toMatchObject({ 'previews/main/shop/pr-shop-7/a': '2' });
      await propose({});
      expect([pulls().length, pulls()[0]?.state, headOf(path, BRANCH)]).toEqual([1, 'closed', null]);
    },
  );

  test('two at once open one pull request', async () => {
    const { path, name, pulls, commits } = opened();
    const base = headOf(path);
    const request = requestOf({ a: '1' }, base);
    const work = () => new GitHubAppsRepo(clientOf(fake), { path: `acme/${name}` }, 'main').proposals.propose(request);
    const results = await Promise.all([work(), work(), work()]);
    expect(results.map(({ status }) => status)).toEqual(['open', 'open', 'open']);
    expect(pulls()).toMatchObject([{ state: 'open' }]);
    expect(commits()).toBe(1);
  });

  test('a missing permission is named', async () => {
    fake.missing.add('pull_requests');
    await expect(opened().propose({ a: '1' })).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('Pull requests: write'),
    });
  });

  test('a server that is too old says so', async () => {
    fake.lacks.add('updateRefs');
    try {
      await expect(opened().propose({ a: '1' })).rejects.toMatchObject({
        code: 'failed',
        message: expect.stringContaining('updateRefs'),
      });
    } finally {
      fake.lacks.clear();
    }
  });
});

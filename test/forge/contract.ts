import { describe, expect, test } from 'vitest';
import type { Forge, RepositoryPulls } from '../../lib/forge/forge.ts';
import type { ForgeFixture } from '../support/forge.ts';
import { COMMIT_TIME } from '../support/git.ts';

const SHOP = { path: 'acme/shop' };
const LINK = { mode: '120000', content: '/etc/passwd' } as const;

async function all(listing: AsyncIterable<RepositoryPulls>): Promise<RepositoryPulls[]> {
  const found: RepositoryPulls[] = [];
  for await (const item of listing) found.push(item);
  return found;
}

/** What every {@link Forge} does about what is there, what moved, and what is not there. */
export function forgeContract(make: () => Promise<{ on: ForgeFixture; forge: Forge }>): void {
  async function shop() {
    const { on, forge } = await make();
    const sha = on.repository('acme', 'shop', {
      'preview.yaml': 'kind: Preview\n',
      'm/a.yaml': 'a',
      'm/b/c.yaml': 'c',
    });
    const pull = { number: 7, repositoryId: 101, labels: ['preview'], head: { sha, ref: 'fix', repositoryId: 101 } };
    on.pull('acme', 'shop', pull);
    return { on, forge, sha, pull };
  }

  describe('a pull request', () => {
    test('as it is now', async () => {
      const { on, forge, sha, pull } = await shop();
      const expected = {
        repository: { id: 101, ...SHOP },
        number: 7,
        state: 'open',
        merged: false,
        draft: false,
        labels: ['preview'],
        head: { sha, ref: 'fix', repositoryId: 101, committedAt: COMMIT_TIME },
        author: 'ada',
        createdAt: COMMIT_TIME,
        updatedAt: COMMIT_TIME,
        closedAt: null,
      };
      expect(await forge.pullRequest(SHOP, 7)).toMatchObject({ status: 'found', value: expected });
      on.pull('acme', 'shop', { ...pull, state: 'closed', merged: true });
      const closed = { state: 'closed', merged: true, closedAt: COMMIT_TIME };
      expect(await forge.pullRequest(SHOP, 7)).toMatchObject({ status: 'found', value: closed });
    });

    test('what runs for its head, and what ran for the commit before it', async () => {
      const { on, forge, sha, pull } = await shop();
      const next = on.repository('acme', 'shop', { 'README.md': 'more' });
      const [startedAt, endedAt] = [COMMIT_TIME, COMMIT_TIME + 240].map((time) => new Date(time * 1000).toISOString());
      const builds = [
        { name: 'image', state: 'running', startedAt: startedAt!, url: 'https://github.com/acme/shop/actions' },
        { name: 'ci/test', state: 'failed', endedAt: endedAt! },
        { name: 'image', state: 'passed', startedAt: startedAt!, endedAt: endedAt!, sha },
      ] as const;
      on.pull('acme', 'shop', { ...pull, head: { ...pull.head, sha: next }, builds });
      const lookup = await forge.pullRequest(SHOP, 7);
      if (lookup.status === 'unknown') throw new Error(lookup.reason);
      const found = await forge.builds(lookup.value);
      expect(found).toEqual({
        status: 'found',
        value: {
          head: [
            {
              ...{ name: 'image', state: 'running', startedAt: COMMIT_TIME, endedAt: null },
              url: 'https://github.com/acme/shop/actions',
            },
            { name: 'ci/test', state: 'failed', startedAt: null, endedAt: COMMIT_TIME + 240, url: null },
          ],
          earlier: [
            [{ name: 'image', state: 'passed', startedAt: COMMIT_TIME, endedAt: COMMIT_TIME + 240, url: null }],
          ],
        },
      });
      const moved = { ...lookup.value, repository: { ...lookup.value.repository, path: 'acme/nothing' } };
      expect((await forge.builds(moved)).status).toBe('unknown');
    });

    test('that is not there, or whose repository is not, is unknown', async () => {
      const { forge } = await shop();
      expect((await forge.pullRequest(SHOP, 8)).status).toBe('unknown');
      expect((await forge.pullRequest({ path: 'acme/nothing' }, 7)).status).toBe('unknown');
      expect((await forge.pullRequestById(999, 7, { path: 'acme/nothing' })).status).toBe('unknown');
    });

    test.each(['acme/store', 'umbrella/shop'])('is found by its id after a move to %s', async (to) => {
      const { on, forge } = await shop();
      on.move('acme/shop', to);
      const value = { repository: { id: 101, path: to }, head: { committedAt: COMMIT_TIME } };
      expect(await forge.pullRequestById(101, 7, SHOP)).toMatchObject({ status: 'found', value });
    });

    test('is not mistaken for one of a new repository under the old name', async () => {
      const { on, forge } = await shop();
      on.move('acme/shop', 'umbrella/shop');
      on.repository('acme', 'shop', { 'README.md': 'new' });
      on.pull('acme', 'shop', { number: 7, repositoryId: 999, state: 'closed' });
      const value = { state: 'open', repository: { id: 101, path: 'umbrella/shop' } };
      expect(await forge.pullRequestById(101, 7, SHOP)).toMatchObject({ status: 'found', value });
      expect(await forge.pullRequest(SHOP, 7)).toMatchObject({ value: { repository: { id: 999 } } });
    });
  });

  test('a list gives the open ones, a repository at a time, and says what it could not see', async () => {
    const { on, forge, sha } = await shop();
    on.repository('acme', 'cart', { a: '1' });
    on.pull('acme', 'cart', { number: 1, repositoryId: 102, state: 'closed' });
    on.pull('acme', 'shop', {
      number: 10,
      repositoryId: 101,
      draft: true,
      head: { sha, ref: 'x', repositoryId: 101 },
    });
    const listed = await all(forge.openPullRequests('acme'));
    const seen = listed.map(({ repository, pulls, complete }) => [
      repository.path,
      pulls.map((p) => p.number),
      complete,
    ]);
    expect(seen).toEqual([
      ['acme/cart', [], true],
      ['acme/shop', [7, 10], true],
    ]);
    expect(await all(forge.openPullRequests('acme', ['nothing']))).toMatchObject([{ complete: false, pulls: [] }]);
    await expect(all(forge.openPullRequests('nobody'))).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('files at a commit: text, null for what is absent, and never from another commit', async () => {
    const { on, forge, sha } = await shop();
    const next = on.repository('acme', 'shop', { 'preview.yaml': 'new', 'm/a.yaml': null, 'm/b/c.yaml': null });
    expect(await forge.readFile(SHOP, sha, 'preview.yaml')).toBe('kind: Preview\n');
    expect(await forge.readFile(SHOP, next, 'preview.yaml')).toBe('new');
    expect(await forge.readFile(SHOP, sha, 'none.yaml')).toBeNull();
    const inside = [
      ['m/a.yaml', 'a'],
      ['m/b/c.yaml', 'c'],
    ] as const;
    expect(await forge.readFolder(SHOP, sha, 'm')).toEqual(new Map(inside));
    expect(await forge.readFolder(SHOP, next, 'm')).toBeNull();
  });

  test('the parents of a commit; null for one that nobody knows', async () => {
    const { on, forge, sha } = await shop();
    const next = on.repository('acme', 'shop', { 'preview.yaml': 'new' });
    expect(await forge.commitParents(SHOP, next)).toEqual([sha]);
    expect(await forge.commitParents(SHOP, 'b'.repeat(40))).toBeNull();
    expect(await forge.commitParents(SHOP, 'refs/heads/main')).toBeNull();
  });

  test('a commit or a repository that is not there is not an absent file', async () => {
    const { forge, sha } = await shop();
    const lost = { code: 'unreachable' };
    await expect(forge.readFile(SHOP, 'b'.repeat(40), 'preview.yaml')).rejects.toMatchObject(lost);
    await expect(forge.readFile({ path: 'acme/nothing' }, sha, 'preview.yaml')).rejects.toMatchObject(lost);
  });

  test('a link, a folder in the place of a file and a file in the place of a folder are refused', async () => {
    const { on, forge } = await shop();
    const sha = on.repository('acme', 'shop', { 'preview.yaml': LINK, 'm/link': LINK });
    const refused = { code: 'invalid-input' };
    await expect(forge.readFile(SHOP, sha, 'preview.yaml')).rejects.toMatchObject(refused);
    await expect(forge.readFile(SHOP, sha, 'm')).rejects.toMatchObject(refused);
    await expect(forge.readFolder(SHOP, sha, 'm')).rejects.toMatchObject(refused);
    await expect(forge.readFolder(SHOP, sha, 'm/a.yaml')).rejects.toMatchObject(refused);
  });
}

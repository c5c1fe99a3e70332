import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RepositoryPulls } from '../../lib/forge/forge.ts';
import { isFork, MAX_FILE_BYTES, MAX_FOLDER_FILES } from '../../lib/forge/forge.ts';
import { LocalForge } from '../../lib/forge/local.ts';
import { TestForge } from '../support/forge.ts';
import { COMMIT_TIME, commitFiles, git } from '../support/git.ts';
import { reportOf } from '../support/report.ts';

const SHOP = { path: 'acme/shop' };

function shop() {
  const on = new TestForge();
  const sha = on.repository('acme', 'shop', { 'preview.yaml': 'kind: Preview\n', 'm/a.yaml': 'a', 'm/b/c.yaml': 'c' });
  on.pull('acme', 'shop', {
    number: 7,
    repositoryId: 101,
    head: { sha, ref: 'fix', repositoryId: 101 },
    labels: ['preview'],
  });
  return { on, sha, forge: new LocalForge(on.path) };
}

/** For tests that only read. */
const shared = shop();

async function all(listing: AsyncIterable<RepositoryPulls>): Promise<RepositoryPulls[]> {
  const found: RepositoryPulls[] = [];
  for await (const item of listing) found.push(item);
  return found;
}

describe('a pull request', () => {
  test('is read from its file, with the time of its head commit from the repository', async () => {
    const { forge, sha } = shared;
    expect(await forge.pullRequest(SHOP, 7)).toEqual({
      status: 'found',
      value: {
        repository: { id: 101, ...SHOP },
        number: 7,
        state: 'open',
        merged: false,
        draft: false,
        labels: ['preview'],
        head: { sha, ref: 'fix', repositoryId: 101, committedAt: COMMIT_TIME },
        author: 'ada',
        isByBot: false,
        isPrivate: true,
        base: 'main',
        title: 'Change 7',
        createdAt: COMMIT_TIME,
        updatedAt: COMMIT_TIME,
        closedAt: null,
        override: null,
      },
    });
  });

  test.each([
    [101, false],
    [202, true],
    [null, true],
  ])('with the head repository %j: a fork is %j', async (repositoryId, expected) => {
    const { on, forge, sha } = shop();
    on.pull('acme', 'shop', { number: 8, repositoryId: 101, head: { sha, ref: 'x', repositoryId } });
    const found = await forge.pullRequest(SHOP, 8);
    expect(found.status === 'found' && isFork(found.value)).toBe(expected);
  });

  test('whose commit or repository is gone has no commit time', async () => {
    const { on, forge } = shop();
    on.pull('acme', 'shop', { number: 8, repositoryId: 101 });
    on.pull('acme', 'lost', { number: 1, repositoryId: 102 });
    expect(await forge.pullRequest(SHOP, 8)).toMatchObject({ value: { head: { committedAt: null } } });
    expect(await forge.pullRequest({ path: 'acme/lost' }, 1)).toMatchObject({
      value: { head: { committedAt: null } },
    });
  });

  test('without a file is unknown, never closed', async () => {
    const { forge } = shared;
    expect(await forge.pullRequest(SHOP, 8)).toEqual({
      status: 'unknown',
      reason: expect.stringContaining('acme/shop#8'),
    });
    expect((await forge.pullRequest({ path: 'acme/nothing' }, 7)).status).toBe('unknown');
  });

  test('closed without a time was closed when it was last touched', async () => {
    const { on, forge } = shop();
    on.pull('acme', 'shop', { number: 8, repositoryId: 101, state: 'closed', closedAt: null });
    expect(await forge.pullRequest(SHOP, 8)).toMatchObject({ value: { state: 'closed', closedAt: COMMIT_TIME } });
  });
});

describe('a broken file', () => {
  const good = {
    number: 8,
    repositoryId: 101,
    state: 'open',
    head: { sha: 'a'.repeat(40), ref: 'x', repositoryId: null },
    author: 'ada',
    title: 'x',
    createdAt: '2026-11-02T09:00:00Z',
    updatedAt: '2026-11-02T09:00:00Z',
  };
  test.each([
    ['number', { ...good, number: 9 }],
    ['repositoryId', { ...good, repositoryId: '101' }, 'must be of type number; found "101"'],
    ['state', { ...good, state: 'merged' }, 'must be "open" or "closed"; found "merged"'],
    [
      'builds[0].state',
      { ...good, builds: [{ name: 'image', state: 'ok' }] },
      'must be "queued" or "running" or "passed" or "failed"; found "ok"',
    ],
    ['merged', { ...good, merged: true }],
    ['labels[0]', { ...good, labels: [{ name: 'preview' }] }],
    ['head.sha', { ...good, head: { ...good.head, sha: 'a1b2c3d' } }],
    ['head.repositoryId', { ...good, head: { sha: 'a'.repeat(40), ref: 'x' } }],
    ['createdAt', { ...good, createdAt: '2026-11-02 09:00' }],
  ])('names file and field: %s', async (field, data, message = 'found') => {
    const { on, forge } = shop();
    on.write('acme', 'shop', 8, JSON.stringify(data));
    await expect(forge.pullRequest(SHOP, 8)).rejects.toMatchObject({
      code: 'invalid-input',
      problems: [
        {
          field,
          file: expect.stringMatching(/acme\/shop\/pulls\/8\.json$/),
          message: expect.stringContaining(message),
        },
      ],
    });
  });

  test('that is no JSON names the line', async () => {
    const { on, forge } = shop();
    on.write('acme', 'shop', 8, '{\n  "number": 8,\n  <html>\n}');
    await expect(forge.pullRequest(SHOP, 8)).rejects.toMatchObject({
      problems: [{ line: 3, column: 3, message: 'is not JSON' }],
    });
  });
});

describe('a repository that moved', () => {
  const move = (on: TestForge, to: string) => {
    mkdirSync(join(on.path, 'umbrella'), { recursive: true });
    renameSync(join(on.path, 'acme/shop'), join(on.path, to));
    renameSync(join(on.path, 'acme/shop.git'), join(on.path, `${to}.git`));
  };

  test.each(['acme/store', 'umbrella/shop'])('to %s is found by its id, under the new name', async (to) => {
    const { on, forge } = shop();
    move(on, to);
    expect(await forge.pullRequestById(101, 7, SHOP)).toMatchObject({
      status: 'found',
      value: { repository: { id: 101, path: to }, head: { committedAt: COMMIT_TIME } },
    });
  });

  test('is not mistaken for a new one under the old name', async () => {
    const { on, forge } = shop();
    move(on, 'umbrella/shop');
    on.pull('acme', 'shop', { number: 7, repositoryId: 999, state: 'closed' });
    expect(await forge.pullRequestById(101, 7, SHOP)).toMatchObject({
      value: { state: 'open', repository: { path: 'umbrella/shop' } },
    });
    rmSync(join(on.path, 'umbrella'), { recursive: true });
    expect((await forge.pullRequestById(101, 7, SHOP)).status).toBe('unknown');
  });

  test('is unknown when two claim its id', async () => {
    const { on, forge } = shop();
    on.pull('acme', 'a', { number: 3, repositoryId: 101 });
    on.pull('acme', 'b', { number: 3, repositoryId: 101 });
    expect(await forge.pullRequestById(101, 3, SHOP)).toMatchObject({
      status: 'unknown',
      reason: expect.stringContaining('acme/a'),
    });
  });
});

describe('listing', () => {
  test('gives open pull requests only, a repository at a time, each said to be complete', async () => {
    const { on, forge } = shop();
    on.repository('acme', 'cart', { a: '1' });
    on.pull('acme', 'shop', { number: 10, repositoryId: 101, draft: true });
    on.pull('acme', 'shop', { number: 9, repositoryId: 101, state: 'closed' });
    const found = await all(forge.openPullRequests('acme'));
    expect(
      found.map(({ repository, pulls, complete }) => [repository.path, pulls.map((p) => p.number), complete]),
    ).toEqual([
      ['acme/cart', [], true],
      ['acme/shop', [7, 10], true],
    ]);
    expect(await all(forge.openPullRequests('acme', ['shop']))).toEqual([found[1]]);
  });

  test('a broken file leaves its repository incomplete and the others whole', async () => {
    const { on, forge } = shop();
    on.write('acme', 'shop', 8, '<html>');
    on.pull('acme', 'cart', { number: 1, repositoryId: 102 });
    expect(await all(forge.openPullRequests('acme'))).toMatchObject([
      { repository: { path: 'acme/cart' }, complete: true },
      {
        repository: { path: 'acme/shop' },
        complete: false,
        pulls: [{ number: 7 }],
        reason: expect.stringContaining('8.json'),
      },
    ]);
  });

  test('a repository that is not there is incomplete; an owner that is not there cannot be listed', async () => {
    const { forge } = shared;
    expect(await all(forge.openPullRequests('acme', ['nothing']))).toMatchObject([{ complete: false, pulls: [] }]);
    await expect(all(forge.openPullRequests('nobody'))).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('reading files at a commit', () => {
  test('gives text, null for what is absent, and whole folders by their paths', async () => {
    const { forge, sha } = shared;
    expect(await forge.readFile(SHOP, sha, 'preview.yaml')).toBe('kind: Preview\n');
    expect(await forge.readFile(SHOP, sha, 'none.yaml')).toBeNull();
    expect(await forge.readFile(SHOP, sha, 'preview.yaml/x')).toBeNull();
    expect(await forge.readFolder(SHOP, sha, 'm')).toEqual(
      new Map([
        ['m/a.yaml', 'a'],
        ['m/b/c.yaml', 'c'],
      ]),
    );
    expect(await forge.readFolder(SHOP, sha, 'none')).toBeNull();
  });

  test('stays at the commit that is asked for', async () => {
    const { on, forge, sha } = shop();
    const next = commitFiles(on.gitDir('acme', 'shop'), { 'preview.yaml': 'new' });
    expect(await forge.readFile(SHOP, sha, 'preview.yaml')).toBe('kind: Preview\n');
    expect(await forge.readFile(SHOP, next, 'preview.yaml')).toBe('new');
  });

  test('a commit that is not there is not an absent file', async () => {
    const { forge } = shared;
    await expect(forge.readFile(SHOP, 'b'.repeat(40), 'preview.yaml')).rejects.toMatchObject({ code: 'unreachable' });
  });

  const link = { mode: '120000', content: '/etc/passwd' } as const;
  test.each([
    ['a symbolic link', { x: link }, 'x', 'found a symbolic link'],
    ['a link on the way', { m: link }, 'm/x', 'found a symbolic link'],
    ['a submodule', { x: { mode: '160000', content: 'c'.repeat(40) } as const }, 'x', 'found a submodule'],
    ['a folder', { 'x/y': '1' }, 'x', 'found a folder'],
    ['a file above the cap', { x: 'x'.repeat(MAX_FILE_BYTES + 1) }, 'x', `at most ${MAX_FILE_BYTES} bytes`],
    ['bytes that are not text', { x: Buffer.from([0xff, 0xfe]) }, 'x', 'found UTF-16'],
  ])('%s is refused', async (_, files, path, message) => {
    const { on, forge } = shop();
    const sha = commitFiles(on.gitDir('acme', 'shop'), { m: null, ...files });
    await expect(forge.readFile(SHOP, sha, path)).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining(message),
    });
  });

  test('a folder with a link, or with too many files, is refused', async () => {
    const { on, forge } = shop();
    const repo = on.gitDir('acme', 'shop');
    const many = Object.fromEntries(Array.from({ length: MAX_FOLDER_FILES + 1 }, (_, i) => [`many/${i}`, '']));
    const sha = commitFiles(repo, { 'm/link': link, ...many });
    await expect(forge.readFolder(SHOP, sha, 'm')).rejects.toMatchObject({
      message: expect.stringContaining('symbolic link'),
    });
    await expect(forge.readFolder(SHOP, sha, 'many')).rejects.toMatchObject({
      message: expect.stringContaining('more than 100 files'),
    });
    await expect(forge.readFolder(SHOP, sha, 'preview.yaml')).rejects.toMatchObject({
      message: expect.stringContaining('must be a folder'),
    });
  });

  test('a tree that unfolds to billions of folders is refused at once', async () => {
    const { on, forge } = shop();
    const repo = on.gitDir('acme', 'shop');
    let tree = git(repo, ['mktree'], '');
    for (let depth = 0; depth < 10; depth += 1) {
      const entries = Array.from({ length: 10 }, (_, i) => `040000 tree ${tree}\t${i}\n`);
      tree = git(repo, ['mktree'], entries.join(''));
    }
    const sha = git(repo, ['commit-tree', git(repo, ['mktree'], `040000 tree ${tree}\tm\n`), '-m', 'bomb']);
    await expect(forge.readFolder(SHOP, sha, 'm')).rejects.toMatchObject({
      message: expect.stringContaining('1000 folders'),
    });
  });
});

describe('names that would lead elsewhere are refused', () => {
  test.each(['..', '.', '../acme', 'a/b', '', 'a\0', 'shop.git', 'a\n'])('%j', async (name) => {
    const { forge, sha } = shared;
    const refused = { code: 'invalid-input' };
    await expect(forge.pullRequest({ path: `acme/${name}` }, 7)).rejects.toMatchObject(refused);
    await expect(forge.readFile({ path: `acme/${name}` }, sha, 'preview.yaml')).rejects.toMatchObject(refused);
    if (name !== 'shop.git') await expect(all(forge.openPullRequests(name))).rejects.toMatchObject(refused);
    if (name !== 'shop.git')
      await expect(forge.pullRequest({ path: `${name}/shop` }, 7)).rejects.toMatchObject(refused);
  });

  test.each([0, -1, 1.5, Number.NaN, 2 ** 60])('number %d', async (number) => {
    await expect(shared.forge.pullRequest(SHOP, number)).rejects.toMatchObject({ code: 'invalid-input' });
  });

  test.each(['../x', '/etc/passwd', 'm//a', 'm/../x', '.git/config'])('path %j', async (path) => {
    const { forge, sha } = shared;
    await expect(forge.readFile(SHOP, sha, path)).rejects.toMatchObject({ code: 'invalid-input' });
  });

  test.each(['main', 'HEAD', 'a1b2c3d', 'a'.repeat(39), `${'a'.repeat(40)}\nHEAD`])('commit %j', async (sha) => {
    await expect(shared.forge.readFile(SHOP, sha, 'preview.yaml')).rejects.toMatchObject({ code: 'invalid-input' });
  });
});

describe('publishing', () => {
  test('writes comment and check beside the pull request and leaves nothing else', async () => {
    const { on, forge, sha } = shop();
    const found = await forge.pullRequest(SHOP, 7);
    if (found.status !== 'found') return expect.unreachable();
    const check = { headSha: sha, conclusion: 'success', title: 'ready', summary: 'x', annotations: [] } as const;
    await forge.publish(found.value, reportOf({ comment: '### Preview: ready\n', check }));
    const folder = join(on.path, 'acme/shop/pulls/7');
    expect(readFileSync(join(folder, 'comment.md'), 'utf8')).toBe('### Preview: ready\n');
    expect(JSON.parse(readFileSync(join(folder, 'check.json'), 'utf8'))).toEqual(check);
    await forge.publish(found.value, reportOf({}));
    expect(readdirSync(folder).sort()).toEqual(['check.json', 'comment.md']);
  });

  test('nothing to say writes nothing', async () => {
    const { on, forge } = shop();
    const found = await forge.pullRequest(SHOP, 7);
    if (found.status !== 'found') return expect.unreachable();
    await forge.publish(found.value, reportOf({}));
    expect(existsSync(join(on.path, 'acme/shop/pulls/7'))).toBe(false);
  });
});

describe('what a pull request changes', () => {
  test('is the difference to where it left the branch that it wants to change', async () => {
    const { on, sha, forge } = shop();
    const next = on.repository('acme', 'shop', { 'web/a.ts': '1', 'm/a.yaml': null });
    git(on.gitDir('acme', 'shop'), ['update-ref', 'refs/heads/main', sha]);
    on.repository('acme', 'shop', { 'elsewhere.md': 'later on main' });
    const head = { sha: next, ref: 'fix', repositoryId: 101 };
    on.pull('acme', 'shop', { number: 8, repositoryId: 101, head });
    const pull = await forge.pullRequest(SHOP, 8);
    if (pull.status !== 'found') throw new Error(pull.reason);
    expect(pull.value).toMatchObject({ base: 'main', isByBot: false });
    expect(await forge.changedFiles(pull.value)).toEqual({ status: 'found', value: ['m/a.yaml', 'web/a.ts'] });
    on.pull('acme', 'shop', { number: 8, repositoryId: 101, head, base: { ref: 'none' }, author: 'renovate[bot]' });
    const other = await forge.pullRequest(SHOP, 8);
    if (other.status !== 'found') throw new Error(other.reason);
    expect(other.value.isByBot).toBe(true);
    expect(await forge.changedFiles(other.value)).toMatchObject({ status: 'unknown' });
    on.pull('acme', 'shop', { number: 8, repositoryId: 101, head, files: ['a'] });
    expect(await forge.changedFiles(other.value)).toEqual({ status: 'found', value: ['a'] });
  });
});

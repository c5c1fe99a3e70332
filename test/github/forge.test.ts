import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Check, PullRequest, RepositoryPulls } from '../../lib/forge/forge.ts';
import { MAX_FILE_BYTES, MAX_FOLDER_FILES } from '../../lib/forge/forge.ts';
import { LocalForge } from '../../lib/forge/local.ts';
import { GitHubForge } from '../../lib/github/forge.ts';
import { IMPACT_MARKER } from '../../lib/report/impact.ts';
import { COMMENT_MARKER } from '../../lib/report/markers.ts';
import { clientOf } from '../support/fake-github/client.ts';
import { FakeGitHub } from '../support/fake-github/server.ts';
import { TestForge } from '../support/forge.ts';
import { commitFiles, type TestFiles } from '../support/git.ts';
import { reportOf } from '../support/report.ts';

const SHOP = { path: 'acme/shop' };
const running: FakeGitHub[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((fake) => fake.stop()));
});

async function shop(files: TestFiles = { 'preview.yaml': 'kind: Preview\n', 'm/a.yaml': 'a', 'm/b/c.yaml': 'c' }) {
  const on = new TestForge();
  const sha = on.repository('acme', 'shop', files);
  const head = { sha, ref: 'fix', repositoryId: 101 };
  on.pull('acme', 'shop', { number: 7, repositoryId: 101, head, labels: ['preview', 'x'] });
  const fake = await FakeGitHub.start(on.path);
  running.push(fake);
  return { on, sha, fake, forge: new GitHubForge(clientOf(fake)) };
}

async function all(listing: AsyncIterable<RepositoryPulls>): Promise<RepositoryPulls[]> {
  const found: RepositoryPulls[] = [];
  for await (const item of listing) found.push(item);
  return found;
}

async function pull7(forge: GitHubForge): Promise<PullRequest> {
  const found = await forge.pullRequest(SHOP, 7);
  if (found.status !== 'found') throw new Error(found.reason);
  return found.value;
}

describe('a pull request', () => {
  test.each([
    {},
    { state: 'closed', merged: true } as const,
    { state: 'closed' } as const,
    { draft: true },
    { head: { sha: '0'.repeat(40), ref: 'gone', repositoryId: null } },
    { head: { sha: '0'.repeat(40), ref: 'fork', repositoryId: 202 } },
    { author: 'ghost' },
  ])('%j is what the local forge makes of it', async (pull) => {
    const { on, forge } = await shop();
    on.pull('acme', 'shop', { number: 8, repositoryId: 101, ...pull });
    const local = new LocalForge(on.path);
    expect(await forge.pullRequest(SHOP, 8)).toEqual(await local.pullRequest(SHOP, 8));
    await local.close();
  });

  test('that is not there is unknown, never closed', async () => {
    const { forge } = await shop();
    expect(await forge.pullRequest(SHOP, 8)).toMatchObject({ status: 'unknown' });
    expect(await forge.pullRequest({ path: 'acme/none' }, 7)).toMatchObject({ status: 'unknown' });
  });

  test('is followed by the id of its repository to a new name', async () => {
    const { on, forge } = await shop();
    renameSync(on.gitDir('acme', 'shop'), on.gitDir('acme', 'store'));
    renameSync(join(on.path, 'acme', 'shop'), join(on.path, 'acme', 'store'));
    const found = await forge.pullRequestById(101, 7, SHOP);
    expect(found).toMatchObject({ status: 'found', value: { repository: { id: 101, path: 'acme/store' } } });
  });

  test('of another repository under the old name, or behind its redirect, is unknown', async () => {
    const { on, fake, forge } = await shop();
    expect(await forge.pullRequestById(555, 7, SHOP)).toMatchObject({ status: 'unknown' });
    on.repository('acme', 'other', { a: '1' });
    on.pull('acme', 'other', { number: 7, repositoryId: 303 });
    fake.redirects.set('acme/former', 'acme/other');
    const lastKnown = { path: 'acme/former' };
    expect(await forge.pullRequestById(404, 7, lastKnown)).toMatchObject({ status: 'unknown' });
  });

  test('is unknown where the name that its id led to is another repository by now', async () => {
    const { on, fake, forge } = await shop();
    on.move('acme/shop', 'acme/moved');
    on.repository('acme', 'other', { a: '1' });
    on.pull('acme', 'other', { number: 7, repositoryId: 303, state: 'closed' });
    const isById = (path: string) => path.startsWith('/repositories/');
    const renamed = (body: string) => body.replace('"name":"moved"', '"name":"other"');
    fake.fault = ({ path }) => (isById(path) ? { edit: renamed } : undefined);
    expect(await forge.pullRequestById(101, 7, SHOP)).toMatchObject({ status: 'unknown' });
  });

  test('whose labels did not all come is unknown', async () => {
    const { fake, forge } = await shop();
    fake.fault = () => ({ edit: (body) => body.replace('{"name":"preview"},', '') });
    expect(await forge.pullRequest(SHOP, 7)).toMatchObject({ status: 'unknown' });
  });
});

describe('the open pull requests', () => {
  test('come page by page, closed ones left out, repositories without any included', async () => {
    const { on, forge } = await shop();
    for (let number = 10; number < 130; number += 1) {
      on.pull('acme', 'shop', { number, repositoryId: 101, state: number % 10 === 0 ? 'closed' : 'open' });
    }
    on.repository('acme', 'empty', { a: '1' });
    const [empty, found, ...others] = await all(forge.openPullRequests('acme'));
    expect(others).toEqual([]);
    expect(empty).toEqual({ repository: { path: 'acme/empty' }, pulls: [], complete: true });
    expect(found).toMatchObject({ repository: SHOP, complete: true });
    expect(found?.pulls.length).toBe(1 + 108);
  });

  test.each([
    ['HTML', () => ({ status: 200 })],
    ['a page that lacks one', () => ({ edit: (body: string) => body.replace('"totalCount":60', '"totalCount":61') })],
    [
      'a page without the next',
      () => ({ edit: (body: string) => body.replace('"endCursor":"50"', '"endCursor":null') }),
    ],
  ])('%s: the list is not complete', async (_, fault) => {
    const { on, fake, forge } = await shop();
    for (let number = 10; number < 69; number += 1) on.pull('acme', 'shop', { number, repositoryId: 101 });
    fake.fault = ({ operation }) => (operation === 'ListPulls' ? fault() : undefined);
    expect(await all(forge.openPullRequests('acme', ['shop']))).toMatchObject([{ complete: false }]);
  });

  type Listed = { totalCount: number; nodes: unknown[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
  test.each<[string, (page: Listed, isFirst: boolean) => object]>([
    [
      'one that comes twice, and another that does not come',
      ({ nodes }, isFirst) => (isFirst ? {} : { nodes: [nodes[1], ...nodes.slice(1)] }),
    ],
    [
      'one that cannot be read, and one less that is open by the next page',
      ({ nodes, totalCount }, isFirst) =>
        isFirst ? { nodes: [null, ...nodes.slice(1)] } : { totalCount: totalCount - 1 },
    ],
    [
      'a page without its list, and nothing open by then',
      (_, isFirst) => (isFirst ? {} : { nodes: null, totalCount: 0 }),
    ],
    [
      'cursors that lead to and fro',
      (_, isFirst) => ({ pageInfo: { hasNextPage: true, endCursor: isFirst ? '50' : '0' } }),
    ],
  ])('%s: the list is not complete, and nobody is in it twice', async (_, edit) => {
    const { on, fake, forge } = await shop();
    for (let number = 10; number < 69; number += 1) on.pull('acme', 'shop', { number, repositoryId: 101 });
    fake.requests.length = 0;
    const isFirst = (after: unknown) => after === null || after === '0';
    fake.fault = ({ operation, body }) =>
      operation === 'ListPulls'
        ? {
            edit: (text) => {
              const answer = JSON.parse(text);
              const { after } = body['variables'] as { after: string | null };
              const list = answer.data.repository.pullRequests;
              Object.assign(list, edit(list, isFirst(after)));
              return JSON.stringify(answer);
            },
          }
        : undefined;
    const [found] = await all(forge.openPullRequests('acme', ['shop']));
    expect(found).toMatchObject({ complete: false });
    const numbers = found!.pulls.map(({ number }) => number);
    expect(numbers).toEqual([...new Set(numbers)]);
    expect(fake.requests.length).toBeLessThan(6);
  });

  test('of a repository that is not there: not complete; of an owner that is not there: unreachable', async () => {
    const { forge } = await shop();
    expect(await all(forge.openPullRequests('acme', ['none']))).toMatchObject([{ complete: false, pulls: [] }]);
    await expect(all(forge.openPullRequests('nobody'))).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('files at a commit', () => {
  test('are read as they were', async () => {
    const { on, sha, forge } = await shop();
    commitFiles(on.gitDir('acme', 'shop'), { 'preview.yaml': 'newer' });
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

  test.each([
    ['a link', { f: { mode: '120000', content: 'm/a.yaml' } }, 'f'],
    ['a submodule', { f: { mode: '160000', content: 'c'.repeat(40) } }, 'f'],
    ['a folder', { 'f/x': '1' }, 'f'],
    ['a link on the way', { l: { mode: '120000', content: 'm' }, 'm/f': '1' }, 'l/f'],
    ['bytes', { f: Buffer.from([0x61, 0xff]) }, 'f'],
    ['a large file', { f: 'x'.repeat(MAX_FILE_BYTES + 1) }, 'f'],
    ['a path out of the repository', { f: '1' }, '../f'],
  ] as [string, TestFiles, string][])('%s is refused', async (_, files, path) => {
    const { sha, forge } = await shop(files);
    await expect(forge.readFile(SHOP, sha, path)).rejects.toMatchObject({ code: 'invalid-input' });
  });

  test.each([
    ['a link in it', { 'm/a': '1', 'm/b/l': { mode: '120000', content: '/etc/passwd' } }],
    ['a submodule in it', { 'm/a': '1', 'm/s': { mode: '160000', content: 'c'.repeat(40) } }],
    ['a link in its place', { m: { mode: '120000', content: 'other' }, 'other/a': '1' }],
    ['a file in its place', { m: '1' }],
    ['too many files', Object.fromEntries(Array.from({ length: MAX_FOLDER_FILES + 1 }, (_, i) => [`m/${i}`, `${i}`]))],
  ] as [string, TestFiles][])('a folder with %s is refused', async (_, files) => {
    const { sha, forge } = await shop(files);
    await expect(forge.readFolder(SHOP, sha, 'm')).rejects.toMatchObject({ code: 'invalid-input' });
  });

  test('of a commit that is not there are unreachable, not absent', async () => {
    const { forge } = await shop();
    await expect(forge.readFile(SHOP, 'd'.repeat(40), 'preview.yaml')).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('publishing', () => {
  const comment = (text: string) => `${COMMENT_MARKER}\n${text}`;
  const check = (headSha: string, annotations = 0): Check => ({
    headSha,
    conclusion: 'failure',
    title: 'x'.repeat(200),
    summary: 's',
    annotations: Array.from({ length: annotations }, (_, i) => ({
      path: 'preview.yaml',
      startLine: i + 1,
      endLine: i + 1,
      level: 'failure' as const,
      title: 't',
      message: `m${i}`,
    })),
  });

  test('a comment of another kind is one of its own: its first line says which', async () => {
    const { fake, forge } = await shop();
    const pull = await pull7(forge);
    const impact = (text: string) => `${IMPACT_MARKER}\n${text}`;
    for (const text of [comment('one'), impact('one'), comment('two'), impact('two')]) {
      await forge.publish(pull, { ...reportOf({ comment: text }), marker: text.split('\n', 1)[0]! });
    }
    expect(fake.commentsOf('acme', 'shop', 7).map(({ body }) => body)).toEqual([comment('two'), impact('two')]);
  });

  test('one comment, edited in place; the same again writes nothing', async () => {
    const { fake, forge } = await shop();
    const pull = await pull7(forge);
    const subject = 'PR_101_7';
    fake.addComment(subject, 'mallory', comment('a copied marker'));
    for (let i = 0; i < 120; i += 1) fake.addComment(subject, 'mia', `chat ${i}`);
    await forge.publish(pull, reportOf({ comment: comment('one') }));
    await forge.publish(pull, reportOf({ comment: comment('two') }));
    const writes = () =>
      fake.requests.filter(({ operation }) => /AddComment|UpdateComment/.test(operation ?? '')).length;
    expect(writes()).toBe(2);
    await forge.publish(pull, reportOf({ comment: comment('two') }));
    expect(writes()).toBe(2);
    expect(fake.commentsOf('acme', 'shop', 7).map(({ author, body }) => [author, body])).toEqual([
      ['mallory', comment('a copied marker')],
      ...Array.from({ length: 120 }, (_, i) => ['mia', `chat ${i}`]),
      [fake.login, comment('two')],
    ]);
  });

  test('a check with every annotation, 50 a request; the same again writes nothing', async () => {
    const { sha, fake, forge } = await shop();
    const pull = await pull7(forge);
    await forge.publish(pull, reportOf({ check: check(sha, 120) }));
    await forge.publish(pull, reportOf({ check: check(sha, 120) }));
    expect(fake.checks).toHaveLength(1);
    const { annotations } = fake.checks[0]!['output'] as { annotations: { message: string; start_line: number }[] };
    expect(annotations.map(({ message }) => message)).toEqual(Array.from({ length: 120 }, (_, i) => `m${i}`));
    expect(fake.requests.filter(({ method }) => method === 'PATCH')).toHaveLength(2);
  });

  test('a commit status where checks are refused, once', async () => {
    const { sha, fake, forge } = await shop();
    fake.missing.add('checks');
    const pull = await pull7(forge);
    await forge.publish(pull, reportOf({ check: check(sha) }));
    await forge.publish(pull, reportOf({ check: check(sha) }));
    expect(fake.statuses).toMatchObject([{ head_sha: sha, state: 'failure', context: 'greenroom/preview' }]);
  });

  test('a comment that is refused does not hold back the check, and is an error', async () => {
    const { sha, fake, forge } = await shop();
    fake.missing.add('comments');
    const pull = await pull7(forge);
    const { failures } = await forge.publish(pull, reportOf({ comment: comment('one'), check: check(sha) }));
    expect(failures).toMatchObject([{ code: 'failed', message: expect.stringContaining('permission') }]);
    expect(fake.checks).toHaveLength(1);
  });

  test('nothing goes to another repository that took the name', async () => {
    const { fake, forge } = await shop();
    const pull = await pull7(forge);
    const other = { ...pull, repository: { ...pull.repository, id: 999 } };
    const { failures } = await forge.publish(other, reportOf({ comment: comment('one') }));
    expect(failures).toMatchObject([{ code: 'unreachable' }]);
    expect(fake.commentsOf('acme', 'shop', 7)).toEqual([]);
  });
});

test('a list of changed files that GitHub cuts is unknown, not complete', async () => {
  const { fake, forge } = await shop();
  const pull = await pull7(forge);
  const page = JSON.stringify(Array.from({ length: 100 }, (_, i) => ({ filename: `web/${i}.ts` })));
  let last = page;
  fake.requests.length = 0;
  fake.fault = ({ path }) =>
    path.includes('/files')
      ? { headers: { 'content-type': 'application/json' }, body: path.includes('&page=30') ? last : page }
      : undefined;
  expect(await forge.changedFiles(pull)).toMatchObject({ status: 'unknown', reason: expect.stringContaining('3000') });
  expect(fake.requests).toHaveLength(30);
  last = '[]';
  expect((await forge.changedFiles(pull)).status).toBe('found');
});

test('the files that a pull request changes, page by page, and who opened it', async () => {
  const { on, fake, forge } = await shop();
  const files = Object.fromEntries(Array.from({ length: 130 }, (_, i) => [`web/${i}.ts`, String(i)]));
  const sha = on.repository('acme', 'shop', files);
  on.pull('acme', 'shop', {
    number: 7,
    repositoryId: 101,
    head: { sha, ref: 'fix', repositoryId: 101 },
    author: 'renovate[bot]',
  });
  const pull = await pull7(forge);
  expect(pull).toMatchObject({ base: 'main', isByBot: true });
  const changed = await forge.changedFiles(pull);
  if (changed.status !== 'found') throw new Error(changed.reason);
  expect([...changed.value].sort()).toEqual(Object.keys(files).sort());
  expect(fake.requests.filter(({ path }) => path.includes('/files')).length).toBe(2);
});

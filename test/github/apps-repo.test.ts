import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ChangeSet } from '../../lib/core/fileset.ts';
import { GitHubAppsRepo } from '../../lib/github/repo/apps-repo.ts';
import { apply } from '../../lib/gitops/apply.ts';
import { appsRepoContract } from '../gitops/contract.ts';
import { clientOf } from '../support/fake-github/client.ts';
import { fakeForFile } from '../support/fake-github/fixture.ts';
import { bareRepo, filesOf, git, headOf, type RepoOptions, type TestFiles } from '../support/git.ts';

const fake = await fakeForFile();

let made = 0;
const make = (files: TestFiles = {}, options: RepoOptions = {}) =>
  bareRepo(files, { ...options, path: join(fake.root, 'acme', `apps-${++made}.git`) });
const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1, -'.git'.length);
const open = (path: string, branch?: string) =>
  new GitHubAppsRepo(clientOf(fake), { path: `acme/${nameOf(path)}` }, branch);
const change = (entries: Record<string, string | null>): ChangeSet => new Map(Object.entries(entries));
const retry = { random: () => 0, sleep: async () => undefined };

describe('the contract of an apps repo', () => {
  appsRepoContract({
    make,
    open: async (path, branch) => open(path, branch),
    author: 'Test <test@example.com>|Test',
    histories: 4,
  });
});

describe('many writers', () => {
  test('lose nothing', async () => {
    const path = make({ keep: 'k' });
    const write = async (id: number) => {
      const repo = open(path);
      for (let n = 0; n < 4; n += 1) {
        const planner = async () => {
          const { head } = await repo.read(['common']);
          return { head, change: change({ common: 'same', [`p/${id}-${n}`]: `${n}` }), message: 'm', value: null };
        };
        await apply(repo, planner, { ...retry, attempts: 40 });
      }
    };
    await Promise.all([0, 1, 2, 3].map(write));
    expect(Object.keys(filesOf(path))).toHaveLength(2 + 16);
    expect(git(path, ['rev-list', '--count', 'main'])).toBe('17');
  });
});

describe('faults', () => {
  const planner = (repo: GitHubAppsRepo) => async () => {
    const { head, files } = await repo.read(['a']);
    return { head, change: change(files.get('a') === '2' ? {} : { a: '2' }), message: 'm', value: null };
  };

  test('a commit whose answer was lost is made once', async () => {
    const path = make({ a: '1' });
    const repo = open(path);
    let lost = 0;
    fake.fault = ({ operation }) =>
      operation === 'CommitFiles' && lost++ === 0 ? { status: 502, after: true } : undefined;
    const result = await apply(repo, planner(repo), retry);
    expect(result).toMatchObject({ status: 'unchanged', head: headOf(path), attempts: 2 });
    expect(git(path, ['rev-list', '--count', 'main'])).toBe('2');
    expect(filesOf(path)).toEqual({ a: '2' });
  });

  test('a change is not sent again behind the back of the plan', async () => {
    const path = make({ a: '1' });
    const repo = open(path);
    const { head } = await repo.read(['a']);
    fake.fault = ({ operation }) => (operation === 'CommitFiles' ? { status: 502 } : undefined);
    const request = { expectedHead: head, change: change({ a: '2' }), message: 'm' };
    await expect(repo.commit(request)).rejects.toMatchObject({ code: 'unreachable' });
    expect(fake.requests.filter(({ operation }) => operation === 'CommitFiles')).toHaveLength(1);
  });

  test.each([
    ['HTML with status 200', { status: 200 }],
    ['a server error', { status: 503 }],
    ['JSON cut short', { status: 200, headers: { 'content-type': 'application/json' }, body: '{"data":{"repo' }],
  ])('reading: %s is asked again, and is then no answer', async (_, answer) => {
    const path = make({ a: '1' });
    let failures = 1;
    fake.fault = () => (failures-- > 0 ? answer : undefined);
    expect((await open(path).read(['a'])).files.get('a')).toBe('1');
    fake.fault = () => answer;
    await expect(open(path).read(['a'])).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('a protected branch says how to let the bot in', async () => {
    const path = make({ a: '1' });
    fake.protectedRepositories.add(`acme/${nameOf(path)}`);
    const request = { expectedHead: headOf(path), change: change({ a: '2' }), message: 'm' };
    await expect(open(path).commit(request)).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(/through a pull request[\s\S]*bypass/i),
    });
    expect(filesOf(path)).toEqual({ a: '1' });
  });

  test('a branch that was forced elsewhere between reading and committing is a conflict', async () => {
    const path = make({ a: '1' });
    const repo = open(path);
    const { head } = await repo.read(['a']);
    git(path, ['update-ref', '-d', 'refs/heads/main']);
    bareRepoCommit(path);
    expect(await repo.commit({ expectedHead: head, change: change({ a: '2' }), message: 'm' })).toEqual({
      status: 'conflict',
    });
    expect(filesOf(path)).toEqual({ other: 'o' });
  });
});

describe('an apps repo that cannot be used says what to do', () => {
  const write = (repo: GitHubAppsRepo, head: string | null) =>
    repo.commit({ expectedHead: head, change: change({ a: '2' }), message: 'm' });

  test('when it is gone, or hidden from the token', async () => {
    await expect(open('/none/nothing.git').read(['a'])).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/acme\/nothing .*check the name.*"Contents: read"/),
    });
  });

  test('when it was renamed: the old name could be another repository tomorrow', async () => {
    const path = make({ a: '1' });
    fake.redirects.set('acme/old-name', `acme/${nameOf(path)}`);
    const repo = open('/x/old-name.git');
    const sentence = { code: 'failed', message: expect.stringContaining(`--apps-repo acme/${nameOf(path)}`) };
    await expect(repo.read(['a'])).rejects.toMatchObject(sentence);
    await expect(write(repo, headOf(path))).rejects.toMatchObject(sentence);
    expect(filesOf(path)).toEqual({ a: '1' });
    const upper = new GitHubAppsRepo(clientOf(fake), { path: `ACME/${nameOf(path)}` });
    fake.redirects.set(`ACME/${nameOf(path)}`, `acme/${nameOf(path)}`);
    expect((await upper.read(['a'])).files.get('a')).toBe('1');
  });

  test('when it is archived: it can be read, and not written', async () => {
    const path = make({ a: '1' });
    fake.archived.add(`acme/${nameOf(path)}`);
    const { head } = await open(path).read(['a']);
    await expect(write(open(path), head)).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(/archived.*unarchive/),
    });
    expect(fake.requests.some(({ operation }) => operation === 'CommitFiles')).toBe(false);
  });

  test.each([
    ['by createCommitOnBranch', []],
    ["by Git's objects", ['createCommitOnBranch']],
  ])('when the token may not write, %s', async (_, lacks) => {
    const path = make({ a: '1' });
    fake.missing.add('contents');
    for (const mutation of lacks) fake.lacks.add(mutation);
    try {
      await expect(write(open(path), headOf(path))).rejects.toMatchObject({
        code: 'failed',
        message: expect.stringContaining('"Contents: write"'),
      });
    } finally {
      fake.missing.clear();
      fake.lacks.clear();
    }
    expect(filesOf(path)).toEqual({ a: '1' });
  });

  test('when it is empty it takes a first commit; what one file cannot hold follows in a second', async () => {
    const path = make({}, { branch: 'main' });
    const edit = change({ 'greenroom.yaml': 'g', 'bootstrap/a.yaml': 'a', 'exceptions/.keep': '' });
    const result = await open(path).commit({ expectedHead: null, change: edit, message: 'lay down' });
    expect(result).toEqual({ status: 'committed', head: headOf(path) });
    expect(filesOf(path)).toEqual(Object.fromEntries(edit));
    expect(git(path, ['rev-list', '--count', 'main'])).toBe('2');
  });

  test('when the branch is not there, though others are', async () => {
    const path = make({ a: '1' });
    const repo = open(path, 'previews');
    expect(await repo.read(['a'])).toMatchObject({ head: null });
    await expect(write(repo, null)).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(/\(previews\) has no such branch; create it/),
    });
  });
});

describe('what is read', () => {
  test('is what Git holds, where GraphQL gives no text or a part of it', async () => {
    const long = 'x'.repeat(600_000);
    const path = make({ long, 'nul.bin': Buffer.from('a\0b'), bom: '\ufeffb', 'latin.txt': Buffer.from([0xe4]) });
    const { files } = await open(path).read(['*']);
    expect(files.get('long') === long).toBe(true);
    expect(files.get('nul.bin')).toBe('a\0b');
    expect(files.get('bom')).toBe('\ufeffb');
    expect(files.get('latin.txt')).toBe('\ufffd');
  });

  test('a text that is not the one of its id is not taken', async () => {
    const path = make({ a: 'true' });
    let edited = 0;
    fake.fault = () => ({
      edit: (body) => {
        if (body.includes('"text":"true"')) edited += 1;
        return body.replace('"text":"true"', '"text":"lies"');
      },
    });
    expect((await open(path).read(['a'])).files.get('a')).toBe('true');
    expect(edited).toBeGreaterThan(0);
  });
});

describe('cost, in requests', () => {
  const many: TestFiles = Object.fromEntries(
    Array.from({ length: 450 }, (_, i) => {
      const folder = `previews/main/r${i % 15}/pr-r${i % 15}-${Math.floor(i / 15) + 6}`;
      return ['preview.json', 'app/a.yaml', 'fence/b.yaml'].map((file) => [`${folder}/${file}`, `${folder} ${file}`]);
    }).flat(),
  );
  const files: TestFiles = { ...many, 'greenroom.yaml': 'g', 'exceptions/x.yaml': 'x' };

  test.each([
    [[['greenroom.yaml', 'exceptions/*.yaml']], 1],
    [[['greenroom.yaml', 'exceptions/*.yaml'], ['previews/*/r3/pr-r3-7/**']], 2],
    // The names of all, and then the records of that number alone.
    [[['greenroom.yaml'], ['previews/*/r99/pr-r99-7/**'], ['previews/*/*/*-99/preview.json']], 3],
    [[['greenroom.yaml'], ['previews/*/r99/pr-r99-7/**'], ['previews/*/*/*-7/preview.json']], 4],
    [[['greenroom.yaml'], ['previews/*/*/*/preview.json'], ['previews/*/*/*-7/preview.json']], 2],
  ])('%j: %i', async (reads, requests) => {
    const path = make(files);
    const repo = open(path);
    let head: string | null | undefined;
    for (const globs of reads) {
      const state = await repo.read(globs, head);
      head = state.head;
    }
    expect(fake.requests.length).toBe(requests);
  });

  test('a change of what was read is one more', async () => {
    const path = make(files);
    const repo = open(path);
    const { head } = await repo.read(['greenroom.yaml']);
    await repo.read(['previews/*/r3/pr-r3-7/**'], head);
    fake.requests.length = 0;
    const edit = change({ 'previews/main/r3/pr-r3-7/app/a.yaml': 'A', 'previews/main/r3/pr-r3-7/app/new.yaml': 'n' });
    await repo.commit({ expectedHead: head, change: edit, message: 'm' });
    expect(fake.requests.map(({ operation }) => operation)).toEqual(['CommitFiles']);
  });
});

function bareRepoCommit(path: string): void {
  git(
    path,
    ['fast-import', '--quiet', '--force'],
    [
      'commit refs/heads/main',
      'committer T <t@example.com> 1793610000 +0000',
      'data 1',
      'x',
      'M 100644 inline other',
      'data 1',
      'o',
      '',
    ].join('\n'),
  );
}

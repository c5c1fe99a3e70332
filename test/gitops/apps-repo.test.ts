import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { ChangeSet } from '../../lib/core/fileset.ts';
import type { AppsRepo } from '../../lib/gitops/apps-repo.ts';
import type { GitAppsRepo } from '../../lib/gitops/git.ts';
import { openGitAppsRepo } from '../../lib/gitops/open.ts';
import type { TestFiles } from '../support/git.ts';
import { bareRepo, COMMIT_TIME, commitFiles, filesOf, git, headOf, tempFolder } from '../support/git.ts';

const clock = () => COMMIT_TIME;
const opened: AppsRepo[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((repo) => repo.close()));
});

// The same behaviour, in the repository itself and by way of a push.
const KINDS = {
  local: (path: string) => path,
  remote: (path: string) => pathToFileURL(path).href,
} as const;

async function open(location: string, branch?: string): Promise<GitAppsRepo> {
  const repo = await openGitAppsRepo(location, { clock, ...(branch === undefined ? {} : { branch }) });
  opened.push(repo);
  return repo;
}

const change = (entries: Record<string, string | null>): ChangeSet => new Map(Object.entries(entries));

const PREVIEWS: TestFiles = {
  'greenroom.yaml': 'kind: Platform\n',
  'exceptions/a.yaml': 'a',
  'exceptions/deep/b.yaml': 'b',
  'exceptions/readme.md': 'no',
  'previews/main/shop/pr-shop-7/preview.json': '{"n":7}',
  'previews/main/shop/pr-shop-7/app/deployment.web.yaml': 'd',
  'previews/main/shop/pr-shop-7/fence/namespace.x.yaml': 'n',
  'previews/main/shop/pr-shop-77/preview.json': '{"n":77}',
  'previews/edge/cart/pr-cart-7/preview.json': '{"n":"7c"}',
};

describe.each(Object.entries(KINDS))('%s repository', (kind, location) => {
  describe('reading', () => {
    test.each([
      [
        ['greenroom.yaml', 'exceptions/*.yaml'],
        ['exceptions/a.yaml', 'greenroom.yaml'],
      ],
      [
        ['previews/main/shop/pr-shop-7/**'],
        [
          'previews/main/shop/pr-shop-7/app/deployment.web.yaml',
          'previews/main/shop/pr-shop-7/fence/namespace.x.yaml',
          'previews/main/shop/pr-shop-7/preview.json',
        ],
      ],
      [
        ['previews/*/*/*-7/preview.json'],
        ['previews/edge/cart/pr-cart-7/preview.json', 'previews/main/shop/pr-shop-7/preview.json'],
      ],
      [
        ['previews/*/s*p/pr-*-7*/preview.json'],
        ['previews/main/shop/pr-shop-7/preview.json', 'previews/main/shop/pr-shop-77/preview.json'],
      ],
      [['**'], Object.keys(PREVIEWS)],
      [['nothing/**', 'greenroom.yaml/**', 'previews'], []],
    ])('%j', async (globs, paths) => {
      const path = bareRepo(PREVIEWS);
      const state = await (await open(location(path))).read(globs);
      expect(state.head).toBe(headOf(path));
      expect(Object.fromEntries(state.files)).toEqual(Object.fromEntries(paths.map((p) => [p, PREVIEWS[p]])));
      expect([...state.files.keys()]).toEqual([...paths].sort());
    });

    test('links and submodules are listed, never followed; odd names and bytes do no harm', async () => {
      const path = bareRepo({
        'p/link': { mode: '120000', content: '/etc/passwd' },
        'p/module': { mode: '160000', content: 'c'.repeat(40) },
        'p/run.sh': { mode: '100755', content: 'x' },
        'p/bytes': Buffer.from([0x61, 0xff]),
        'p/größe 🙂': 'y',
      });
      const { files, irregular } = await (await open(location(path))).read(['p/**']);
      expect(irregular).toEqual(['p/link', 'p/module']);
      expect(Object.fromEntries(files)).toEqual({ 'p/run.sh': 'x', 'p/bytes': 'a\ufffd', 'p/größe 🙂': 'y' });
    });

    test('an earlier commit is read as it was, null as the empty repository', async () => {
      const path = bareRepo({ a: '1' });
      const repo = await open(location(path));
      const { head } = await repo.read(['a']);
      commitFiles(path, { a: '2' });
      expect((await repo.read(['a'], head)).files.get('a')).toBe('1');
      expect((await repo.read(['a'])).files.get('a')).toBe('2');
      expect(await repo.read(['a'], null)).toEqual({ head: null, files: new Map(), irregular: [] });
      await expect(repo.read(['a'], 'd'.repeat(40))).rejects.toMatchObject({ code: 'unreachable' });
    });
  });

  describe('committing', () => {
    test('writes, removes and leaves everything else alone, in one commit on top of the head', async () => {
      const path = bareRepo(PREVIEWS);
      const before = headOf(path);
      const repo = await open(location(path));
      const edit = {
        'previews/main/shop/pr-shop-7/fence/namespace.x.yaml': null,
        'previews/new/a/b/c.yaml': 'c',
        'exceptions/a.yaml': 'A',
      };
      const result = await repo.commit({
        expectedHead: before,
        change: change(edit),
        message: 'subject\n\nPreview: pr-shop-7',
      });
      expect(result).toEqual({ status: 'committed', head: headOf(path) });
      const { 'previews/main/shop/pr-shop-7/fence/namespace.x.yaml': _, ...kept } = PREVIEWS;
      expect(filesOf(path)).toEqual({ ...kept, 'previews/new/a/b/c.yaml': 'c', 'exceptions/a.yaml': 'A' });
      // The folder went with its last file.
      expect(git(path, ['ls-tree', '-d', '--name-only', 'main', 'previews/main/shop/pr-shop-7/'])).toBe(
        'previews/main/shop/pr-shop-7/app',
      );
      const format = '%P|%an <%ae>|%cn|%at|%ct|%B';
      expect(git(path, ['log', '-1', `--format=${format}`, 'main']).trim()).toBe(
        `${before}|greenroom <greenroom@localhost>|greenroom|${COMMIT_TIME}|${COMMIT_TIME}|subject\n\nPreview: pr-shop-7`,
      );
      expect(git(path, ['fsck', '--strict', '--no-dangling'])).toBe('');
    });

    test('the first commit makes the branch; a second first commit is a conflict', async () => {
      const path = bareRepo({}, { branch: 'trunk' });
      const [repo, other] = [await open(location(path), 'trunk'), await open(location(path), 'trunk')];
      expect(await repo.read(['**'])).toEqual({ head: null, files: new Map(), irregular: [] });
      expect(await repo.commit({ expectedHead: null, change: change({ 'a/b': '1' }), message: 'first' })).toMatchObject(
        { status: 'committed' },
      );
      expect(await other.commit({ expectedHead: null, change: change({ c: '1' }), message: 'late' })).toEqual({
        status: 'conflict',
      });
      expect(filesOf(path, 'trunk')).toEqual({ 'a/b': '1' });
    });

    test('a branch that moved on is a conflict and stays as it is', async () => {
      const path = bareRepo({ a: '1' });
      const repo = await open(location(path));
      const { head } = await repo.read(['**']);
      const moved = commitFiles(path, { b: '1' });
      expect(await repo.commit({ expectedHead: head, change: change({ a: '2' }), message: 'm' })).toEqual({
        status: 'conflict',
      });
      expect(headOf(path)).toBe(moved);
    });

    test('after a rollback a commit on the older head loses, though it would be a fast-forward', async () => {
      const path = bareRepo({ a: '1' });
      const first = headOf(path)!;
      commitFiles(path, { removed: 'bring me back' });
      const repo = await open(location(path));
      const { head } = await repo.read(['**']);
      git(path, ['update-ref', 'refs/heads/main', first]);
      expect(await repo.commit({ expectedHead: head, change: change({ a: '2' }), message: 'stale' })).toEqual({
        status: 'conflict',
      });
      expect(headOf(path)).toBe(first);
      // A fresh look sees the rollback and builds on it.
      const fresh = await repo.read(['**']);
      expect(fresh.head).toBe(first);
      expect(await repo.commit({ expectedHead: fresh.head, change: change({ a: '3' }), message: 'm' })).toMatchObject({
        status: 'committed',
      });
      expect(filesOf(path)).toEqual({ a: '3' });
    });

    test('a branch that went away is a conflict', async () => {
      const path = bareRepo({ a: '1' });
      const repo = await open(location(path));
      const { head } = await repo.read(['**']);
      git(path, ['update-ref', '-d', 'refs/heads/main']);
      expect(await repo.commit({ expectedHead: head, change: change({ a: '2' }), message: 'm' })).toEqual({
        status: 'conflict',
      });
      expect((await repo.read(['**'])).head).toBeNull();
    });

    test('what is there already makes no commit', async () => {
      const path = bareRepo({ a: '1' });
      const before = headOf(path);
      const repo = await open(location(path));
      expect(await repo.commit({ expectedHead: before, change: change({ a: '1', none: null }), message: 'm' })).toEqual(
        {
          status: 'committed',
          head: before,
        },
      );
      expect(headOf(path)).toBe(before);
    });

    test('a file takes the place of a folder, a link, an executable, and a folder that of a file', async () => {
      const path = bareRepo({
        'x/a': '1',
        y: '1',
        link: { mode: '120000', content: 'y' },
        run: { mode: '100755', content: 'r' },
      });
      const repo = await open(location(path));
      const edit = { 'x/a': null, x: 'file', y: null, 'y/b': '2', link: 'file', run: 'other' };
      await repo.commit({ expectedHead: headOf(path), change: change(edit), message: 'm' });
      expect(git(path, ['ls-tree', '-r', '--format=%(objectmode) %(path)', 'main']).split('\n')).toEqual([
        '100644 link',
        '100644 run',
        '100644 x',
        '100644 y/b',
      ]);
      expect(filesOf(path)).toEqual({ link: 'file', run: 'other', x: 'file', 'y/b': '2' });
      expect(git(path, ['fsck', '--strict', '--no-dangling'])).toBe('');
    });

    test.each([
      { edit: change({ 'a/b': '1' }), name: 'a file where a folder is wanted' },
      { edit: change({ x: '1' }), name: 'a folder where a file is wanted' },
    ])('$name is an error that changes nothing', async ({ edit }) => {
      const path = bareRepo({ a: '1', 'x/y': '1' });
      const before = headOf(path);
      const repo = await open(location(path));
      await expect(repo.commit({ expectedHead: before, change: edit, message: 'm' })).rejects.toMatchObject({
        code: 'failed',
      });
      expect(headOf(path)).toBe(before);
    });

    test.each([
      '/etc/x',
      '../x',
      'a/../x',
      'a//b',
      'a/',
      '.git/config',
      'a/.GIT/x',
      'a/git~1/x',
      './a',
      '',
      'a\nb',
      'a\0b',
      'a\\b',
      'a/b.',
      '.gi\u200ct/x',
      'c:x',
    ])('the path %j is refused', async (bad) => {
      const path = bareRepo({ a: '1' });
      const repo = await open(location(path));
      await expect(
        repo.commit({ expectedHead: headOf(path), change: change({ ok: '1', [bad]: 'x' }), message: 'm' }),
      ).rejects.toMatchObject({
        code: 'failed',
        problems: [{ message: expect.stringContaining(JSON.stringify(bad)) }],
      });
      expect(filesOf(path)).toEqual({ a: '1' });
    });

    test('a repository that names its objects by SHA-256', async () => {
      const path = bareRepo({ 'a/b': '1' }, { objectFormat: 'sha256' });
      const repo = await open(location(path));
      const { head, files } = await repo.read(['a/*']);
      expect(files.get('a/b')).toBe('1');
      await repo.commit({ expectedHead: head, change: change({ 'a/b': '2', c: '3' }), message: 'm' });
      expect(filesOf(path)).toEqual({ 'a/b': '2', c: '3' });
      expect(git(path, ['fsck', '--strict', '--no-dangling'])).toBe('');
    });

    test('a commit is signed when git is set up to sign', async ({ skip }) => {
      const keys = tempFolder();
      const key = join(keys, 'key');
      try {
        execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', key], { stdio: 'ignore' });
      } catch {
        skip('ssh-keygen is not installed');
      }
      const settings = {
        'commit.gpgSign': 'true',
        'gpg.format': 'ssh',
        'user.signingKey': key,
        'user.name': 'Bot',
        'user.email': 'bot@example.com',
      };
      const env: NodeJS.ProcessEnv = { ...process.env, GIT_CONFIG_COUNT: String(Object.keys(settings).length) };
      Object.entries(settings).forEach(([name, value], i) => {
        env[`GIT_CONFIG_KEY_${i}`] = name;
        env[`GIT_CONFIG_VALUE_${i}`] = value;
      });
      const path = bareRepo({ a: '1' });
      const repo = await openGitAppsRepo(location(path), { clock, env });
      opened.push(repo);
      const signed = { expectedHead: headOf(path), change: change({ a: '2' }), message: 'signed\n\nPreview: x' };
      expect(await repo.commit(signed)).toMatchObject({ status: 'committed' });
      const commit = git(path, ['cat-file', 'commit', 'main']);
      expect(commit).toContain('gpgsig -----BEGIN SSH SIGNATURE-----');
      expect(commit).toContain(`author Bot <bot@example.com> ${COMMIT_TIME} +0000`);
      const allowed = join(keys, 'allowed');
      execFileSync('sh', ['-c', `printf 'bot@example.com %s' "$(cat key.pub)" > allowed`], { cwd: keys });
      git(path, ['-c', `gpg.ssh.allowedSignersFile=${allowed}`, 'verify-commit', 'main']);

      const wrong = { ...env, GIT_CONFIG_VALUE_2: join(keys, 'none') };
      const unable = await openGitAppsRepo(location(path), { clock, env: wrong });
      opened.push(unable);
      const before = headOf(path);
      const request = { expectedHead: before, change: change({ a: '3' }), message: 'm' };
      await expect(unable.commit(request)).rejects.toMatchObject({
        code: 'failed',
        message: expect.stringContaining('signing'),
      });
      expect(headOf(path)).toBe(before);
    });
  });

  test('a random sequence of changes ends in the tree of a simple model', async () => {
    const file = fc.constantFrom('a', 'b/c', 'b/d', 'b/e/f', 'b-x', 'b.y', 'g/h/i/j');
    const step = fc.dictionary(file, fc.option(fc.constantFrom('1', '2', ''), { nil: null }), { minKeys: 1 });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
        const path = bareRepo({ keep: 'k' });
        const repo = await openGitAppsRepo(location(path), { clock });
        const model: Record<string, string> = { keep: 'k' };
        let head = headOf(path);
        for (const edit of steps) {
          const result = await repo.commit({ expectedHead: head, change: change(edit), message: 'm' });
          if (result.status !== 'committed') return expect.unreachable();
          head = result.head;
          for (const [name, content] of Object.entries(edit)) {
            if (content === null) delete model[name];
            else model[name] = content;
          }
        }
        expect(Object.fromEntries((await repo.read(['**'])).files)).toEqual(model);
        await repo.close();
        expect(filesOf(path)).toEqual(model);
        expect(git(path, ['fsck', '--strict', '--no-dangling'])).toBe('');
      }),
      { numRuns: kind === 'local' ? 15 : 4 },
    );
  });

  test('many processes at once lose nothing', { timeout: 120_000 }, async () => {
    const [processes, commits] = kind === 'local' ? [8, 12] : [4, 3];
    const path = bareRepo({ keep: 'k' });
    const writer = fileURLToPath(new URL('writer.ts', import.meta.url));
    const exits = Array.from({ length: processes }, async (_, id) => {
      const args = ['--import', 'tsx', writer, location(path), String(id), String(commits)];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      const errors: Buffer[] = [];
      child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
      const [code] = await once(child, 'close');
      expect({ code, errors: Buffer.concat(errors).toString() }).toEqual({ code: 0, errors: '' });
    });
    await Promise.all(exits);
    const expected: Record<string, string> = { keep: 'k', common: 'the same of everyone' };
    for (let id = 0; id < processes; id += 1) {
      for (let n = 0; n < commits; n += 1) expected[`previews/main/w/${id}-${n}/preview.json`] = String(n);
    }
    expect(filesOf(path)).toEqual(expected);
    expect(git(path, ['rev-list', '--count', '--first-parent', 'main'])).toBe(String(1 + processes * commits));
    expect(git(path, ['rev-list', '--count', '--merges', 'main'])).toBe('0');
    expect(git(path, ['fsck', '--strict', '--no-dangling'])).toBe('');
    expect(
      readdirSync(join(path, 'objects'), { recursive: true }).filter((name) => String(name).includes('tmp_obj')),
    ).toEqual([]);
  });
});

describe('cost', () => {
  const many = (repos: number, each: number): TestFiles =>
    Object.fromEntries(
      Array.from({ length: repos * each }, (_, i) => {
        const name = `pr-r${i % repos}-${Math.floor(i / repos) + 1}`;
        return ['preview.json', 'app/deployment.yaml', 'fence/namespace.yaml'].map(
          (file) => [`previews/main/r${i % repos}/${name}/${file}`, `${name} ${file}`] as const,
        );
      }).flat(),
    );

  test('one preview among 2,000 is read and changed with the objects on its way only', async () => {
    const path = bareRepo(many(40, 50));
    const repo = await open(path);
    const { head } = await repo.read(['previews/main/r3/pr-r3-7/**']);
    // The commit, root, previews, main, r3, pr-r3-7, app, fence and three files.
    expect(repo.objectsRead).toBe(11);
    await repo.commit({
      expectedHead: head,
      change: change({ 'previews/main/r3/pr-r3-7/preview.json': 'x' }),
      message: 'm',
    });
    // The head again, to see whether it moved.
    expect(repo.objectsRead).toBe(12);
  });

  test('a preview is found by its number with the folders above the previews only', async () => {
    const repo = await open(bareRepo(many(40, 50)));
    const { files } = await repo.read(['previews/*/*/*-7/preview.json']);
    expect(files.size).toBe(40);
    // The commit, root, previews, main, 40 repositories, then 40 matching previews and their file.
    expect(repo.objectsRead).toBe(4 + 40 + 40 + 40);
  });

  test('a remote brings over the files that match, and no others', async () => {
    const path = bareRepo(many(10, 10));
    git(path, ['config', 'uploadpack.allowFilter', 'true']);
    const temporaryFolder = tempFolder();
    const repo = await openGitAppsRepo(KINDS.remote(path), { clock, temporaryFolder });
    const copy = join(temporaryFolder, readdirSync(temporaryFolder)[0]!, 'apps.git');
    const blobs = () =>
      git(copy, ['cat-file', '--batch-all-objects', '--batch-check=%(objecttype)'])
        .split('\n')
        .filter((type) => type === 'blob').length;
    const { head, files } = await repo.read(['previews/main/r3/pr-r3-7/**']);
    expect(files.size).toBe(3);
    expect(blobs()).toBe(3);
    const edit = change({ 'previews/main/r3/pr-r3-7/preview.json': 'x' });
    expect(await repo.commit({ expectedHead: head, change: edit, message: 'm' })).toMatchObject({
      status: 'committed',
    });
    expect(blobs()).toBe(4);
    expect(Object.keys(filesOf(path))).toHaveLength(300);
    await repo.close();
    expect(existsSync(copy)).toBe(false);
    expect(readdirSync(temporaryFolder)).toEqual([]);
  });
});

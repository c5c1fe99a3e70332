import { afterEach, describe, expect, test } from 'vitest';
import type { ChangeSet } from '../../lib/core/fileset.ts';
import type { AppsRepo } from '../../lib/gitops/apps-repo.ts';
import { literalGlob } from '../../lib/gitops/glob.ts';
import type { RepoOptions, TestFiles } from '../support/git.ts';
import { COMMIT_TIME, commitFiles, filesOf, git, headOf } from '../support/git.ts';
import fc, { runs } from '../support/property.ts';

/** A kind of apps repo, over a bare repository that the test can look into. */
export interface Kind {
  /** Makes the bare repository. */
  readonly make: (files?: TestFiles, options?: RepoOptions) => string;
  readonly open: (path: string, branch?: string) => Promise<AppsRepo>;
  /** Who made a commit: `%an <%ae>|%cn` of git's formats. */
  readonly author: string;
  /** Random histories under `npm run soak`. */
  readonly histories: number;
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

/** What every {@link AppsRepo} does, whatever is behind it. */
export function appsRepoContract({ make, open: openRepo, author, histories }: Kind): void {
  const opened: AppsRepo[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((repo) => repo.close()));
  });
  const open = async (path: string, branch?: string): Promise<AppsRepo> => {
    const repo = await openRepo(path, branch);
    opened.push(repo);
    return repo;
  };

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
      const path = make(PREVIEWS);
      const state = await (await open(path)).read(globs);
      expect(state.head).toBe(headOf(path));
      expect(Object.fromEntries(state.files)).toEqual(Object.fromEntries(paths.map((p) => [p, PREVIEWS[p]])));
      expect([...state.files.keys()]).toEqual([...paths].sort());
    });

    test('links and submodules are listed, never followed; odd names and bytes do no harm', async () => {
      const path = make({
        'p/link': { mode: '120000', content: '/etc/passwd' },
        'p/module': { mode: '160000', content: 'c'.repeat(40) },
        'p/run.sh': { mode: '100755', content: 'x' },
        'p/bytes': Buffer.from([0x61, 0xff]),
        'p/größe 🙂': 'y',
      });
      const { files, irregular } = await (await open(path)).read(['p/**']);
      expect(irregular).toEqual(['p/link', 'p/module']);
      expect(Object.fromEntries(files)).toEqual({ 'p/run.sh': 'x', 'p/bytes': 'a\ufffd', 'p/größe 🙂': 'y' });
    });

    test('an earlier commit is read as it was, null as the empty repository', async () => {
      const path = make({ a: '1' });
      const repo = await open(path);
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
      const path = make(PREVIEWS);
      const before = headOf(path);
      const repo = await open(path);
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
        `${before}|${author}|${COMMIT_TIME}|${COMMIT_TIME}|subject\n\nPreview: pr-shop-7`,
      );
      expect(git(path, ['fsck', '--strict', '--no-dangling'])).toBe('');
    });

    test('the first commit makes the branch; a second first commit is a conflict', async () => {
      const path = make({}, { branch: 'trunk' });
      const [repo, other] = [await open(path, 'trunk'), await open(path, 'trunk')];
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
      const path = make({ a: '1' });
      const repo = await open(path);
      const { head } = await repo.read(['**']);
      const moved = commitFiles(path, { b: '1' });
      expect(await repo.commit({ expectedHead: head, change: change({ a: '2' }), message: 'm' })).toEqual({
        status: 'conflict',
      });
      expect(headOf(path)).toBe(moved);
    });

    test('after a rollback a commit on the older head loses, though it would be a fast-forward', async () => {
      const path = make({ a: '1' });
      const first = headOf(path)!;
      commitFiles(path, { removed: 'bring me back' });
      const repo = await open(path);
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
      const path = make({ a: '1' });
      const repo = await open(path);
      const { head } = await repo.read(['**']);
      git(path, ['update-ref', '-d', 'refs/heads/main']);
      expect(await repo.commit({ expectedHead: head, change: change({ a: '2' }), message: 'm' })).toEqual({
        status: 'conflict',
      });
      expect((await repo.read(['**'])).head).toBeNull();
    });

    test('what is there already makes no commit', async () => {
      const path = make({ a: '1' });
      const before = headOf(path);
      const repo = await open(path);
      expect(await repo.commit({ expectedHead: before, change: change({ a: '1', none: null }), message: 'm' })).toEqual(
        {
          status: 'committed',
          head: before,
        },
      );
      expect(headOf(path)).toBe(before);
    });

    test('a file takes the place of a folder, a link, an executable, and a folder that of a file', async () => {
      const path = make({
        'x/a': '1',
        y: '1',
        link: { mode: '120000', content: 'y' },
        run: { mode: '100755', content: 'r' },
      });
      const repo = await open(path);
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
      { edit: change({ 'a/b': '1' }), words: 'a is a file, not a folder' },
      { edit: change({ 'link/b': '1' }), words: 'link is a symbolic link, not a folder' },
      { edit: change({ 'module/b/c': '1' }), words: 'module is a submodule, not a folder' },
      { edit: change({ x: '1' }), words: 'x is a folder, not a file' },
    ])('"$words" is an error that changes nothing', async ({ edit, words }) => {
      const path = make({
        a: '1',
        'x/y': '1',
        link: { mode: '120000', content: 'x' },
        module: { mode: '160000', content: 'c'.repeat(40) },
      });
      const before = headOf(path);
      const repo = await open(path);
      await expect(repo.commit({ expectedHead: before, change: edit, message: 'm' })).rejects.toMatchObject({
        code: 'failed',
        message: expect.stringContaining(words),
      });
      expect(headOf(path)).toBe(before);
    });

    test('what others have pushed is found and removed, whatever its name', async () => {
      const names = ['a\nb', 'a\\b', 'a:b', 'a.', ' ', '\u202e', '*', '**', 'a*b', '\\*', '\\', '[a]', 'ü'];
      const path = make(Object.fromEntries(['keep', ...names].map((name) => [`p/${name}/f`, name])));
      const repo = await open(path);
      for (const name of names) {
        const { head, files } = await repo.read([`${literalGlob(`p/${name}`)}/**`]);
        expect([...files]).toEqual([[`p/${name}/f`, name]]);
        const edit = change({ [`p/${name}/f`]: null });
        expect(await repo.commit({ expectedHead: head, change: edit, message: 'm' })).toMatchObject({
          status: 'committed',
        });
      }
      expect(filesOf(path)).toEqual({ 'p/keep/f': 'keep' });
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
      const path = make({ a: '1' });
      const repo = await open(path);
      await expect(
        repo.commit({ expectedHead: headOf(path), change: change({ ok: '1', [bad]: 'x' }), message: 'm' }),
      ).rejects.toMatchObject({
        code: 'failed',
        problems: [{ message: expect.stringContaining(JSON.stringify(bad)) }],
      });
      expect(filesOf(path)).toEqual({ a: '1' });
    });
  });

  test('a random sequence of changes ends in the tree of a simple model', async () => {
    const file = fc.constantFrom('a', 'b/c', 'b/d', 'b/e/f', 'b-x', 'b.y', 'g/h/i/j');
    const step = fc.dictionary(file, fc.option(fc.constantFrom('1', '2', ''), { nil: null }), { minKeys: 1 });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
        const path = make({ keep: 'k' });
        const repo = await open(path);
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
        expect(filesOf(path)).toEqual(model);
        expect(git(path, ['fsck', '--strict', '--no-dangling'])).toBe('');
      }),
      { numRuns: runs(histories) },
    );
  });
}

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import type { ChangeSet } from '../../lib/core/fileset.ts';
import type { AppsRepo } from '../../lib/gitops/apps-repo.ts';
import type { GitAppsRepo } from '../../lib/gitops/git.ts';
import { openGitAppsRepo } from '../../lib/gitops/open.ts';
import type { TestFiles } from '../support/git.ts';
import { bareRepo, COMMIT_TIME, filesOf, git, headOf, tempFolder } from '../support/git.ts';
import { appsRepoContract } from './contract.ts';

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

describe.each(Object.entries(KINDS))('%s repository', (kind, location) => {
  appsRepoContract({
    make: bareRepo,
    open: (path, branch) => openGitAppsRepo(location(path), { clock, ...(branch === undefined ? {} : { branch }) }),
    author: 'greenroom <greenroom@localhost>|greenroom',
    histories: kind === 'local' ? 15 : 4,
  });

  describe('objects and signatures', () => {
    test('a repository that names its objects by SHA-256', async () => {
      const path = bareRepo({ 'a/b': '1' }, { objectFormat: 'sha256' });
      const repo = await open(location(path));
      const { head, files } = await repo.read(['a/*']);
      expect(files.get('a/b')).toBe('1');
      await repo.commit({ expectedHead: head, change: change({ 'a/b': '2', c: '3' }), message: 'm' });
      expect(filesOf(path)).toEqual({ 'a/b': '2', c: '3' });
      expect(git(path, ['fsck', '--strict', '--no-dangling'])).toBe('');
    });

    test('files of every size are read back by git', async () => {
      const path = bareRepo({ a: '1' });
      const repo = await open(location(path));
      const { head } = await repo.read([]);
      const sizes = [0, 1, 255, 3990, 3991, 3992, 3993, 4000, 4001, 65_535, 65_536, 200_000];
      const files = Object.fromEntries(sizes.map((size) => [`f/${size}`, 'äb\n'.repeat(size).slice(0, size)]));
      await repo.commit({ expectedHead: head, change: change(files), message: 'm' });
      expect(filesOf(path)).toEqual({ a: '1', ...files });
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

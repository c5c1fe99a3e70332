import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { inProcess } from '../support/command.ts';
import { FakeGitHub } from '../support/fake-github/server.ts';
import { bareRepo, filesOf, git, headOf, tempFolder } from '../support/git.ts';

const root = tempFolder();
const fake = await FakeGitHub.start(root);
afterAll(() => fake.stop());

const ARGS = ['--commit', '--domain', 'apps.example.com', '--owner', 'acme'];
const init = (name: string, ...more: string[]) =>
  inProcess(['init', `acme/${name}`, ...ARGS, ...more], tempFolder(), {
    GITHUB_TOKEN: fake.token,
    GITHUB_API_URL: fake.url,
  });
const make = (name: string, files = {}) => bareRepo(files, { path: join(root, `acme/${name}.git`) });

test('an empty repository is laid down; again, it is left as it is', async () => {
  const path = make('previews');
  const { code, stdout, stderr } = await init('previews');
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^wrote \d+ files in acme\/previews/)]);
  const files = filesOf(path);
  expect(stdout.trim().split('\n').sort()).toEqual(
    Object.keys(files)
      .map((file) => `create ${file}`)
      .sort(),
  );
  expect(files['greenroom.yaml']).toContain('https://github.com/acme/previews.git');
  expect(JSON.parse(files['.greenroom.json']!).files).toHaveProperty('greenroom.yaml');
  expect(git(path, ['log', '--format=%s'])).toMatch(/^(Create the apps repo\n?)+$/);

  const head = headOf(path);
  expect(await init('previews')).toMatchObject({ code: 0, stdout: '' });
  expect(headOf(path)).toBe(head);
});

test('one that came to an end halfway is completed by the next run', async () => {
  const path = make('halfway');
  fake.fault = ({ operation }) => (operation === 'CommitFiles' ? { status: 403 } : undefined);
  expect((await init('halfway')).code).not.toBe(0);
  fake.fault = () => undefined;
  const first = Object.keys(filesOf(path));
  expect(first).toHaveLength(1);
  const { code, stdout } = await init('halfway');
  expect(code).toBe(0);
  expect(stdout).not.toContain(`create ${first[0]}\n`);
  expect(filesOf(path)).toHaveProperty('greenroom.yaml');
});

test('one that holds something else is left alone', async () => {
  const path = make('taken', { 'README.md': 'Ours.\n' });
  const head = headOf(path);
  const { code, stderr } = await init('taken');
  expect([code, headOf(path)]).toEqual([2, head]);
  expect(stderr).toContain('is not empty: clone it and run `greenroom init` in its folder');
});

test('a dry run says what it would write, and writes nothing', async () => {
  const path = make('dry');
  const { code, stdout, stderr } = await init('dry', '--dry-run');
  expect([code, git(path, ['for-each-ref'])]).toEqual([0, '']);
  expect(stdout).toContain('create greenroom.yaml\n');
  expect(stderr).toMatch(/^would write \d+ files in acme\/dry/);
});

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RefSession } from '../../lib/gitops/ref-session.ts';
import { git, tempFolder } from '../support/git.ts';

const NONE = '0'.repeat(40);
const MAIN = 'refs/heads/main';
let path: string;
let commits: string[];
let session: RefSession;

beforeEach(() => {
  path = join(tempFolder(), 'apps.git');
  git('.', ['init', '--quiet', '--bare', path]);
  const tree = git(path, ['mktree'], '');
  commits = ['one', 'two', 'three'].map((message) => git(path, ['commit-tree', tree, '-m', message]));
  session = new RefSession({ gitDir: path }, 'greenroom: commit');
});
afterEach(() => session.close());

test('moves a ref from exactly where it is said to be, again and again', async () => {
  const [one, two, three] = commits as [string, string, string];
  expect(await session.move(MAIN, one, NONE)).toBe(true);
  expect(await session.move(MAIN, two, one)).toBe(true);
  expect(await session.move(MAIN, three, one)).toBe(false);
  expect(git(path, ['rev-parse', MAIN])).toBe(two);
  expect(await session.move(MAIN, three, two)).toBe(true);
  expect(await session.move(MAIN, one, NONE)).toBe(false);
  expect(git(path, ['rev-parse', MAIN])).toBe(three);
});

test('of two at once from the same place, one wins', async () => {
  const [one, two, three] = commits as [string, string, string];
  await session.move(MAIN, one, NONE);
  expect(await Promise.all([session.move(MAIN, two, one), session.move(MAIN, three, one)])).toEqual([true, false]);
  expect(git(path, ['rev-parse', MAIN])).toBe(two);
});

test('holds no lock in between, and none is broken', async () => {
  const [one, two, three] = commits as [string, string, string];
  await session.move(MAIN, one, NONE);
  git(path, ['update-ref', MAIN, two, one]);
  const lock = join(path, `${MAIN}.lock`);
  expect(existsSync(lock)).toBe(false);
  writeFileSync(lock, '');
  expect(await session.move(MAIN, three, two)).toBe(false);
  expect(git(path, ['rev-parse', MAIN])).toBe(two);
});

test('a commit that is not there moves nothing; nor does a repository that is none', async () => {
  expect(await session.move(MAIN, '1'.repeat(40), NONE)).toBe(false);
  const elsewhere = new RefSession({ gitDir: join(path, 'none') }, 'greenroom: commit');
  expect(await elsewhere.move(MAIN, commits[0]!, NONE)).toBe(false);
  await elsewhere.close();
});

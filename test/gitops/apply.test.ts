import { expect, test } from 'vitest';
import { GreenroomError } from '../../lib/core/errors.ts';
import type { ChangeSet } from '../../lib/core/fileset.ts';
import { apply } from '../../lib/gitops/apply.ts';
import { openGitAppsRepo } from '../../lib/gitops/open.ts';
import { bareRepo, commitFiles, filesOf, git, headOf } from '../support/git.ts';

const clock = () => 1_793_700_000;

/** Waits that take no time and are written down. */
function backoff() {
  const waits: number[] = [];
  return { waits, random: () => 0.5, sleep: async (ms: number) => void waits.push(ms) };
}

async function opened(path: string) {
  const repo = await openGitAppsRepo(path, { clock });
  const wants = (file: string, content: string) => async () => {
    const { head, files } = await repo.read([file]);
    const change: ChangeSet = files.get(file) === content ? new Map() : new Map([[file, content]]);
    return { head, change, message: 'x', value: head };
  };
  return { repo, wants };
}

test('a lost race is planned again from the new head', async () => {
  const path = bareRepo({ a: '1' });
  const { repo, wants } = await opened(path);
  const options = backoff();
  const plan = wants('b', '1');
  const racing = async (attempt: number) => {
    const planned = await plan();
    if (attempt <= 2) commitFiles(path, { [`other-${attempt}`]: 'x' });
    return planned;
  };
  const result = await apply(repo, racing, options);
  expect(result).toMatchObject({ status: 'committed', attempts: 3, head: headOf(path) });
  expect(filesOf(path)).toEqual({ a: '1', b: '1', 'other-1': 'x', 'other-2': 'x' });
  expect(options.waits).toEqual([40, 80]);
  await repo.close();
});

test('what is as it should be commits nothing', async () => {
  const path = bareRepo({ a: '1' });
  const before = headOf(path);
  const { repo, wants } = await opened(path);
  expect(await apply(repo, wants('a', '1'), backoff())).toMatchObject({ status: 'unchanged', head: before });
  expect(headOf(path)).toBe(before);
  await repo.close();
});

test('an answer that was lost after the commit leads to one change, not two', async () => {
  const path = bareRepo({ a: '1' });
  const { repo, wants } = await opened(path);
  const lossy = {
    description: repo.description,
    commit: async (request: Parameters<typeof repo.commit>[0]) => {
      await repo.commit(request);
      throw new GreenroomError('unreachable', 'the answer was lost');
    },
  };
  expect(await apply(lossy, wants('b', '1'), backoff())).toMatchObject({ status: 'unchanged', attempts: 2 });
  expect(git(path, ['rev-list', '--count', 'main'])).toBe('2');
  await repo.close();
});

test('it gives up after the last attempt with an error that can be tried again', async () => {
  const path = bareRepo({ a: '1' });
  const { repo, wants } = await opened(path);
  const plan = wants('b', '1');
  const racing = async (attempt: number) => {
    const planned = await plan();
    commitFiles(path, { other: String(attempt) });
    return planned;
  };
  const options = backoff();
  await expect(apply(repo, racing, { ...options, attempts: 3 })).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('other writers were faster'),
  });
  expect(options.waits).toHaveLength(2);
  expect(filesOf(path)).toEqual({ a: '1', other: '3' });
  await repo.close();
});

test('an error that trying again cannot help ends it at once', async () => {
  const path = bareRepo({ a: '1' });
  const { repo } = await opened(path);
  let calls = 0;
  const plan = async () => {
    calls += 1;
    return { head: headOf(path), change: new Map([['../x', 'x']]), message: 'x', value: null };
  };
  await expect(apply(repo, plan, backoff())).rejects.toMatchObject({ code: 'failed' });
  expect(calls).toBe(1);
  await repo.close();
});

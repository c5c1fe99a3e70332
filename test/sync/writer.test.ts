import { expect, test } from 'vitest';
import { GreenroomError } from '../../lib/core/errors.ts';
import type { AppsRepo, CommitRequest } from '../../lib/gitops/apps-repo.ts';
import type { SyncContext } from '../../lib/sync/plan/base.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { Writer } from '../../lib/sync/writer.ts';
import { COMMIT_TIME } from '../support/git.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { MemoryForge } from '../support/memory/forge.ts';
import { MemoryGit } from '../support/memory/git.ts';

const SHOP = { path: 'acme/shop' };
const patient = { random: () => 0.5, sleep: async () => undefined };

/** Open pull requests from 1 on, and a repo whose commits are written down, and may be refused first. */
async function shop(pulls: number, extra = '') {
  const forge = new MemoryForge(() => COMMIT_TIME);
  const store = new MemoryGit();
  const plain = store.open(() => COMMIT_TIME);
  const change = new Map([['greenroom.yaml', platformText(extra)]]);
  await plain.commit({ expectedHead: null, change, message: 'greenroom.yaml' });
  const sha = forge.repository('acme', 'shop', { 'preview.yaml': previewText() });
  for (let number = 1; number <= pulls; number += 1) {
    forge.pull('acme', 'shop', { number, repositoryId: 101, head: { sha, ref: 'x', repositoryId: 101 } });
  }
  const commits: string[][] = [];
  let refuse: (request: CommitRequest) => void = () => undefined;
  const open = (): SyncContext => {
    const own = store.open(() => COMMIT_TIME);
    const repo: AppsRepo = {
      description: 'memory',
      read: (...request) => own.read(...request),
      close: () => own.close(),
      async commit(request) {
        refuse(request);
        const result = await own.commit(request);
        const names = [...request.change.keys()].map((path) => path.split('/')[3]!);
        if (result.status === 'committed') commits.push([...new Set(names)]);
        return result;
      },
    };
    return { repo, forge, clock: () => COMMIT_TIME + 60 };
  };
  const sync = (context: SyncContext, number: number, writer: Writer) =>
    syncPullRequest(context, SHOP, number, { writer, apply: patient });
  const refusing = (by: typeof refuse) => {
    refuse = by;
  };
  const previews = async () => [...(await plain.read(['previews/*/*/*/preview.json'])).files.keys()].length;
  return { forge, commits, open, sync, previews, refusing };
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

test('who comes alone commits at once; who comes meanwhile shares the next commit', async () => {
  const { commits, open, sync, previews, refusing } = await shop(40);
  const [context, writer] = [open(), new Writer()];
  const others: ReturnType<typeof sync>[] = [];
  refusing(() => {
    // While the first commit is on its way.
    if (others.length === 0)
      others.push(
        ...upTo(40)
          .slice(1)
          .map((number) => sync(context, number, writer)),
      );
  });
  const results = [await sync(context, 1, writer), ...(await Promise.all(others))];
  expect(commits.map((names) => names.length)).toEqual([1, 39]);
  expect(await previews()).toBe(40);
  expect(results.map(({ effect }) => effect)).toEqual(Array(40).fill('create'));
  expect(new Set(results.map(({ commit }) => commit)).size).toBe(2);
});

test('it waits for its turn before anything is read, and takes along what came meanwhile', async () => {
  const { forge, commits, open, sync, previews } = await shop(5);
  let turn = () => {};
  const context = open();
  const waited = new Promise<void>((resolve) => {
    turn = resolve;
  });
  const waiting: SyncContext = { ...context, repo: { ...context.repo, ready: () => waited } };
  const writer = new Writer();
  const all = Promise.all(upTo(5).map((number) => sync(waiting, number, writer)));
  forge.pull('acme', 'shop', { number: 3, repositoryId: 101, state: 'closed' });
  turn();
  const states = (await all).map(({ state }) => state.state);
  expect([states, commits.length, await previews()]).toEqual([
    ['committed', 'committed', 'none', 'committed', 'committed'],
    1,
    4,
  ]);
});

test('two processes share the branch: all are right, nothing is lost', async () => {
  const { commits, open, sync, previews } = await shop(40);
  const sides = [0, 1].map(() => ({ context: open(), writer: new Writer() }));
  const one = (number: number) => sync(sides[number % 2]!.context, number, sides[number % 2]!.writer);
  await Promise.all(upTo(40).map(one));
  expect(await previews()).toBe(40);
  expect(commits.length).toBeLessThanOrEqual(6);
});

test('what is refused holds up no other of the same commit', async () => {
  const { open, sync, previews, refusing } = await shop(20);
  refusing(({ change }) => {
    const bad = [...change.keys()].find((path) => path.includes('/pr-shop-13/'));
    if (bad !== undefined) throw new GreenroomError('failed', `${bad} is a file, not a folder`);
  });
  const writer = new Writer();
  const context = open();
  const results = await Promise.allSettled(upTo(20).map((number) => sync(context, number, writer)));
  const failed = results.flatMap(({ status }, i) => (status === 'rejected' ? [i + 1] : []));
  expect([failed, await previews()]).toEqual([[13], 19]);
});

test('what is too much for one answer is divided', async () => {
  const { open, sync, previews, refusing, commits } = await shop(20);
  refusing(({ change }) => {
    if (change.size > 60) throw new GreenroomError('unreachable', 'status 502');
  });
  const [context, writer] = [open(), new Writer()];
  await Promise.all(upTo(20).map((number) => sync(context, number, writer)));
  expect(await previews()).toBe(20);
  expect(Math.max(...commits.map((names) => names.length))).toBeLessThanOrEqual(5);
});

test('a refusal for a time that is known is no lost answer: it is tried once', async () => {
  const { open, sync, refusing } = await shop(3);
  let tries = 0;
  refusing(() => {
    tries += 1;
    throw new GreenroomError('unreachable', 'the rate limit is used up', { until: COMMIT_TIME + 3600 });
  });
  const [context, writer] = [open(), new Writer()];
  const results = await Promise.allSettled(upTo(3).map((number) => sync(context, number, writer)));
  expect(results.map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
  expect(tries).toBe(1);
});

test('places are given once, also to those that share a commit', async () => {
  const { open, sync, previews } = await shop(10, 'slots: { total: 4 }');
  const [context, writer] = [open(), new Writer()];
  const results = await Promise.all(upTo(10).map((number) => sync(context, number, writer)));
  expect(await previews()).toBe(4);
  expect(results.filter(({ state }) => state.state === 'queued')).toHaveLength(6);
});

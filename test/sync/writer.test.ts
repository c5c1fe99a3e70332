import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
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
  let refuse: (request: CommitRequest) => unknown = () => undefined;
  const open = (clock = () => COMMIT_TIME + 60): SyncContext => {
    const own = store.open(() => COMMIT_TIME);
    const repo: AppsRepo = {
      description: 'memory',
      read: (...request) => own.read(...request),
      close: () => own.close(),
      async commit(request) {
        await refuse(request);
        const result = await own.commit(request);
        const names = [...request.change.keys()].map((path) => path.split('/')[3]!);
        if (result.status === 'committed') commits.push([...new Set(names)]);
        return result;
      },
    };
    return { repo, forge, clock };
  };
  const sync = (context: SyncContext, number: number, writer: Writer) =>
    syncPullRequest(context, SHOP, number, { writer, apply: patient });
  const refusing = (by: typeof refuse) => {
    refuse = by;
  };
  const previews = async () => [...(await plain.read(['previews/*/*/*/preview.json'])).files.keys()].length;
  return { forge, plain, commits, open, sync, previews, refusing };
}

type Shop = Awaited<ReturnType<typeof shop>>;

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

test('where commits are limited, a group that is late is planned again instead of refused', async () => {
  const { commits, open, sync, previews, plain } = await shop(10);
  const context = open();
  let tries = 0;
  let theirs = 0;
  const repo: AppsRepo = {
    ...context.repo,
    ready: async () => undefined,
    async commit(request) {
      tries += 1;
      return context.repo.commit(request);
    },
    async read(globs, at) {
      const state = await context.repo.read(globs, at);
      // Another process commits when the base of the group was read.
      if (theirs === 0) {
        theirs += 1;
        await plain.commit({ expectedHead: state.head, change: new Map([['theirs.txt', 'x']]), message: 'theirs' });
      }
      return state;
    },
  };
  const writer = new Writer();
  await Promise.all(upTo(10).map((number) => sync({ ...context, repo }, number, writer)));
  expect(await previews()).toBe(10);
  expect([theirs, tries, commits.length]).toEqual([1, 1, 1]);
});

describe('where a commit of one request holds few files', () => {
  /** The sizes of the commits of ten pull requests; a part has room for the files of three. */
  async function sizes(commits: number, extra = '', meanwhile: (world: Shop) => unknown = () => undefined) {
    const world = await shop(10, extra);
    const context = world.open();
    const each = await world.sync(context, 1, new Writer());
    const room = { commits, files: each.change.size * 3 + 1 };
    world.refusing(() => meanwhile(world));
    const repo: AppsRepo = { ...context.repo, room: () => room };
    const writer = new Writer();
    const results = await Promise.all(upTo(10).map((number) => world.sync({ ...context, repo }, number, writer)));
    expect(await world.previews()).toBe(10);
    // Each is told the commit that holds it.
    expect(new Set(results.map(({ commit }) => commit)).size).toBe(world.commits.length);
    return world.commits.slice(1).map((names) => names.length);
  }

  test('a group is committed in parts, on top of each other', async () => {
    expect(await sizes(6)).toEqual([3, 3, 3]);
  });

  test('it is one commit where the parts would take more than half of what a minute allows', async () => {
    expect(await sizes(5)).toEqual([9]);
  });

  test('it is one commit where slots are counted: one may take what another one frees', async () => {
    expect(await sizes(6, 'slots: { total: 20 }')).toEqual([9]);
  });

  test('what is left after a part that another process was faster than is planned again', async () => {
    let isFirst = true;
    const found = await sizes(6, '', async ({ plain, commits }) => {
      if (commits.length !== 2 || !isFirst) return;
      isFirst = false;
      const { head } = await plain.read([]);
      await plain.commit({ expectedHead: head, change: new Map([['theirs.txt', 'x']]), message: 'theirs' });
    });
    expect([isFirst, found]).toEqual([false, [3, 3, 3]]);
  });

  test('what is refused in one part holds up no other part', async () => {
    const world = await shop(10);
    world.refusing(({ change }) => {
      const bad = [...change.keys()].find((path) => path.includes('/pr-shop-5/'));
      if (bad !== undefined) throw new GreenroomError('failed', `${bad} is a file, not a folder`);
    });
    const context = world.open();
    // Room for one preview.
    const repo: AppsRepo = { ...context.repo, room: () => ({ commits: 50, files: 1 }) };
    const writer = new Writer();
    const results = await Promise.allSettled(
      upTo(10).map((number) => world.sync({ ...context, repo }, number, writer)),
    );
    expect(results.flatMap(({ status }, i) => (status === 'rejected' ? [i + 1] : []))).toEqual([5]);
    expect(await world.previews()).toBe(9);
  });
});

describe('the wait after a lost race', () => {
  /** What it waits for, in milliseconds, when every race is lost. */
  async function waits(random?: () => number): Promise<number[]> {
    const { open } = await shop(1);
    const context = open();
    const repo: AppsRepo = { ...context.repo, commit: async () => ({ status: 'conflict' }) };
    const found: number[] = [];
    const sleep = async (milliseconds: number) => void found.push(milliseconds);
    const apply = random === undefined ? { sleep } : { random, sleep };
    const lost = syncPullRequest({ ...context, repo }, SHOP, 1, { writer: new Writer(), apply });
    await expect(lost).rejects.toThrow(/no commit after 12 attempts/);
    return found;
  }

  test('is a random share of a time that grows to two seconds', async () => {
    const [none, quarter, most] = [await waits(() => 0), await waits(() => 0.25), await waits(() => 0.75)];
    expect(new Set(none)).toEqual(new Set([0]));
    expect(most).toEqual(quarter.map((milliseconds) => 3 * milliseconds));
    expect(quarter).toEqual([...quarter].sort((a, b) => a - b));
    expect(quarter.at(-1)).toBe(500);
  });

  test('differs between processes, and from one time to the next', async () => {
    const [one, other] = [await waits(), await waits()];
    expect(one).not.toEqual(other);
    // At its longest the time is the same, so what differs is the share.
    expect(new Set([...one.slice(-4), ...other.slice(-4)]).size).toBe(8);
  });
});

describe('a lost race', () => {
  const replaced = async ({ plain }: Shop, files: Record<string, string>) => {
    const { head } = await plain.read([]);
    await plain.commit({ expectedHead: head, change: new Map(Object.entries(files)), message: 'another' });
  };

  /** Ten pull requests in one commit, before which something else happens; `read` are those that were asked for to plan. */
  async function lost(meanwhile: (world: Shop, later: (seconds: number) => void) => unknown) {
    const world = await shop(10);
    let now = COMMIT_TIME + 60;
    let isFirst = true;
    const read: number[] = [];
    let committed: readonly string[] = [];
    const asked = world.forge.pullRequest.bind(world.forge);
    world.forge.pullRequest = (repository, number) => {
      // Afterwards each is asked for once more, to see whether it moved on.
      if (committed.length === 0) read.push(number);
      return asked(repository, number);
    };
    world.refusing(async () => {
      if (isFirst) {
        isFirst = false;
        await meanwhile(world, (seconds) => (now += seconds));
      }
    });
    const context = world.open(() => now);
    const { commit } = context.repo;
    const repo: AppsRepo = {
      ...context.repo,
      commit: async (request) => {
        const result = await commit(request);
        if (result.status === 'committed') committed = [...request.change.values()].map(String);
        return result;
      },
    };
    const writer = new Writer();
    const results = await Promise.all(upTo(10).map((number) => world.sync({ ...context, repo }, number, writer)));
    return { ...world, results, read, committed: committed.join() };
  }

  test('costs no second reading of the pull requests', async () => {
    const { read, previews, commits } = await lost((world) => replaced(world, { 'README.md': 'another' }));
    expect([read.length, await previews(), commits.length]).toEqual([10, 10, 1]);
  });

  test('costs one where the settings are others now', async () => {
    const { read, committed, previews } = await lost((world) =>
      replaced(world, { 'greenroom.yaml': platformText().replaceAll('example.com', 'example.org') }),
    );
    expect([read.length, await previews()]).toEqual([20, 10]);
    expect([committed.includes('example.org'), committed.includes('apps.example.com')]).toEqual([true, false]);
  });

  test('costs one where it took longer than what was read is worth', async () => {
    const { read, previews } = await lost(async (world, later) => {
      await replaced(world, { 'README.md': 'another' });
      later(30);
    });
    expect([read.length, await previews()]).toEqual([20, 10]);
  });

  test('costs one for the pull request that another process has dealt with', async () => {
    const { read, results, commits, previews } = await lost((world) => world.sync(world.open(), 3, new Writer()));
    expect(read.toSorted((a, b) => a - b).filter((number) => number !== 3)).toEqual(
      upTo(10).filter((number) => number !== 3),
    );
    expect(results.map(({ effect }) => effect)).toEqual(upTo(10).map((number) => (number === 3 ? 'none' : 'create')));
    expect([commits.map((names) => names.length), await previews()]).toEqual([[1, 9], 10]);
  });

  test('with a pull request that was closed meanwhile: it has no preview in the end', async () => {
    const { results, previews } = await lost(async (world) => {
      await replaced(world, { 'README.md': 'another' });
      world.forge.pull('acme', 'shop', { number: 3, repositoryId: 101, state: 'closed' });
      await world.sync(world.open(), 3, new Writer());
    });
    expect([results[2]!.state.state, await previews()]).toEqual(['none', 9]);
  });
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

test('between two previews that are compiled for one commit, what else waits gets its turn', async () => {
  const { open, sync, commits } = await shop(20);
  let turn = 0;
  let isDone = false;
  const others = async () => {
    for (; !isDone; turn += 1) await setImmediate();
  };
  const compiledIn: number[] = [];
  const context = { ...open(), extensions: [() => void compiledIn.push(turn)] };
  const waiting = others();
  const writer = new Writer();
  await Promise.all(upTo(20).map((number) => sync(context, number, writer)));
  isDone = true;
  await waiting;
  expect(commits.some((names) => names.length > 10)).toBe(true);
  expect(compiledIn.length).toBeGreaterThanOrEqual(20);
  expect(new Set(compiledIn).size).toBe(compiledIn.length);
});

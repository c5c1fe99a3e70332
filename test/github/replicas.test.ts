import { expect, test } from 'vitest';
import { GitHubForge } from '../../lib/github/forge.ts';
import { GitHubClient } from '../../lib/github/http/client.ts';
import { GitHubAppsRepo } from '../../lib/github/repo/apps-repo.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { Writer } from '../../lib/sync/writer.ts';
import { manyPulls } from '../support/fake-github/many.ts';
import type { FakeGitHub, FakeRequest } from '../support/fake-github/server.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { OPENED, previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

const PULLS = 40;

const isOfCommit = ({ operation, method, path }: FakeRequest) =>
  ['CommitFiles', 'MoveBranch'].includes(operation ?? '') ||
  (method === 'POST' && /\/git\/(trees|commits)$/.test(path));

/** Syncs some of the pull requests at the same time, as a process of its own. Gives its changes for commits. */
async function replica(fake: FakeGitHub, clock: () => number, name: string, numbers: readonly number[]) {
  // Time passes only while it waits.
  let waited = 0;
  const client = new GitHubClient({
    // The scheme tells who asks.
    credentials: {
      authorization: async () => `${name} ${fake.token}`,
      renew: () => false,
      advice: '',
      secrets: () => [],
    },
    apiUrl: fake.url,
    clock: () => clock() + waited,
    sleep: async (milliseconds) => {
      waited += milliseconds / 1000;
    },
  });
  const repo = new GitHubAppsRepo(client, { path: 'acme/previews' });
  const context = { repo, forge: new GitHubForge(client, { clock }), clock };
  const options = { writer: new Writer(), apply: { sleep: async () => undefined } };
  await Promise.all(numbers.map((number) => syncPullRequest(context, { path: 'acme/app-1' }, number, options)));
  const sent = fake.requests.filter((one) => one.authorization.startsWith(`${name} `) && isOfCommit(one));
  return sent.map(({ operation, path }) => operation ?? path.split('/').at(-1)!);
}

async function opened() {
  const world = new (overGitHub(World))();
  manyPulls(world, 1, PULLS, (n) => previewText(`env: { SERIAL: "${n}" }`), OPENED);
  return { world, fake: await world.github(), numbers: Array.from({ length: PULLS }, (_, i) => i + 1) };
}

/** Changes for the commits of 40 pull requests, by the process that sent most of them. */
async function most(processes: number): Promise<number> {
  const { world, fake, numbers } = await opened();
  const runs = Array.from({ length: processes }, (_, i) => {
    const own = numbers.filter((number) => number % processes === i);
    return replica(fake, () => world.now, `replica-${i}`, own);
  });
  const sent = await Promise.all(runs);
  expect(world.previews()).toHaveLength(PULLS);
  return Math.max(...sent.map(({ length }) => length));
}

// A change waits a second for the one before it, so their number is the time that a process needs.
test('two processes that share pull requests send no more changes each than one alone', async () => {
  const [one, two] = [await most(1), await most(2)];
  expect(two).toBeLessThanOrEqual(one);
});

test.each([
  ['the last part of its commit', 4, []],
  ['its commit, but not the branch', 5, ['commits']],
])('when another process commits while one sends %s, it does not try to move the branch', async (_, after, wasted) => {
  const { world, fake, numbers } = await opened();
  fake.fault = () => {
    if (fake.requests.filter(isOfCommit).length === after && world.head() === first)
      world.settle({ 'theirs.txt': 'theirs' });
    return undefined;
  };
  const first = world.head();
  const parts = Array(4).fill('trees');
  // What is on the server already is not sent again: one request puts it on top of the other commit.
  const again = ['trees', 'commits', 'MoveBranch'];
  expect(await replica(fake, () => world.now, 'late', numbers)).toEqual([...parts, ...wasted, ...again]);
  expect(world.previews()).toHaveLength(PULLS);
});

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { ProcessCache } from '../../lib/github/http/cache.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import type { FakeGitHub } from '../support/fake-github/server.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { World } from '../support/world.ts';

const GitHubWorld = overGitHub(World);

/** What each call is for. */
const PURPOSE: Readonly<Record<string, string>> = {
  ReadTrees: 'apps repo: head, platform, what is there',
  CommitFiles: 'the commit',
  ReadPull: 'pull request, its file and its comments',
  AddComment: 'comment',
  UpdateComment: 'comment',
  'GET check-runs': 'check',
  'POST check-runs': 'check',
  ListDeployments: 'deployment',
  'GET deployments': 'deployment',
  'POST deployments': 'deployment',
  'POST statuses': 'deployment',
};

let world: InstanceType<typeof GitHubWorld>;
let fake: FakeGitHub;
beforeAll(async () => {
  world = new GitHubWorld();
  const cache = new ProcessCache();
  world.cache = async () => cache;
  world.push('shop');
  world.pull('shop', 7);
  fake = await world.github();
});

/** Requests of one sync by what they are for. */
async function counted(): Promise<Record<string, number>> {
  fake.requests.length = 0;
  await world.with((context) => syncPullRequest(context, { path: 'acme/shop' }, 7));
  const counts: Record<string, number> = { 'in all': fake.requests.length };
  for (const { operation, method, path } of fake.requests) {
    const call = operation ?? `${method} ${path.split('?')[0]!.split('/').at(-1)}`;
    const purpose = PURPOSE[call];
    if (purpose === undefined) throw new Error(`${call} has no purpose`);
    counts[purpose] = (counts[purpose] ?? 0) + 1;
  }
  return counts;
}

/** A column of the table in the documentation. */
function documented(column: number): Record<string, number> {
  const docs = readFileSync(fileURLToPath(new URL('../../docs/github.md', import.meta.url)), 'utf8');
  const [, table = ''] = /<!-- requests -->\n\n([\s\S]*?)\n\n<!-- \/requests -->/.exec(docs) ?? [];
  const rows = table.split('\n').slice(2);
  const cells = rows.map((row) => row.split('|').map((cell) => cell.trim()));
  return Object.fromEntries(cells.flatMap((row) => (row[column] === '' ? [] : [[row[1], Number(row[column])]])));
}

describe('the requests of a sync are those of the documentation', () => {
  test('a first one', async () => expect(await counted()).toEqual(documented(2)));

  test('one that has nothing to do', async () => expect(await counted()).toEqual(documented(3)));

  test('a push', async () => {
    world.push('shop', { 'README.md': 'more' });
    world.pull('shop', 7);
    expect(await counted()).toEqual(documented(4));
  });

  test('a close', async () => {
    world.pull('shop', 7, { state: 'closed' });
    expect(await counted()).toEqual(documented(5));
  });
});

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ProcessCache } from '../../lib/github/http/cache.ts';
import type { SyncContext } from '../../lib/sync/plan/base.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import type { FakeGitHub } from '../support/fake-github/server.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { platformText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

const GitHubWorld = overGitHub(World);

/** What each call is for. */
const PURPOSE: Readonly<Record<string, string>> = {
  ReadTrees: 'apps repo: head, platform, what is there',
  CommitFiles: 'the commit',
  ReadPull: 'pull request, its file, comments and deployments',
  AddComment: 'comment',
  UpdateComment: 'comment',
  'GET check-runs': 'check',
  'POST check-runs': 'check',
  ReadPullAndDeployments: 'pull request, its file, comments and deployments',
  ListDeployments: 'deployment',
  'POST deployments': 'deployment',
  SetDeployments: 'deployment',
  'DELETE environment': 'deployment',
};

type GitHubWorld = InstanceType<typeof GitHubWorld>;

async function opened(): Promise<{ world: GitHubWorld; fake: FakeGitHub }> {
  const world = new GitHubWorld();
  const cache = new ProcessCache();
  world.cache = async () => cache;
  world.push('shop');
  world.pull('shop', 7);
  return { world, fake: await world.github() };
}

const sync = (context: SyncContext) => syncPullRequest(context, { path: 'acme/shop' }, 7);

/** Requests of one sync by what they are for. */
async function counted(fake: FakeGitHub, work: () => Promise<unknown>): Promise<Record<string, number>> {
  fake.requests.length = 0;
  await work();
  const counts: Record<string, number> = { 'in all': fake.requests.length };
  for (const { operation, method, path } of fake.requests) {
    const last = path.split('?')[0]!.split('/').at(-1);
    const call = operation ?? (method === 'DELETE' ? 'DELETE environment' : `${method} ${last}`);
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

/** The four that the table is about, one after the other. */
async function* syncs(world: GitHubWorld): AsyncGenerator<string> {
  yield 'first';
  yield 'nothing to do';
  world.push('shop', { 'README.md': 'more' });
  world.pull('shop', 7);
  yield 'push';
  world.pull('shop', 7, { state: 'closed' });
  yield 'close';
}

test('a receiver asks what the documentation says: at most 8 for a change, 4 for none', async () => {
  const { world, fake } = await opened();
  // One that runs on: both sides stay as they are.
  await world.with(async (context) => {
    let column = 2;
    for await (const what of syncs(world)) {
      const counts = await counted(fake, () => sync(context));
      expect([what, counts]).toEqual([what, documented(column)]);
      expect(counts['in all']).toBeLessThanOrEqual(what === 'nothing to do' ? 4 : 8);
      column += 1;
    }
  });
});

test('while an image is awaited, one request more asks for its build; for what is there, none', async () => {
  const world = new GitHubWorld(platformText('evidence: { require: [digest] }'));
  world.push('shop');
  world.pull('shop', 7);
  const fake = await world.github();
  const digest = `sha256:${'1'.repeat(64)}`;
  const answers = [{ status: 'missing' }, { status: 'found', digest }, { status: 'found', digest }] as const;
  const asked: number[] = [];
  for (const answer of answers) {
    fake.requests.length = 0;
    await world.with((context) => sync({ ...context, images: { resolve: async () => answer } }));
    asked.push(fake.requests.filter(({ operation }) => operation === 'ReadBuilds').length);
    expect(fake.requests.length).toBeLessThanOrEqual(8);
  }
  expect(asked).toEqual([1, 0, 0]);
});

test('a command that has its cache asks once more at most: where the preview lies', async () => {
  const { world, fake } = await opened();
  let column = 2;
  for await (const what of syncs(world)) {
    const { 'in all': all } = await counted(fake, () => world.with(sync));
    expect([what, all! - documented(column)['in all']!]).toEqual([what, what === 'first' ? 0 : 1]);
    column += 1;
  }
});

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FolderCache } from '../../lib/github/http/cache.ts';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { manyPulls } from '../support/fake-github/many.ts';
import type { FakeGitHub } from '../support/fake-github/server.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { tempFolder } from '../support/git.ts';
import { previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

const GitHubWorld = overGitHub(World);
const apply = { random: () => 0, sleep: async () => undefined };

// 200 pull requests in 5 repositories, all of them with a preview.
const world = new GitHubWorld();
const folder = tempFolder();
let fake: FakeGitHub;

/** How often each call was made since the last time. */
function counted(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { method, path, operation } of fake.requests.splice(0)) {
    const call =
      operation ??
      `${method} ${path
        .replace(/app-\d+/g, '*')
        .replace(/[0-9a-f]{40}/g, '*')
        .replace(/deployments\/\d+/, 'deployments/*')
        .replace(/\?.*/, '')}`;
    counts[call] = (counts[call] ?? 0) + 1;
  }
  return counts;
}

async function idle(): Promise<Record<string, number>> {
  const head = world.head();
  const { results, failures, unknown } = await world.with((context) => sweep(context, { apply }));
  expect([results.length, failures, unknown]).toEqual([200, [], []]);
  expect(results.every(({ effect, notes }) => effect === 'none' && notes.length === 0)).toBe(true);
  expect(world.head()).toBe(head);
  return counted();
}

const LISTS = { ListRepositories: 1, ListPulls: 5, ReadHistory: 1 };
const LOOKS = { ListComments: 200, ListDeployments: 200, 'GET /repos/acme/*/commits/*/check-runs': 200 };

// 200 compilations and 800 requests take their time on a busy machine.
describe('a sweep over 200 pull requests', { timeout: 180_000 }, () => {
  test('that starts them all makes 4 commits, and reads nothing twice', async () => {
    manyPulls(world, 5, 40, (n) => previewText(`env: { SERIAL: "${n}" }`));
    fake = await world.github();
    await world.with((context) => sweep(context, { apply }));
    const first = counted();
    expect(first).toMatchObject({
      ...LISTS,
      // Whether a check stands there already need not be asked: it would be older.
      ListComments: 200,
      ListDeployments: 200,
      // The head, and before each further commit what the one before it left: two levels of folders.
      // The head alone: what a commit left need not be read.
      ReadTrees: 1,
      ReadObjects: 1,
      // Of some 600 files each: made of trees, in parts.
      'POST /repos/acme/previews/git/commits': 4,
      MoveBranch: 4,
    });
    // 800 writes are more than GitHub takes in an hour: what is held back, the next sweep writes.
    await world.with((context) => sweep(context, { apply }));
    const second = counted();
    for (const call of ['AddComment', 'POST /repos/acme/*/check-runs', 'POST /repos/acme/*/deployments']) {
      expect([call, (first[call] ?? 0) + (second[call] ?? 0)]).toEqual([call, 200]);
    }
    expect(second['MoveBranch']).toBeUndefined();
  });

  test('that has nothing to do looks at every comment, check and deployment; with what that one remembered, it takes 14 requests', async () => {
    world.cache = () => FolderCache.open(folder, () => world.now);
    expect(await idle()).toEqual({ ...LISTS, ...LOOKS, ReadTrees: 7, ReadObjects: 1 });
    expect(await idle()).toEqual({ ...LISTS, ReadTrees: 7 });
  });

  test('a comment that somebody touched, and only that, is looked at again', async () => {
    const [comment] = fake.commentsOf('acme', 'app-1', 1);
    comment!.body = comment!.body.replace('on its way', 'gone');
    comment!.updatedAt = fake.tick();
    const looked = { ListComments: 1, ListDeployments: 1, 'GET /repos/acme/*/commits/*/check-runs': 1 };
    expect(await idle()).toEqual({ ...LISTS, ...looked, ReadTrees: 7, UpdateComment: 1 });
    expect(fake.commentsOf('acme', 'app-1', 1)[0]?.body).toContain('on its way');
  });

  test('what is damaged in the cache is asked again, and nothing else comes of it', async () => {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).isFile());
    for (const [i, file] of files.entries()) {
      const text = readFileSync(file, 'utf8');
      const damage = [text.slice(0, 70), text.replace(/^./, 'z'), text.replace('ghcr.io/acme', 'ghcr.io/evil'), ''];
      writeFileSync(file, damage[i % damage.length]!);
    }
    const { ListComments = 0, ReadObjects, ...others } = await idle();
    expect(ReadObjects).toBe(1);
    expect(ListComments).toBeGreaterThan(100);
    expect(others).toMatchObject({ ...LISTS, ReadTrees: 7 });
  });

  test('comments and checks are looked at again after six hours, whatever is remembered', async () => {
    world.now += 6 * 3600 + 1;
    expect(await idle()).toMatchObject({ ...LOOKS });
  });
});

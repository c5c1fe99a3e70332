import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { FolderCache } from '../../lib/github/http/cache.ts';
import type { SyncContext } from '../../lib/sync/plan/base.ts';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { manyPulls } from '../support/fake-github/many.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { GIT_ENV, tempFolder } from '../support/git.ts';
import { previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

const GitHubWorld = overGitHub(World);
const apply = { random: () => 0, sleep: async () => undefined };

const FILES = ['preview.json', ...Array.from({ length: 12 }, (_, i) => `${i < 8 ? 'fence' : 'app'}/file.${i}.yaml`)];

/** Previews of other repositories, a hundred each, as one commit. */
function fill(apps: string, count: number): void {
  const lines = ['commit refs/heads/main', 'committer Test <test@example.com> 0 +0000', 'data 4\nmany'];
  lines.push('from refs/heads/main^0');
  for (let i = 0; i < count; i += 1) {
    const repo = `app-${Math.floor(i / 100)}`;
    for (const file of FILES) {
      const text = `{"preview": ${i}, "file": "${file}"}\n`;
      lines.push(`M 100644 inline previews/main/${repo}/pr-${repo}-${i}/${file}`, `data ${text.length}\n${text}`);
    }
  }
  execFileSync('git', ['fast-import', '--quiet'], { cwd: apps, env: GIT_ENV, input: `${lines.join('\n')}\n` });
}

test('beside 5,000 previews a create reads names once, and then a few kilobytes', { timeout: 180_000 }, async () => {
  const world = new GitHubWorld();
  fill(world.appsRepo, 5000);
  world.push('shop');
  for (const n of [7, 8, 9]) world.pull('shop', n);
  const fake = await world.github();
  let bytes = 0;
  fake.fault = () => ({
    edit: (body) => {
      bytes += body.length;
      return body;
    },
  });
  const created = await world.with(async (context) => {
    const sizes: number[] = [];
    for (const n of [7, 8, 9]) {
      bytes = 0;
      await syncPullRequest(context, { path: 'acme/shop' }, n);
      sizes.push(bytes);
    }
    return sizes;
  });
  expect(world.previews()).toHaveLength(5003);
  expect(created[0]).toBeLessThan(600_000);
  expect(Math.max(created[1]!, created[2]!)).toBeLessThan(20_000);
});

test('an idle sweep of 40 repositories: fewer than 50 requests of a receiver, than 100 of a command', {
  timeout: 180_000,
}, async () => {
  const world = new GitHubWorld();
  manyPulls(world, 40, 5, (n) => previewText(`env: { SERIAL: "${n}" }`));
  const fake = await world.github();
  const folder = tempFolder();
  world.cache = () => FolderCache.open(folder, () => world.now);
  const once = async (context: SyncContext) => {
    fake.requests.length = 0;
    const { results, failures, unknown } = await sweep(context, { apply });
    expect([results.length, failures, unknown]).toEqual([200, [], []]);
    return fake.requests.length;
  };
  // What is held back below GitHub's limits, the next sweep writes.
  for (let i = 0; i < 3; i += 1) await world.with(once);
  expect(await world.with(once)).toBeLessThan(100);
  await world.with(async (context) => {
    await once(context);
    expect(await once(context)).toBeLessThan(50);
  });
});

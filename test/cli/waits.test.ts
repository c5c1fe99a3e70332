import { expect, test } from 'vitest';
import { sayWaits } from '../../lib/cli/shared/waits.ts';
import type { RequestPause } from '../../lib/forge/limits.ts';
import { inProcess } from '../support/command.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { World } from '../support/world.ts';

test('a command that waits for a limit of GitHub says so on stderr, and nothing of it in its data', async () => {
  const now = Math.floor(Date.now() / 1000) - 60;
  const world = new (overGitHub(World))();
  world.push('shop', undefined, now);
  world.pull('shop', 7, { createdAt: now, updatedAt: now });
  const fake = await world.github();
  let left = 1;
  fake.fault = ({ operation }) => {
    const headers = { 'content-type': 'application/json', 'retry-after': '1' };
    return operation === 'ReadPull' && left-- > 0
      ? { status: 403, headers, body: '{"message":"slow down"}' }
      : undefined;
  };
  const args = ['sync', '--repo', 'acme/shop', '--pr', '7', '--apps-repo', 'acme/previews', '--format', 'json'];
  const { stdout, stderr } = await inProcess(args, '/', { GITHUB_TOKEN: fake.token, GITHUB_API_URL: fake.url });
  expect(JSON.parse(stdout)).toMatchObject({ effect: 'create', state: { state: 'committed' } });
  expect(stderr).toMatch(
    /^greenroom: waiting 1 second, until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ: GitHub's rate limit is used up \(GraphQL ReadPull\)\n$/,
  );
});

test('many that wait at once say it once, and a longer wait says it again', () => {
  const wait: RequestPause = { reason: 'throttle', call: 'AddComment', seconds: 41.2, until: 1_793_000_000 };
  const said = (interactive: boolean, ...waits: Partial<RequestPause>[]) => {
    const lines: string[] = [];
    const say = sayWaits({ err: (text) => lines.push(text), interactive });
    for (const other of waits) say({ ...wait, ...other });
    return lines;
  };
  expect(said(false, {}, {}, { until: wait.until + 5 })).toEqual([
    "greenroom: waiting 42 seconds, until 2026-10-26T07:33:20Z: to keep below GitHub's limits for changes (AddComment)\n",
  ]);
  expect(said(false, {}, { reason: 'limit', seconds: 120, until: wait.until + 120 })).toHaveLength(2);
  expect(said(false, { seconds: 0.5 })).toEqual([]);
  expect(said(true, {})[0]?.startsWith('\r\u001b[Kgreenroom: waiting')).toBe(true);
});

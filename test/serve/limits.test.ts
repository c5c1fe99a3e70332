import { setTimeout } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { GitHubForge } from '../../lib/github/forge.ts';
import { GitHubClient } from '../../lib/github/http/client.ts';
import { tokenCredentials } from '../../lib/github/http/credentials.ts';
import { GitHubAppsRepo } from '../../lib/github/repo/apps-repo.ts';
import { FakeLimits, type LimitNumbers } from '../support/fake-github/limits.ts';
import { manyPulls } from '../support/fake-github/many.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { COMMIT_TIME } from '../support/git.ts';
import { previewText } from '../support/inputs.ts';
import { StoppedClock } from '../support/stopped-clock.ts';
import { World } from '../support/world.ts';
import { deliver as deliverEvent } from './deliver.ts';
import { loggedService } from './logged.ts';

/** A service over GitHub's own limits; time stands still for all of them until it is moved. */
async function serving(pulls: number, numbers: Partial<LimitNumbers> = {}) {
  const world = new (overGitHub(World))();
  manyPulls(world, 1, pulls, (n) => previewText(`env: { SERIAL: "${n}" }`), COMMIT_TIME);
  const fake = await world.github();
  const time = new StoppedClock(COMMIT_TIME + 60);
  fake.clock = time.clock;
  const limits = new FakeLimits(time.clock, numbers);
  fake.limits = limits;
  const client = new GitHubClient({
    credentials: tokenCredentials(fake.token),
    apiUrl: fake.url,
    clock: time.clock,
    sleep: time.sleep,
    onWait: (wait) => service.waits(wait),
  });
  const context = {
    repo: new GitHubAppsRepo(client, { path: 'acme/previews' }),
    forge: new GitHubForge(client, { clock: time.clock }),
    clock: time.clock,
  };
  const { service, log } = loggedService({ clock: time.clock, withContext: (work) => work(context) });
  onTestFinished(async () => void (await service.stop(1)));
  const url = await service.start();
  const get = async (path: string) => (await fetch(`${url}${path}`)).text();
  const deliver = async (number: number) => {
    const repository = { name: 'app-1', owner: { login: 'acme' } };
    return (await deliverEvent(url, 'pull_request', { action: 'opened', repository, pull_request: { number } })).status;
  };
  const synced = () => log.filter(({ event, state }) => event === 'sync' && state !== undefined).length;
  const comment = (number: number) => fake.commentsOf('acme', 'app-1', number)[0]?.body ?? '';
  /** Time passes whenever there is nothing else to wait for. */
  const until = async (isDone: () => boolean) => {
    for (let seen = -1; !isDone(); seen = fake.requests.length) {
      await setTimeout(10);
      if (limits.isIdle && seen === fake.requests.length && time.next !== null) time.pass(Math.max(0, time.next));
    }
  };
  return { world, fake, time, limits, log, get, deliver, synced, comment, until };
}

test('a limit of GitHub that serve meets is seen everywhere, holds back everything, and is told when it is over', async () => {
  const { time, limits, log, get, deliver, synced, comment, until, fake } = await serving(2, { penalty: 120 });
  // Another program of the same account has nearly used up what a minute allows.
  for (let i = 0; i < 78; i += 1) {
    limits.came('core', true);
    limits.left();
  }
  await deliver(1);
  await until(() => limits.refused.length > 0);
  await expect
    .poll(() => log.filter(({ event }) => event === 'wait'))
    .toMatchObject([{ level: 'warn', reason: 'limit' }]);
  const opensAt = time.now + 120;
  expect(await get('/readyz')).toMatch(/^ok\nno requests to the forge until /);
  const metrics = await get('/metrics');
  expect(metrics).toContain(`greenroom_forge_closed_until_timestamp_seconds ${opensAt}`);
  expect(metrics).toContain('greenroom_limit_waits_total{reason="limit"} 1');

  // It takes deliveries all the same, and asks GitHub nothing.
  const asked = fake.requests.length;
  expect(await deliver(2)).toBe(202);
  await expect.poll(() => log.filter(({ event }) => event === 'wait').length).toBe(2);
  time.pass(119);
  expect([fake.requests.length, limits.refused]).toEqual([asked, ['changes a minute']]);

  await until(() => synced() === 2);
  expect(time.now).toBeGreaterThan(opensAt);
  expect(limits.refused).toEqual(['changes a minute']);
  expect(comment(2)).toContain('This report is 2 minutes late: a rate limit of the forge delayed it until ');
  expect(comment(1)).not.toContain('late');
  expect(await get('/readyz')).toBe('ok\n');
});

test('hourly points that are used up close it until GitHub counts anew, with one request', async () => {
  const { time, fake, limits, log, get, deliver } = await serving(1, { pointsPerHour: 1 });
  await deliver(1);
  await expect.poll(() => log.filter(({ event, code }) => event === 'sync' && code === 'unreachable').length).toBe(1);
  expect(limits.refused).toEqual(['graphql: points an hour']);
  expect(log).toContainEqual(expect.objectContaining({ level: 'warn', event: 'wait', reason: 'closed' }));
  const reset = (Math.floor(time.now / 3600) + 1) * 3600 + 1;
  expect(await get('/metrics')).toContain(`greenroom_forge_closed_until_timestamp_seconds ${reset}`);
  const asked = fake.requests.length;
  await deliver(1);
  await expect.poll(() => log.filter(({ event, code }) => event === 'sync' && code === 'unreachable').length).toBe(2);
  expect(fake.requests).toHaveLength(asked);
});

test('40 pull requests at once meet none of the limits: 10 commits at most, changes a second apart', async () => {
  const { fake, time, limits, deliver, synced, until, world } = await serving(40);
  const started = time.now;
  const commits: number[] = [];
  fake.fault = ({ operation }) => {
    if (operation === 'CommitFiles' || operation === 'MoveBranch') commits.push(time.now - started);
    return undefined;
  };
  await Promise.all(Array.from({ length: 40 }, (_, i) => deliver(i + 1)));
  await until(() => synced() === 40);
  expect(world.previews()).toHaveLength(40);
  expect(limits.refused).toEqual([]);
  expect(commits.length).toBeLessThanOrEqual(10);
  expect(commits.at(-1)).toBeLessThan(60);
  expect(limits.mostAtOnce).toBeLessThanOrEqual(50);
  const gaps = limits.changes.slice(1).map((at, i) => at - limits.changes[i]!);
  expect(gaps.length).toBeGreaterThan(40 * 4);
  expect(Math.min(...gaps)).toBeGreaterThan(0.999);
});

import { describe, expect, test } from 'vitest';
import type { RequestPause } from '../../lib/forge/limits.ts';
import { CONTENT_WRITES, PARTS, PUSHES, Throttle, type ThrottleLimit } from '../../lib/github/http/throttle.ts';
import { clientOf } from '../support/fake-github/client.ts';
import { FakeGitHub } from '../support/fake-github/server.ts';
import { COMMIT_TIME, tempFolder } from '../support/git.ts';

/** Times at which so many turns come, asked for one after the other or all at once; nothing is waited for. */
async function turns(count: number, limits: readonly ThrottleLimit[], together = false): Promise<number[]> {
  let now = 1000;
  let wait = 0;
  const sleep = async (milliseconds: number) => {
    wait = milliseconds / 1000;
  };
  const throttle = new Throttle(limits, () => now, sleep);
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) {
    wait = 0;
    expect(await throttle.turn(Number.POSITIVE_INFINITY)).toBe(0);
    times.push(now + wait);
    if (!together) now += wait;
  }
  return times;
}

/** The most that fall into any stretch of so many seconds. */
function most(times: readonly number[], seconds: number): number {
  return Math.max(...times.map((start) => times.filter((time) => time >= start && time < start + seconds).length));
}

describe('the throttle', () => {
  test.each([false, true])('of pushes is 6 a minute at most (all at once: %s)', async (together) => {
    const times = await turns(40, PUSHES, together);
    expect(times).toHaveLength(40);
    expect(most(times, 60)).toBe(6);
    expect(times.at(-1)).toBe(1000 + 6 * 60);
  });

  test.each([false, true])(
    'of content is one a second, ten at once, 440 an hour (all at once: %s)',
    async (together) => {
      const times = await turns(1200, CONTENT_WRITES, together);
      expect(most(times, 10)).toBe(10);
      // With the commits beside them, no more than GitHub's 80.
      const [pushes, parts] = [await turns(40, PUSHES, together), await turns(80, PARTS, together)];
      expect(most(times, 60) + most(pushes, 60) + most(parts, 60)).toBe(80);
      expect(most(times, 3600)).toBe(440);
      // No slower than it has to be.
      expect(times.at(-1)).toBe(1000 + 2 * 3600 + 31 * 10);
    },
  );
});

test('a turn that is too far away is not taken', async () => {
  const throttle = new Throttle(
    [{ count: 2, seconds: 60 }],
    () => 0,
    async () => undefined,
  );
  expect([await throttle.turn(10), await throttle.turn(10)]).toEqual([0, 0]);
  expect([await throttle.turn(10), await throttle.turn(60), await throttle.turn(60)]).toEqual([60, 0, 0]);
});

test('changes are throttled, each owner counted together; reading does not wait', async () => {
  const fake = await FakeGitHub.start(tempFolder());
  fake.fault = () => ({ headers: { 'content-type': 'application/json' }, body: '{"data":{}}' });
  const waits: number[] = [];
  const told: RequestPause[] = [];
  const client = clientOf(fake, waits, fake.token, (wait) => told.push(wait));
  for (let i = 0; i < 100; i += 1) await client.rest('GET /repositories/{id}', { id: i });
  expect(waits).toEqual([]);
  const commit = () => client.for('acme').mutate('mutation CommitFiles { x }', {});
  for (let i = 0; i < 6; i += 1) await commit();
  expect(waits).toEqual([]);
  await commit();
  expect(waits).toEqual([60_000]);
  expect(told).toEqual([{ reason: 'throttle', call: 'CommitFiles', seconds: 60, until: COMMIT_TIME + 60 }]);
  const comment = (owner: string) => client.for(owner).mutate('mutation AddComment { x }', {});
  for (let i = 0; i < 10; i += 1) await comment(i % 2 === 0 ? 'acme' : 'globex');
  expect(waits).toEqual([60_000]);
  await comment('acme');
  expect(waits).toEqual([60_000, 10_000]);
  // Comments that have to wait hold up no commit.
  for (let i = 0; i < 1000; i += 1) await comment('acme').catch(() => undefined);
  await expect(comment('acme')).rejects.toMatchObject({ code: 'unreachable' });
  await commit();
  await fake.stop();
});

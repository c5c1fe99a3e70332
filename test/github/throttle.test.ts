import { describe, expect, onTestFinished, test } from 'vitest';
import type { GreenroomError } from '../../lib/core/errors.ts';
import type { RequestPause } from '../../lib/forge/limits.ts';
import { Outdated } from '../../lib/github/http/change-queue.ts';
import { GitHubClient, type GitHubClientOptions } from '../../lib/github/http/client.ts';
import { tokenCredentials } from '../../lib/github/http/credentials.ts';
import { openGitHub } from '../../lib/github/http/open.ts';
import { PUSHES, REPORTS, Throttle, type ThrottleLimit } from '../../lib/github/http/throttle.ts';
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

  test.each([false, true])('of reports is 440 an hour (all at once: %s)', async (together) => {
    const times = await turns(1200, REPORTS, together);
    expect(most(times, 3600)).toBe(440);
    expect(times.at(-1)).toBe(1000 + 2 * 3600);
  });
});

/** A client that looks at a clock that only its own waits move, and when each change reached GitHub. */
async function timed(options: Partial<GitHubClientOptions> = {}) {
  const fake = await FakeGitHub.start(tempFolder());
  onTestFinished(() => fake.stop());
  let now = COMMIT_TIME;
  const sent: { readonly call: string; readonly at: number }[] = [];
  const inFlight = { now: 0, most: 0 };
  fake.fault = ({ operation, method, path }) => {
    if (method !== 'GET') sent.push({ call: operation ?? path.split('/').at(-1)!, at: now - COMMIT_TIME });
    inFlight.now += 1;
    inFlight.most = Math.max(inFlight.most, inFlight.now);
    const edit = () => {
      inFlight.now -= 1;
      return '{"data":{}}';
    };
    return { delay: 2, edit };
  };
  const client = new GitHubClient({
    credentials: tokenCredentials(fake.token),
    apiUrl: fake.url,
    clock: () => now,
    sleep: async (milliseconds) => {
      now += milliseconds / 1000;
    },
    ...options,
  });
  return { client, fake, sent, inFlight };
}

const comment = (client: GitHubClient) => client.for('acme').mutate('mutation AddComment { x }', {});
const commit = (client: GitHubClient) => client.for('acme').mutate('mutation CommitFiles { x }', {});

describe('changes', () => {
  test('are sent one at a time and a second apart, of all owners and kinds together', async () => {
    const { client, sent, inFlight } = await timed();
    const each = Array.from({ length: 20 }, (_, i) => [
      client.for(`owner-${i}`).mutate('mutation AddComment { x }', {}),
      client.rest('POST /repos/{owner}/{repo}/check-runs', { owner: 'acme', repo: 'shop' }, [404]),
      client.rest('POST /repos/{owner}/{repo}/git/trees', { owner: 'acme', repo: 'shop' }, [404]),
      ...(i < 6 ? [commit(client)] : []),
    ]);
    await Promise.all(each.flat());
    expect(inFlight.most).toBe(1);
    // So no minute has more than 60 of the 80 that GitHub allows.
    expect(sent.map(({ at }) => at)).toEqual(Array.from({ length: 66 }, (_, i) => i));
  });

  test('a single one is sent at once, also after another one a second ago', async () => {
    const { client, sent } = await timed();
    await commit(client);
    await comment(client);
    await comment(client);
    expect(sent.map(({ at }) => at)).toEqual([0, 1, 2]);
  });

  test('no commit waits for reports', async () => {
    const { client, sent } = await timed();
    const reports = Array.from({ length: 160 }, () => comment(client));
    await reports[0];
    const [, ...others] = reports;
    await Promise.all([commit(client), ...others]);
    expect(sent.findIndex(({ call }) => call === 'CommitFiles')).toBeLessThanOrEqual(2);
  });

  test('reading waits for none of them', async () => {
    const { client, inFlight } = await timed();
    const changes = Array.from({ length: 3 }, () => comment(client));
    await Promise.all(Array.from({ length: 20 }, (_, id) => client.rest('GET /repositories/{id}', { id }, [404])));
    await Promise.all(changes);
    expect(inFlight.most).toBeGreaterThan(5);
  });

  test('that would wait for more than 15 minutes fail at once, and no others', async () => {
    const { client, sent } = await timed({ changeInterval: 60 });
    const outcomes = Array.from({ length: 20 }, () =>
      comment(client).then(
        () => 'sent',
        ({ code, message }: GreenroomError) => `${code}: ${message.replace(/\d+/, 'N')}`,
      ),
    );
    const found = await Promise.all(outcomes);
    expect(found.filter((one) => one === 'sent')).toHaveLength(sent.length);
    expect(new Set(found.filter((one) => one !== 'sent'))).toEqual(
      new Set([expect.stringMatching(/^unreachable: .*too many changes in a short time; the next one has to wait/)]),
    );
    expect(sent.length).toBeGreaterThanOrEqual(15);
  });

  test('that had to wait are asked once more whether they still make sense; what does not is not sent', async () => {
    const { client, sent } = await timed();
    const asked: string[] = [];
    const change = (name: string, answer: () => Promise<boolean>) =>
      client
        .for('acme')
        .mutate('mutation CommitFiles { x }', {}, () => {
          asked.push(name);
          return answer();
        })
        .then(
          () => 'sent',
          (error: unknown) => (error instanceof Outdated ? 'outdated' : error),
        );
    const first = change('first', async () => false);
    const others = [
      change('outdated', async () => false),
      change('current', async () => true),
      change('not known', () => Promise.reject(new Error('no answer'))),
    ];
    expect(await Promise.all([first, ...others])).toEqual(['sent', 'outdated', 'sent', 'sent']);
    expect(asked).toEqual(['outdated', 'current', 'not known']);
    // What was not sent delays no other, and counts for no limit.
    expect(sent.map(({ at }) => at)).toEqual([0, 1, 2]);
    expect(client.freePushes).toBe(3);
  });

  test('that wait in the queue are not sent while a limit is active that an earlier one has hit', async () => {
    const { client, fake, sent } = await timed();
    const answer = fake.fault;
    fake.fault = (request) => {
      const found = answer(request);
      if (sent.length !== 1) return found;
      const headers = { 'content-type': 'application/json', 'retry-after': '60' };
      return { status: 403, headers, body: '{"message":"You have exceeded a secondary rate limit."}' };
    };
    await Promise.all(Array.from({ length: 5 }, () => comment(client)));
    expect(sent).toHaveLength(6);
    expect(sent[1]!.at).toBeGreaterThanOrEqual(60);
  });
});

test.each([
  ['0', 0],
  ['2.5', 2.5],
])('GREENROOM_CHANGE_INTERVAL=%s sets the seconds between changes', async (text, seconds) => {
  const { fake, sent } = await timed();
  let now = 0;
  const client = openGitHub(
    { GITHUB_TOKEN: fake.token, GITHUB_API_URL: fake.url, GREENROOM_CHANGE_INTERVAL: text },
    {
      clock: () => now,
      sleep: async (milliseconds) => {
        now += milliseconds / 1000;
      },
    },
  );
  await Promise.all([comment(client), comment(client), comment(client)]);
  expect([sent.length, now]).toEqual([3, 2 * seconds]);
});

test.each(['-1', '61', '1s', '1,5'])('GREENROOM_CHANGE_INTERVAL=%s is refused', (text) => {
  const open = () => openGitHub({ GITHUB_TOKEN: 't', GREENROOM_CHANGE_INTERVAL: text });
  expect(open).toThrow(/^GREENROOM_CHANGE_INTERVAL must be seconds from 0 to 60/);
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
  for (let i = 0; i < 6; i += 1) await commit(client);
  expect(waits).toEqual([]);
  await commit(client);
  expect(waits).toEqual([60_000]);
  expect(told).toEqual([{ reason: 'throttle', call: 'CommitFiles', seconds: 60, until: COMMIT_TIME + 60 }]);
  // Nor do reports that have to wait for the next hour.
  const report = (owner: string) => client.for(owner).mutate('mutation AddComment { x }', {});
  for (let i = 0; i < 440; i += 1) await report(i % 2 === 0 ? 'acme' : 'globex');
  expect(waits).toEqual([60_000]);
  await expect(report('acme')).rejects.toMatchObject({ code: 'unreachable', until: COMMIT_TIME + 3600 });
  await commit(client);
  await fake.stop();
});

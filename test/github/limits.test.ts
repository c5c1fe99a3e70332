import { setImmediate } from 'node:timers/promises';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import type { RequestPause } from '../../lib/forge/limits.ts';
import { GitHubClient } from '../../lib/github/http/client.ts';
import { tokenCredentials } from '../../lib/github/http/credentials.ts';
import { fakeForFile } from '../support/fake-github/fixture.ts';
import { FakeLimits } from '../support/fake-github/limits.ts';
import { COMMIT_TIME } from '../support/git.ts';
import { StoppedClock } from '../support/stopped-clock.ts';

const fake = await fakeForFile();
afterAll(() => {
  fake.fault = () => undefined;
});

const json = { 'content-type': 'application/json' };
const secondary = (after: number) => ({
  status: 403,
  headers: { ...json, 'retry-after': String(after) },
  body: JSON.stringify({ message: 'You have exceeded a secondary rate limit.' }),
});

/** The same limit as GraphQL reports it. */
const inGraphQL = (headers: object = {}, type?: string) => ({
  status: 200,
  headers: { ...json, ...headers },
  body: JSON.stringify({
    data: null,
    errors: [
      { ...(type && { type }), message: 'You have exceeded a secondary rate limit. Please wait a few minutes.' },
    ],
  }),
});

/** A client whose time stands until it is moved: who sleeps wakes when it has come. */
function patient() {
  const time = new StoppedClock(COMMIT_TIME);
  const told: RequestPause[] = [];
  const client = new GitHubClient({
    credentials: tokenCredentials(fake.token),
    apiUrl: fake.url,
    clock: time.clock,
    sleep: time.sleep,
    onWait: (wait) => told.push(wait),
  });
  return { client, pass: (seconds: number) => time.pass(seconds), sleeping: () => time.sleeping, told };
}

const read = (client: GitHubClient, id: number) => client.rest('GET /repositories/{id}', { id }, [404]);

describe('a secondary limit', () => {
  test('that one request runs into holds back all others, whoever asks, until it is over', async () => {
    const { client, pass, sleeping } = patient();
    fake.requests.length = 0;
    fake.fault = () => (fake.requests.length === 1 ? secondary(60) : undefined);
    const first = read(client, 1);
    await expect.poll(sleeping).toBe(1);
    const others = Array.from({ length: 36 }, (_, i) => read(client.for(i % 2 === 0 ? 'acme' : 'globex'), i));
    const change = client.for('acme').mutate('mutation AddComment { x }', {});
    await expect.poll(sleeping).toBe(38);
    pass(59);
    expect(fake.requests).toHaveLength(1);
    // Not all at once: that would be the next one.
    pass(1);
    await first;
    expect(fake.requests.length).toBeLessThan(10);
    pass(10);
    await Promise.all([...others, change.catch(() => undefined)]);
    expect(fake.requests).toHaveLength(1 + 1 + 36 + 1);
  });

  test.each([
    ['with the time', inGraphQL({ 'retry-after': '60' }), 60],
    ['without a time', inGraphQL(), 60],
    ['without a time, and with a type', inGraphQL({}, 'RATE_LIMITED'), 60],
    ['with quota left', inGraphQL({ 'x-ratelimit-remaining': '4000', 'x-ratelimit-reset': '9999999999' }), 60],
  ])('that GraphQL reports with status 200 %s holds back all others as well', async (_, answer, seconds) => {
    const { client, pass, sleeping } = patient();
    fake.requests.length = 0;
    fake.fault = () => (fake.requests.length === 1 ? answer : undefined);
    const change = client.for('acme').mutate('mutation CommitFiles { x }', {});
    await expect.poll(sleeping).toBe(1);
    const other = read(client.for('globex'), 1);
    await expect.poll(sleeping).toBe(2);
    pass(seconds - 1);
    expect(fake.requests).toHaveLength(1);
    pass(10);
    await Promise.all([change.catch(() => undefined), other]);
    expect(fake.requests).toHaveLength(3);
  });

  test('is not seen in an error that only names a limit, and in an answer that uses the quota up', async () => {
    const { client, sleeping } = patient();
    const message = "Could not resolve to a Ref with the name 'fix/rate-limit'.";
    const headers = { ...json, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '9999999999' };
    fake.fault = () => ({ headers, body: JSON.stringify({ data: null, errors: [{ type: 'NOT_FOUND', message }] }) });
    expect((await client.query('query ReadHead { x }', {})).errors).toMatchObject([{ message }]);
    expect(sleeping()).toBe(0);
  });

  test('is no longer than GitHub said, where our clock is put back by 11 minutes meanwhile', async () => {
    const { client, pass, told, sleeping } = patient();
    fake.requests.length = 0;
    fake.fault = () => (fake.requests.length === 1 ? secondary(60) : undefined);
    const first = read(client, 1);
    await expect.poll(sleeping).toBe(1);
    pass(-660);
    const second = read(client, 2);
    await expect.poll(sleeping).toBe(2);
    expect(told.map(({ seconds }) => Math.round(seconds))).toEqual([60, 60]);
    pass(800);
    await Promise.all([first, second]);
  });

  test('of an hour ends what is asked at once, without another request, until it is over', async () => {
    const { client, pass, told } = patient();
    fake.requests.length = 0;
    fake.fault = () => secondary(3600);
    const until = COMMIT_TIME + 3600;
    await expect(read(client, 1)).rejects.toMatchObject({ code: 'unreachable', until });
    await expect(read(client.for('acme'), 2)).rejects.toMatchObject({ code: 'unreachable' });
    await expect(client.mutate('mutation CommitFiles { x }', {})).rejects.toMatchObject({ code: 'unreachable' });
    expect(fake.requests).toHaveLength(1);
    expect(told.every(({ reason }) => reason === 'closed')).toBe(true);
    pass(3600);
    fake.fault = () => undefined;
    expect((await read(client, 3)).status).toBe(404);
  });
});

test("an owner's hourly limit holds back that owner's requests to that API, and no others", async () => {
  const { client, pass, sleeping } = patient();
  const reset = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(COMMIT_TIME + 30) };
  fake.requests.length = 0;
  fake.fault = () =>
    fake.requests.length === 1 ? { status: 403, headers: { ...json, ...reset }, body: '{}' } : undefined;
  const first = read(client.for('acme'), 1);
  await expect.poll(sleeping).toBe(1);
  expect((await read(client.for('globex'), 2)).status).toBe(404);
  const second = read(client.for('acme'), 3);
  await expect.poll(sleeping).toBe(2);
  expect(fake.requests).toHaveLength(2);
  pass(40);
  await Promise.all([first, second]);
});

describe('a limit', () => {
  const limited = (headers: Record<string, string>, body: object = {}, status = 403) => ({
    status,
    headers: { ...json, date: new Date(COMMIT_TIME * 1000).toUTCString(), ...headers },
    body: JSON.stringify(body),
  });
  const quick = 'was submitted too quickly after another comment';
  const http = (seconds: number) => new Date((COMMIT_TIME + seconds) * 1000).toUTCString();

  test.each([
    ['with an end in seconds', limited({ 'retry-after': '30' }), 30],
    ['with an end now', limited({ 'retry-after': '0' }), 1],
    ['with an end as a time', limited({ 'retry-after': http(30) }), 30],
    ['with an end in the past', limited({ 'retry-after': http(-30) }), 1],
    ['with an end that is no number', limited({ 'retry-after': 'soon' }), 60],
    ['with a negative end', limited({ 'retry-after': '-5' }), 60],
    ['with two ends', limited({ 'retry-after': '30, 60' }), 60],
    ['with a reset', limited({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${COMMIT_TIME + 30}` }), 31],
    ['with a reset in the past', limited({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' }), 1],
    ['with an empty reset', limited({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '' }), 60],
    ['with status 429 and a page', { status: 429 }, 60],
    ['in words, of old', limited({}, { message: 'You have triggered an abuse detection mechanism.' }), 60],
    ['in words, of an hour', limited({}, { message: 'API rate limit exceeded for user ID 1.' }), 60],
    [
      'of changes, as an invalid one',
      limited({}, { message: 'Validation Failed', errors: [{ message: quick }] }, 422),
      60,
    ],
    [
      'of changes, in GraphQL',
      limited({}, { data: null, errors: [{ type: 'UNPROCESSABLE', message: quick }] }, 200),
      60,
    ],
  ])('%s is waited for, and the change is sent once more', async (_, answer, seconds) => {
    const { client, pass, sleeping, told } = patient();
    fake.requests.length = 0;
    fake.fault = () => (fake.requests.length === 1 ? answer : { headers: json, body: '{"data":{}}' });
    const change = client.mutate('mutation AddComment { x }', {});
    await expect.poll(sleeping).toBe(1);
    expect(told.map(({ reason, seconds: told }) => [reason, Math.round(told)])).toEqual([['limit', seconds]]);
    pass(seconds + 1);
    await change;
    expect(fake.requests).toHaveLength(2);
  });

  test.each([
    ['retry-after', { 'retry-after': '99999999999999999999' }],
    ['a reset in milliseconds', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${COMMIT_TIME}000` }],
  ])('for ever, by %s, is one of two hours', async (_, headers) => {
    const { client } = patient();
    fake.fault = () => limited(headers);
    const until = COMMIT_TIME + 7200;
    await expect(read(client, 1)).rejects.toMatchObject({ code: 'unreachable', until });
  });

  test('is not seen where the last request before it is refused for a reason of its own', async () => {
    const { client } = patient();
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(COMMIT_TIME + 60) };
    fake.fault = () => limited(headers, { message: 'Resource not accessible by integration' });
    await expect(read(client, 1)).rejects.toMatchObject({ code: 'failed', message: /not accessible/ });
  });
});

test('how far our clock is ahead is known from every answer', async () => {
  const { client, pass } = patient();
  fake.fault = () => undefined;
  expect(client.clockSkew).toBeNull();
  await read(client, 1);
  expect(client.for('acme').clockSkew).toBe(0);
  pass(86_400);
  await read(client, 1);
  expect(client.clockSkew).toBe(86_400);
});

test('of 200 requests at once no more than 50 are on their way, of all owners together', async () => {
  const { client } = patient();
  const limits = new FakeLimits(() => COMMIT_TIME);
  fake.limits = limits;
  onTestFinished(() => {
    fake.limits = undefined;
  });
  let answer = () => {};
  const until = new Promise<void>((resolve) => {
    answer = resolve;
  });
  fake.fault = () => ({ until, edit: (body) => body });
  fake.requests.length = 0;
  const all = Promise.all(Array.from({ length: 200 }, (_, id) => read(client.for(`owner-${id % 7}`), id)));
  // None is answered before all that come at once are there.
  await expect.poll(() => fake.requests.length).toBe(50);
  for (let turn = 0; turn < 100; turn += 1) await setImmediate();
  expect(fake.requests).toHaveLength(50);
  answer();
  await all;
  expect([fake.requests.length, limits.mostAtOnce, limits.refused]).toEqual([200, 50, []]);
});

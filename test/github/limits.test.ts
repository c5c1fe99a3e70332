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
  fake.fault = () => ({ delay: 5, edit: (body) => body });
  await Promise.all(Array.from({ length: 200 }, (_, id) => read(client.for(`owner-${id % 7}`), id)));
  expect([limits.mostAtOnce, limits.refused]).toEqual([50, []]);
});

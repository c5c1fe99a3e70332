import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { GitHubClient } from '../../lib/github/http/client.ts';
import { openGitHub } from '../../lib/github/http/open.ts';
import { rateLimitWait } from '../../lib/github/http/rate-limit.ts';
import { clientOf } from '../support/fake-github/client.ts';
import { fakeForFile } from '../support/fake-github/fixture.ts';
import { FakeGitHub, type Fault } from '../support/fake-github/server.ts';
import { TestForge } from '../support/forge.ts';
import { COMMIT_TIME, tempFolder } from '../support/git.ts';

const fake = await fakeForFile();

/** Answers this once, and then the truth. */
function once(fault: Fault): void {
  let left = 1;
  fake.fault = () => (left-- > 0 ? fault : undefined);
}

const json = { 'content-type': 'application/json' };
const ask = (waits: number[], token?: string) =>
  clientOf(fake, waits, token).rest('GET /repositories/{id}', { id: 1 }, [404]);

/** A time on GitHub's clock, in seconds from ours. */
const at = (seconds: number) => new Date((COMMIT_TIME + seconds) * 1000).toUTCString();
/** An hour's quota that comes back after 30 seconds, on a clock that differs from ours. */
const LIMITED = (ahead: number) => ({
  date: at(ahead),
  'x-ratelimit-remaining': '0',
  'x-ratelimit-reset': `${COMMIT_TIME + ahead + 30}`,
});

describe('a rate limit', () => {
  test.each([
    ['retry-after comes first', 403, { 'retry-after': '7', 'x-ratelimit-remaining': '0' }, '', 7000],
    [
      'then the reset time',
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${COMMIT_TIME + 30}` },
      '',
      31_000,
    ],
    ["by GitHub's clock, where ours is 11 minutes ahead", 403, LIMITED(-660), '', 31_000],
    ['and where ours is 11 minutes behind', 403, LIMITED(660), '', 31_000],
    ['retry-after may be a time', 429, { date: at(660), 'retry-after': at(667) }, '', 7000],
    ['a time that is over is a second', 429, { date: at(0), 'retry-after': at(-5) }, '', 1000],
    ['a retry-after that is no time counts for nothing', 429, { 'retry-after': 'soon' }, '', 60_000],
    ['else a minute', 403, {}, 'You have exceeded a secondary rate limit.', 60_000],
    ['status 429', 429, {}, '', 60_000],
  ])('%s', async (_, status, headers, message, wait) => {
    once({ status, headers: { ...json, ...headers }, body: JSON.stringify({ message }) });
    const waits: number[] = [];
    expect((await ask(waits)).status).toBe(404);
    expect(waits).toEqual([wait]);
  });

  test.each(['RATE_LIMITED', 'RATE_LIMIT'])('of GraphQL comes with status 200: %s', async (type) => {
    once({ headers: json, body: JSON.stringify({ errors: [{ type, message: 'limit' }] }) });
    const waits: number[] = [];
    await clientOf(fake, waits).query('query ListRepositories { repositoryOwner(login: "x") { login } }', {});
    expect(waits).toEqual([60_000]);
  });

  test('that lasts is waited for a bounded number of times, twice as long each time', async () => {
    fake.fault = () => ({ status: 429, headers: json, body: '{}' });
    const waits: number[] = [];
    await expect(ask(waits)).rejects.toMatchObject({ code: 'unreachable' });
    expect(waits).toEqual([60_000, 120_000, 240_000]);
  });

  test('of an hour is not sat out', async () => {
    const headers = { ...json, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${COMMIT_TIME + 3600}` };
    fake.fault = () => ({ status: 403, headers, body: '{}' });
    const waits: number[] = [];
    await expect(ask(waits)).rejects.toMatchObject({ code: 'unreachable', message: expect.stringContaining('3601') });
    expect(waits).toEqual([]);
  });

  test('is not what an ordinary refusal is', () => {
    expect(rateLimitWait({ status: 403, headers: {}, data: { message: 'Must have admin rights' } }, 0, 0)).toBeNull();
    expect(rateLimitWait({ status: 200, headers: { 'x-ratelimit-remaining': '0' }, data: {} }, 0, 0)).toBeNull();
  });
});

describe('an answer of GraphQL that is out of shape', () => {
  const query = 'query ReadPull { repository(owner: "x", name: "y") { id } }';
  const answered = async (body: string) => {
    fake.fault = () => ({ headers: json, body });
    return clientOf(fake).query(query, {});
  };

  test.each([
    ['null', 'not JSON'],
    ['[]', 'empty'],
    ['{"data":null,"errors":{}}', 'empty'],
    ['{"data":"text"}', 'empty'],
  ])('%s is no answer', async (body, words) => {
    await expect(answered(body)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining(words),
    });
  });

  test.each(['null', '{}', '"text"', '{"message":7,"path":"x"}', '{"type":"FORBIDDEN","path":null,"message":null}'])(
    'an error %s is an error, and nothing worse',
    async (error) => {
      const outcome = await answered(`{"data":{"repository":null},"errors":[${error}]}`).then(
        ({ errors }) => errors.map(({ message }) => typeof message),
        (thrown: unknown) => thrown,
      );
      if (error.includes('FORBIDDEN')) expect(outcome).toMatchObject({ code: 'failed' });
      else expect(outcome).toEqual(['string']);
    },
  );

  test('a refusal without a path names no permission that GitHub did not', async () => {
    const error = { type: 'FORBIDDEN', message: 'Something of it is not for you' };
    await expect(answered(JSON.stringify({ data: null, errors: [error] }))).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(/refused GraphQL ReadPull: Something of it is not for you$/),
    });
  });
});

describe('a refusal', () => {
  test('names the permission that is missing', async () => {
    const headers = { ...json, 'x-accepted-github-permissions': 'contents=write' };
    fake.fault = () => ({ status: 403, headers, body: '{"message":"Resource not accessible by integration"}' });
    await expect(ask([])).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(/not accessible.*"Contents: write"/),
    });
  });

  test('of the token says so, and does not show it', async () => {
    const error = await ask([], 'ghp_wrongToken').catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'failed', message: expect.stringContaining('GITHUB_TOKEN') });
    expect(`${(error as Error).stack}${JSON.stringify(error)}`).not.toContain('ghp_wrongToken');
  });

  test('that repeats the token does not show it', async () => {
    const body = JSON.stringify({ message: `no: ${fake.token}` });
    fake.fault = () => ({ status: 422, headers: json, body });
    const error = await ask([]).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'failed', message: expect.stringContaining('no: ***') });
  });
});

test('a server that is not there is unreachable', async () => {
  const gone = await FakeGitHub.start(tempFolder());
  const client = clientOf(gone);
  await gone.stop();
  await expect(client.rest('GET /repositories/{id}', { id: 1 })).rejects.toMatchObject({ code: 'unreachable' });
});

describe('from the environment', () => {
  test.each([
    [{}, 'GITHUB_TOKEN'],
    [{ GITHUB_TOKEN: 't', GITHUB_API_URL: 'http://github.example.com' }, 'GITHUB_API_URL'],
    [{ GITHUB_TOKEN: 't', GITHUB_GRAPHQL_URL: 'nonsense' }, 'GITHUB_GRAPHQL_URL'],
  ])('%j is refused', (env, name) => {
    expect(() => openGitHub(env)).toThrow(expect.objectContaining({ code: 'invalid-input' }));
    expect(() => openGitHub(env)).toThrow(name);
  });

  test('the server is chosen', () => {
    const env = { GITHUB_TOKEN: 't', GITHUB_API_URL: 'https://github.example.com/api/v3' };
    expect(openGitHub(env).description).toBe('github.example.com');
  });
});

describe('a GET', () => {
  const read = (client: GitHubClient) => client.for('acme').rest<{ id: number }>('GET /repositories/{id}', { id: 7 });

  test('is asked on condition: as long as nothing changes, it costs nothing and says the same', async () => {
    const on = new TestForge();
    on.repository('acme', 'shop', { a: '1' });
    on.pull('acme', 'shop', { number: 1, repositoryId: 7 });
    const server = await FakeGitHub.start(on.path);
    const client = clientOf(server);
    const first = await read(client);
    expect(first).toMatchObject({ status: 200, data: { id: 7, name: 'shop' } });
    expect([await read(client), await read(client), server.unchanged]).toEqual([first, first, 2]);
    renameSync(on.gitDir('acme', 'shop'), on.gitDir('acme', 'store'));
    renameSync(join(on.path, 'acme', 'shop'), join(on.path, 'acme', 'store'));
    expect(await read(client)).toMatchObject({ status: 200, data: { name: 'store' } });
    expect(server.unchanged).toBe(2);
    await server.stop();
  });

  test('that is told "unchanged" about what nobody knows is no answer', async () => {
    fake.fault = () => ({ status: 304, headers: {}, body: '' });
    await expect(read(clientOf(fake))).rejects.toMatchObject({ code: 'unreachable' });
  });
});

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { GitHubForge } from '../../lib/github/forge.ts';
import { openGitHub } from '../../lib/github/http/open.ts';
import { greenroom } from '../support/command.ts';
import { FakeApp } from '../support/fake-github/app.ts';
import { FakeGitHub, type FakeRequest, type Fault } from '../support/fake-github/server.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { TestForge } from '../support/forge.ts';
import { World } from '../support/world.ts';

const GitHubWorld = overGitHub(World);

const running: FakeGitHub[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((fake) => fake.stop()));
});

/** A GitHub that keeps what it was sent to prove who asks: none of it may be seen anywhere else. */
async function listening(on: TestForge) {
  const fake = await FakeGitHub.start(on.path);
  running.push(fake);
  const app = new FakeApp(['acme']);
  fake.app = app;
  const key = app.privateKey.split('\n').filter((line) => line.length > 20 && !line.startsWith('-----'));
  const planted = () => [...key, ...fake.authorizations.map((header) => header.split(' ')[1]!), ...app.tokens];
  return { fake, app, planted };
}

function expectNone(text: string, secrets: readonly string[]): void {
  expect(secrets.length).toBeGreaterThan(0);
  for (const secret of secrets) expect(text.includes(secret), `${secret.slice(0, 12)}... is shown`).toBe(false);
}

/** A server that gives back what it was sent, in every place where a message could be taken from. */
const echo = (status: number, { authorization }: FakeRequest): Fault => ({
  status,
  headers: { 'content-type': 'application/json', 'x-accepted-github-permissions': `x=${authorization}` },
  body: JSON.stringify({
    message: `Bad: ${authorization}`,
    errors: [{ message: `of ${authorization}`, type: 'FORBIDDEN' }],
    documentation_url: `https://x:${authorization}@example.com`,
  }),
});

describe('whatever GitHub answers, an error shows neither token nor key', () => {
  const faults: [string, (request: FakeRequest) => Fault][] = [
    ...[200, 400, 401, 403, 404, 409, 422, 429, 500].map((status): [string, (request: FakeRequest) => Fault] => [
      `${status}`,
      (request) => echo(status, request),
    ]),
    ['HTML', ({ authorization }) => ({ status: 200, body: `<html>${authorization}</html>` })],
    ['cut', () => ({ status: 200, headers: { 'content-type': 'application/json' }, body: '{"data":' })],
  ];
  test.each(faults)('%s', async (_, fault) => {
    const { fake, app, planted } = await listening(new TestForge());
    fake.fault = fault;
    const asked = async (env: Record<string, string>) => {
      const client = openGitHub({ GITHUB_API_URL: fake.url, ...env }, { clock: () => app.now, sleep: async () => {} });
      const forge = new GitHubForge(client);
      const errors: unknown[] = [client, forge];
      const keep = (error: unknown) => errors.push(error);
      errors.push(await forge.pullRequest({ path: 'acme/shop' }, 7).catch(keep));
      errors.push(await forge.pullRequestById(1, 7, { path: 'acme/shop' }).catch(keep));
      await client.for('acme').rest('GET /repositories/{id}', { id: 1 }).catch(keep);
      await client
        .for('acme')
        .rest('POST /repos/{owner}/{repo}/check-runs', { owner: 'acme', repo: 'shop' })
        .catch(keep);
      await client.for('acme').mutate('mutation AddComment { x }', {}).catch(keep);
      return inspect(errors, { depth: 20, showHidden: true });
    };
    const shown = [
      await asked({ GITHUB_TOKEN: fake.token }),
      await asked({ GITHUB_APP_ID: app.id, GITHUB_APP_PRIVATE_KEY: app.privateKey }),
    ];
    expectNone(shown.join('\n'), [...planted(), fake.token]);
  });

  test('nor does one of a server that is not there', async () => {
    const { fake, app, planted } = await listening(new TestForge());
    const env = { GITHUB_API_URL: fake.url, GITHUB_APP_ID: app.id, GITHUB_APP_PRIVATE_KEY: app.privateKey };
    const forge = new GitHubForge(openGitHub(env, { clock: () => app.now, sleep: async () => {} }));
    await fake.stop();
    const error = await forge.pullRequest({ path: 'acme/shop' }, 7).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'unreachable' });
    expectNone(inspect(error, { depth: 20, showHidden: true }), planted());
  });
});

test('the command shows and keeps nothing of an App, as it works and as it fails', async () => {
  const now = Math.floor(Date.now() / 1000) - 60;
  const world = new GitHubWorld();
  world.push('shop', undefined, now);
  world.pull('shop', 7, { createdAt: now, updatedAt: now });
  const fake = await world.github();
  const app = new FakeApp(['acme']);
  app.now = now + 65;
  fake.app = app;
  const env = {
    GITHUB_TOKEN: '',
    GITHUB_API_URL: fake.url,
    GITHUB_APP_ID: app.id,
    GITHUB_APP_PRIVATE_KEY: app.privateKey,
    GREENROOM_DEBUG: '1',
  };
  const args = ['sync', '--repo', 'acme/shop', '--pr', '7', '--apps-repo', 'acme/previews'];
  const worked = await greenroom(args, { env });
  expect(worked).toMatchObject({ code: 0, stdout: expect.stringMatching(/^pr-shop-7: add/) });
  fake.fault = (request) => (request.operation === 'ReadPull' ? echo(403, request) : undefined);
  const failed = await greenroom(args, { env });
  expect(failed.code).toBe(1);
  fake.fault = (request) => (request.path.endsWith('/access_tokens') ? echo(401, request) : undefined);
  const refused = await greenroom(args, { env });
  expect(refused.code).toBe(1);
  const shown = [worked, failed, refused].map(({ stdout, stderr }) => stdout + stderr).join('\n');
  const key = app.privateKey.split('\n').filter((line) => line.length > 20 && !line.startsWith('-----'));
  const secrets = [...key, ...app.tokens, ...fake.authorizations.map((header) => header.split(' ')[1]!)];
  expectNone(shown, secrets);
  expectNone(
    world
      .paths()
      .map((path) => world.read(path))
      .join('\n'),
    secrets,
  );
  expectNone(filesBelow(world.root).join('\n'), secrets);
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'));
}

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { GitHubForge } from '../../lib/github/forge.ts';
import { openGitHub } from '../../lib/github/http/open.ts';
import { FakeApp, keyPair } from '../support/fake-github/app.ts';
import { FakeGitHub } from '../support/fake-github/server.ts';
import { TestForge } from '../support/forge.ts';
import { tempFolder } from '../support/git.ts';

const running: FakeGitHub[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((fake) => fake.stop()));
});

async function installed(owners: readonly string[], env: Record<string, string> = {}) {
  const on = new TestForge();
  for (const [i, owner] of ['acme', 'globex'].entries()) {
    const sha = on.repository(owner, 'shop', { 'preview.yaml': 'kind: Preview\n' });
    on.pull(owner, 'shop', { number: 7, repositoryId: 101 + i, head: { sha, ref: 'fix', repositoryId: 101 + i } });
  }
  const fake = await FakeGitHub.start(on.path);
  running.push(fake);
  const app = new FakeApp(owners);
  fake.app = app;
  const whole = { GITHUB_API_URL: fake.url, GITHUB_APP_ID: app.id, GITHUB_APP_PRIVATE_KEY: app.privateKey, ...env };
  const client = openGitHub(whole, { clock: () => app.now, sleep: async () => undefined });
  return { fake, app, client, forge: new GitHubForge(client) };
}

const calls = (fake: FakeGitHub) =>
  fake.requests.map(({ method, path, operation }) => operation ?? `${method} ${path}`);

describe('a GitHub App', () => {
  test('finds its installation and reads with its token, which serves for many requests', async () => {
    const { fake, forge } = await installed(['acme']);
    for (let i = 0; i < 3; i += 1) {
      expect(await forge.pullRequest({ path: 'acme/shop' }, 7)).toMatchObject({ status: 'found' });
    }
    const token = ['GET /orgs/acme/installation', 'POST /app/installations/71/access_tokens'];
    expect(calls(fake)).toEqual([...token, 'ReadPull', 'ReadPull', 'ReadPull']);
  });

  test('has a token of its own at every owner', async () => {
    const { app, forge } = await installed(['acme', 'globex']);
    for (const owner of ['acme', 'globex', 'acme']) {
      expect(await forge.pullRequest({ path: `${owner}/shop` }, 7)).toMatchObject({ status: 'found' });
    }
    expect(app.tokens).toEqual(['ghs_installation71n0', 'ghs_installation72n1']);
  });

  test('is given one token when many ask at once', async () => {
    const { app, forge } = await installed(['acme']);
    await Promise.all(Array.from({ length: 8 }, () => forge.pullRequest({ path: 'acme/shop' }, 7)));
    expect(app.tokens).toHaveLength(1);
  });

  test('renews a token before it ends, so that a run may last for days', async () => {
    const { app, forge } = await installed(['acme']);
    for (let minute = 0; minute < 180; minute += 10) {
      expect(await forge.pullRequest({ path: 'acme/shop' }, 7)).toMatchObject({ status: 'found' });
      app.now += 600;
    }
    expect(app.tokens).toHaveLength(3);
  });

  test('takes another token when one is refused before its time', async () => {
    const { app, forge } = await installed(['acme']);
    await forge.pullRequest({ path: 'acme/shop' }, 7);
    app.revoke();
    expect(await forge.pullRequest({ path: 'acme/shop' }, 7)).toMatchObject({ status: 'found' });
    expect(app.tokens).toHaveLength(2);
  });

  test('uses the installation that it is told, and looks up none', async () => {
    const { fake, forge } = await installed(['acme'], { GITHUB_APP_INSTALLATION_ID: '71' });
    expect(await forge.pullRequest({ path: 'acme/shop' }, 7)).toMatchObject({ status: 'found' });
    expect(calls(fake)).toEqual(['POST /app/installations/71/access_tokens', 'ReadPull']);
  });

  test('comes before a token', async () => {
    const { fake, forge } = await installed(['acme'], { GITHUB_TOKEN: 'ghp_another' });
    expect(await forge.pullRequest({ path: 'acme/shop' }, 7)).toMatchObject({ status: 'found' });
    expect(calls(fake)[0]).toBe('GET /orgs/acme/installation');
  });

  test('may have its key in a file, or on one line with \\n', async () => {
    const { app } = await installed(['acme']);
    const file = join(tempFolder(), 'key.pem');
    writeFileSync(file, app.privateKey);
    const base = { GITHUB_APP_ID: app.id };
    expect(() => openGitHub({ ...base, GITHUB_APP_PRIVATE_KEY_FILE: file })).not.toThrow();
    expect(() => openGitHub({ ...base, GITHUB_APP_PRIVATE_KEY: app.privateKey.replaceAll('\n', '\\n') })).not.toThrow();
  });

  test.each<[string, (world: { app: FakeApp; fake: FakeGitHub }) => void, RegExp]>([
    ['is not installed', ({ app }) => app.installations.clear(), /not installed at acme; install it there/],
    ['is suspended', ({ app }) => app.suspended.add('acme'), /suspended at acme/],
    [
      'is another one than the key is of',
      ({ app, fake }) => {
        fake.app = new FakeApp(['acme'], keyPair());
        fake.app.now = app.now;
      },
      /GITHUB_APP_ID/,
    ],
  ])('%s: a sentence says so', async (_, change, sentence) => {
    const world = await installed(['acme']);
    change(world);
    await expect(world.forge.pullRequest({ path: 'acme/shop' }, 7)).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(sentence),
    });
  });

  test('that cannot be reached is unreachable, not refused', async () => {
    const { fake, forge } = await installed(['acme']);
    fake.fault = ({ path }) => (path.endsWith('/access_tokens') ? { status: 502 } : undefined);
    await expect(forge.pullRequest({ path: 'acme/shop' }, 7)).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('settings of a GitHub App that cannot be right', () => {
  const SECRET = 'MIIEpAIBAAKCAQEAsecretKeyMaterial';
  const PEM = `-----BEGIN RSA PRIVATE KEY-----\n${SECRET}\n-----END RSA PRIVATE KEY-----`;
  test.each<[string, Record<string, string>, string]>([
    ['an id without a key', { GITHUB_APP_ID: '1' }, 'GITHUB_APP_PRIVATE_KEY'],
    ['a key without an id', { GITHUB_APP_PRIVATE_KEY: PEM }, 'GITHUB_APP_ID'],
    ['the key in the place of the id', { GITHUB_APP_ID: PEM, GITHUB_APP_PRIVATE_KEY: PEM }, 'GITHUB_APP_ID'],
    ['a damaged key', { GITHUB_APP_ID: '1', GITHUB_APP_PRIVATE_KEY: PEM }, 'PEM'],
    ['half a key', { GITHUB_APP_ID: '1', GITHUB_APP_PRIVATE_KEY: `-----BEGIN RSA PRIVATE KEY-----\n${SECRET}` }, 'PEM'],
    ['no key at all', { GITHUB_APP_ID: '1', GITHUB_APP_PRIVATE_KEY: SECRET }, 'PEM'],
    ['the key in the place of its file', { GITHUB_APP_ID: '1', GITHUB_APP_PRIVATE_KEY_FILE: PEM }, 'cannot be read'],
    ['a file that is not there', { GITHUB_APP_ID: '1', GITHUB_APP_PRIVATE_KEY_FILE: '/nowhere' }, 'ENOENT'],
    ['a word for the installation', { GITHUB_APP_ID: '1', GITHUB_APP_INSTALLATION_ID: 'acme' }, 'GITHUB_APP'],
  ])('%s: the variable is named, the value is not shown', (_, env, named) => {
    let error: unknown;
    try {
      openGitHub(env);
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ code: 'invalid-input', message: expect.stringContaining(named) });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(SECRET);
  });
});

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dockerCredentials } from '../../../lib/evidence/registry/credentials.ts';
import { helpersOf } from '../../../lib/evidence/registry/helper.ts';
import { basicLogin } from '../../../lib/evidence/registry/login.ts';
import { tempFolder } from '../../support/git.ts';

const basic = (text: string) => ({ kind: 'basic', basic: Buffer.from(text).toString('base64') });

interface Kept {
  /** Of config.json. */
  readonly file?: unknown;
  /** Of DOCKER_AUTH_CONFIG. */
  readonly variable?: unknown;
  /** Shell scripts by the name after `docker-credential-`. */
  readonly helpers?: Readonly<Record<string, string>>;
  /** Milliseconds that a helper may take. @default - as long as usual */
  readonly timeout?: number | undefined;
}

/** Asks for `host/path` of each name what is kept for it. */
async function logins({ file, variable, helpers = {}, timeout }: Kept, ...names: string[]) {
  const folder = tempFolder();
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const [name, script] of Object.entries(helpers)) {
    const program = join(bin, `docker-credential-${name}`);
    writeFileSync(program, `#!/bin/sh\n${script}\n`);
    chmodSync(program, 0o755);
  }
  const text = (data: unknown) => (typeof data === 'string' ? data : JSON.stringify(data));
  if (file !== undefined) writeFileSync(join(folder, 'config.json'), text(file));
  const env = {
    DOCKER_CONFIG: folder,
    PATH: `${bin}:/usr/bin:/bin`,
    ...(variable === undefined ? {} : { DOCKER_AUTH_CONFIG: text(variable) }),
  };
  const credentials = dockerCredentials(env, helpersOf(env, timeout));
  return Promise.all(
    names.map((name) => {
      const slash = name.indexOf('/');
      return credentials({ host: name.slice(0, slash), path: name.slice(slash + 1) }).catch(
        (error: Error) => error.message,
      );
    }),
  );
}

test('where nobody has logged in there is nothing', async () => {
  expect(await logins({}, 'ghcr.io/acme/shop')).toEqual([undefined]);
});

test('the entry with the longest path wins, by whole segments', async () => {
  const file = {
    auths: {
      'ghcr.io': { auth: 'aG9zdA==' },
      'ghcr.io/acme': { auth: 'YWNtZQ==' },
      'https://ghcr.io/acme/shop': { username: 'mia', password: 's3cret' },
    },
  };
  expect(
    await logins(
      { file },
      'ghcr.io/acme/shop',
      'ghcr.io/acme/blog',
      'ghcr.io/acme-evil/shop',
      'ghcr.io.evil/acme/shop',
    ),
  ).toEqual([basic('mia:s3cret'), basic('acme'), basic('host'), undefined]);
});

test('what other tools write as nothing is nothing, and line breaks in base64 are left out', async () => {
  const file = {
    auths: { 'ghcr.io': { auth: 'Z2hj\ncg==\n', identitytoken: '' }, 'quay.io': null },
    credHelpers: null,
    credsStore: null,
  };
  expect(await logins({ file, variable: { auths: null } }, 'ghcr.io/a', 'quay.io/a')).toEqual([
    basic('ghcr'),
    undefined,
  ]);
});

test('a login that is renewed while the process runs is used after five minutes', async () => {
  const folder = tempFolder();
  const write = (auth: string) =>
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: { 'a.example': { auth } }, credsStore: 'x' }));
  let [now, asked] = [1000, 0];
  const helper = async () => basicLogin('mia', `${++asked}`);
  const credentials = dockerCredentials({ DOCKER_CONFIG: folder }, helper, () => now);
  const both = async () => [
    await credentials({ host: 'a.example', path: 'x' }),
    await credentials({ host: 'b.example', path: 'x' }),
  ];
  write('b2xk');
  expect(await both()).toEqual([basic('old'), basic('mia:1')]);
  write('bmV3');
  now += 299;
  expect(await both()).toEqual([basic('old'), basic('mia:1')]);
  now += 1;
  expect(await both()).toEqual([basic('new'), basic('mia:2')]);
});

test('Docker Hub is known by all its names', async () => {
  const file = { auths: { 'https://index.docker.io/v1/': { auth: 'aHVi' } } };
  expect(await logins({ file }, 'docker.io/acme/shop', 'registry-1.docker.io/acme/shop')).toEqual([
    basic('hub'),
    basic('hub'),
  ]);
});

test('identity and registry tokens are told apart from passwords', async () => {
  const file = {
    auths: {
      'a.example': { auth: 'bWlhOg==', identitytoken: 'refresh' },
      'b.example': { registrytoken: 'bearer' },
      'c.example': {},
    },
  };
  expect(await logins({ file }, 'a.example/x', 'b.example/x', 'c.example/x')).toEqual([
    { kind: 'identity', token: 'refresh' },
    { kind: 'bearer', token: 'bearer' },
    undefined,
  ]);
});

test('DOCKER_AUTH_CONFIG goes before the file, which still counts for the others', async () => {
  const variable = { auths: { 'ghcr.io': { auth: 'dmFyaWFibGU=' } } };
  const file = { auths: { 'ghcr.io': { auth: 'ZmlsZQ==' }, 'quay.io': { auth: 'ZmlsZQ==' } } };
  expect(await logins({ variable, file }, 'ghcr.io/a', 'quay.io/a')).toEqual([basic('variable'), basic('file')]);
});

describe('credential helpers', () => {
  const answer = (user: string, secret: string) => `cat >/dev/null; echo '{"Username":"${user}","Secret":"${secret}"}'`;

  test('are asked: that of the registry first, that of all registries last', async () => {
    const file = {
      auths: { 'quay.io': { auth: 'ZmlsZQ==' } },
      credHelpers: { 'ghcr.io': 'one' },
      credsStore: 'all',
    };
    const helpers = { one: answer('mia', 'one'), all: `read host; echo '{"Username":"'$host'","Secret":"all"}'` };
    expect(await logins({ file, helpers }, 'ghcr.io/a', 'quay.io/a', 'docker.io/acme/a')).toEqual([
      basic('mia:one'),
      basic('file'),
      basic('https://index.docker.io/v1/:all'),
    ]);
  });

  test('may keep an identity token, or nothing', async () => {
    const file = { credHelpers: { 'a.example': 'token', 'b.example': 'none' } };
    const helpers = {
      token: answer('<token>', 'refresh'),
      none: 'echo "credentials not found in native keychain"; exit 1',
    };
    expect(await logins({ file, helpers }, 'a.example/x', 'b.example/x')).toEqual([
      { kind: 'identity', token: 'refresh' },
      undefined,
    ]);
  });

  test.each([
    ['is not there', 'absent', '', 'docker-credential-absent for ghcr.io is not installed here'],
    ['fails', 'broken', 'echo "s3cret leaked" >&2; exit 3', 'docker-credential-broken for ghcr.io failed'],
    ['prints something else', 'chatty', 'echo s3cret', 'without Username and Secret'],
    ['prints null', 'empty', 'echo null', 'without Username and Secret'],
    ['prints without an end', 'endless', 'yes s3cret', 'docker-credential-endless for ghcr.io failed'],
    ['is a path', '../../bin/sh', '', 'an invalid name'],
  ])('one that %s is said, and nothing that it printed', async (_, name, script, reason) => {
    const helpers = script === '' ? {} : { [name]: script };
    const [said] = await logins({ file: { credsStore: name }, helpers }, 'ghcr.io/acme/shop');
    expect(said).toContain(reason);
    expect(said).not.toContain('s3cret');
  });

  test('one that hangs is stopped, also if it ignores signals', async () => {
    const helpers = { hanging: 'trap "" TERM INT HUP; echo s3cret; exec sleep 60' };
    const [said] = await logins({ file: { credsStore: 'hanging' }, helpers, timeout: 300 }, 'ghcr.io/acme/shop');
    expect(said).toBe('the credential helper docker-credential-hanging for ghcr.io took too long');
  });
});

test.each([
  ['cut short', '{ "auths": { "ghcr.io": { "auth": "czNjcmV0'],
  ['of another shape', '{ "auths": ["czNjcmV0"] }'],
])('a file %s is said to be none, and nothing of it is shown', async (_, file) => {
  const [said] = await logins({ file }, 'ghcr.io/acme/shop');
  expect(said).toMatch(/config\.json is not the JSON that `docker login` writes$/);
  expect(said).not.toContain('czNjcmV0');
  expect(await logins({ variable: file }, 'ghcr.io/acme/shop')).toEqual([
    'DOCKER_AUTH_CONFIG is not the JSON that `docker login` writes',
  ]);
});

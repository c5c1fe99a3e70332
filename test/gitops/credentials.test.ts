import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { redact } from '../../lib/core/git/redact.ts';
import { openGitAppsRepo } from '../../lib/gitops/open.ts';
import { greenroom } from '../support/command.ts';
import { bareRepo, filesOf, git, tempFolder } from '../support/git.ts';
import { serveGit } from '../support/git-http.ts';

const PASSWORD = 'ghp_pl4ntedP@ss/word';
const ENCODED = encodeURIComponent(PASSWORD);
const HEADER = Buffer.from(`x-access-token:${PASSWORD}`).toString('base64');
const SECRETS = [PASSWORD, ENCODED, HEADER];

function expectNone(text: string): void {
  for (const secret of SECRETS)
    expect(text.includes(secret), `${secret} is shown in ${text.slice(0, 300)}`).toBe(false);
}

/**
 * A `git` in front of the real one that writes down what any other user of the machine could see of a process: its
 * arguments; and what would stay behind: the repository's configuration.
 */
function watched(): { env: NodeJS.ProcessEnv; seen: () => string } {
  const folder = tempFolder();
  const log = join(folder, 'log');
  const real = (process.env['PATH'] ?? '')
    .split(':')
    .map((path) => join(path, 'git'))
    .find(existsSync)!;
  const script = `#!/bin/sh
printf '%s\\n' "git $*" >> ${log}
if [ -f "$GIT_DIR/config" ]; then cat "$GIT_DIR/config" >> ${log}; fi
exec ${real} "$@"
`;
  writeFileSync(join(folder, 'git'), script);
  chmodSync(join(folder, 'git'), 0o755);
  return {
    env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` },
    seen: () => readFileSync(log, 'utf8'),
  };
}

async function served() {
  const root = tempFolder();
  bareRepo({ 'greenroom.yaml': 'a: 1\n', 'previews/a': '1' }, { path: join(root, 'apps.git') });
  const server = await serveGit(root, 'x-access-token', PASSWORD);
  const withPassword = (name: string, password = ENCODED) =>
    `${server.origin.replace('://', `://x-access-token:${password}@`)}/${name}`;
  return { root, server, withPassword };
}

describe('a password for a remote over http', () => {
  test('reads and writes, and is in no argument, no configuration, no file and no description', async () => {
    const { root, server, withPassword } = await served();
    const { env, seen } = watched();
    const temporaryFolder = tempFolder();
    const repo = await openGitAppsRepo(withPassword('apps.git'), { clock: () => 0, env, temporaryFolder });
    const { head } = await repo.read(['previews/**']);
    const result = await repo.commit({ expectedHead: head, change: new Map([['previews/b', '2']]), message: 'add b' });
    expect(result.status).toBe('committed');
    expect(filesOf(join(root, 'apps.git'))).toMatchObject({ 'previews/b': '2' });
    // It did get there.
    expect([...server.authorizations]).toEqual([`Basic ${HEADER}`]);
    expect(seen()).toMatch(/^git (fetch|-c)/m);
    expect(seen()).toMatch(/^git push/m);
    expectNone(seen());
    expectNone(repo.description);
    expectNone(inspect(repo, { depth: 2, showHidden: false }).replace(/\[Function.*/g, ''));
    expectNone(contentsBelow(temporaryFolder));
    expectNone(git(join(root, 'apps.git'), ['cat-file', '-p', 'main']));
    await repo.close();
    expect(readdirSync(temporaryFolder)).toEqual([]);
  });

  test.each([
    [
      'that is wrong',
      (world: Awaited<ReturnType<typeof served>>) => world.withPassword('apps.git', `${ENCODED}x`),
      'failed',
    ],
    [
      'for what is not there',
      (world: Awaited<ReturnType<typeof served>>) => world.withPassword('none.git'),
      'invalid-input',
    ],
    ['for a server that is not there', () => `http://x-access-token:${ENCODED}@127.0.0.1:9/apps.git`, 'unreachable'],
    ['in a query', () => `http://127.0.0.1:9/apps.git?access_token=${ENCODED}`, 'unreachable'],
    ['alone, in the place of the user', () => `http://${ENCODED}@127.0.0.1:9/apps.git`, 'unreachable'],
  ] as const)('%s: the error does not show it', async (_, address, code) => {
    const { env, seen } = watched();
    const location = address(await served());
    const error = await openGitAppsRepo(location, { clock: () => 0, env }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code });
    expectNone(inspect(error, { depth: 20, showHidden: true }));
    if (!location.includes('?')) expectNone(seen());
  });

  test('given to the command shows in none of its output', async () => {
    const { withPassword } = await served();
    const { env, seen } = watched();
    const forge = tempFolder();
    mkdirSync(join(forge, 'acme'));
    const sweep = (address: string) =>
      greenroom(['sweep', '--apps-repo', address, '--forge', forge], { env: { ...env, GREENROOM_DEBUG: '1' } });
    for (const address of [
      withPassword('apps.git'),
      withPassword('none.git'),
      withPassword('apps.git', `${ENCODED}x`),
      `http://x-access-token:${ENCODED}@127.0.0.1:9/apps.git`,
    ]) {
      const { code, stdout, stderr } = await sweep(address);
      expect(code).toBeGreaterThan(0);
      expectNone(stdout + stderr);
    }
    expectNone(seen());
  });
});

describe('what is taken out of a text', () => {
  test.each([
    ['https://user:pass@example.com/a.git', 'https://example.com/a.git'],
    ['https://ghp_token@example.com/a.git not found', 'https://example.com/a.git not found'],
    ["'https://a:b@c@example.com/'", "'https://example.com/'"],
    ['ssh://git@example.com/a', 'ssh://example.com/a'],
    ['https://example.com/a?access_token=abc&x=1', 'https://example.com/a?access_token=***&x=1'],
    ['https://example.com/?client_secret=abc', 'https://example.com/?client_secret=***'],
    ['mail me@example.com about https://example.com/a', 'mail me@example.com about https://example.com/a'],
  ])('%s', (text, clean) => {
    expect(redact(text)).toBe(clean);
  });

  test('is every given secret, wherever it stands and however often', () => {
    expect(redact('a s3cret, s3cret and +*', ['s3cret', '+*', ''])).toBe('a ***, *** and ***');
  });
});

function contentsBelow(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');
}

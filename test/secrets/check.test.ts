import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inProcess } from '../support/command.ts';
import { tempFolder } from '../support/git.ts';
import { platformText } from '../support/inputs.ts';

// Put together here, so that nobody's scan of these tests finds them.
const GITHUB = `ghp_${'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'}`;
const AWS = `AKIA${'QYLPMN5HFIQR7XYZ'}`;
const STRIPE = `sk_live_${'4eC39HqLyjWDarjtT1zdp7dc'}`;
const DATABASE = `postgres://admin:${'S3curePassw0rd'}@db.internal:5432/shop`;
const KEY = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn'.repeat(8)}\n-----END RSA PRIVATE KEY-----`;

function write(folder: string, files: Record<string, string | Buffer>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

const git = (folder: string, ...args: string[]) =>
  execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
    encoding: 'utf8',
  });

/** A repository with one commit of these files. */
function repository(files: Record<string, string | Buffer>): string {
  const folder = tempFolder();
  git(folder, 'init', '--quiet', '--initial-branch', 'main');
  write(folder, files);
  git(folder, 'add', '--all');
  git(folder, 'commit', '--quiet', '--message', 'first');
  return folder;
}

const check = (cwd: string, ...args: string[]) => inProcess(['secrets', 'check', ...args], cwd, process.env);
const places = async (cwd: string, ...args: string[]) =>
  (JSON.parse((await check(cwd, ...args, '--format', 'json')).stdout).findings as { file: string; line: number }[]).map(
    ({ file, line }) => `${file}:${line}`,
  );

const BASE64 = 'qL7zR2Xw'.repeat(60);
const pem = (label: string) =>
  `-----BEGIN ${label}-----\n${BASE64.replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`;

describe('secrets check', () => {
  test('finds them with file, line and kind, masked, and says where they belong', async () => {
    const folder = repository({ 'src/app.js': `// app\nconst token = '${GITHUB}';\n`, 'README.md': 'plain\n' });
    const run = await check(folder);
    expect(run.code).toBe(3);
    expect(run.stdout).toBe(
      'src/app.js:2:16: looks like a secret (github, ghp_****): remove it, replace it since others may have read it, then put it where the platform team keeps secrets and name it under secrets in preview.yaml\n',
    );
    expect(run.stderr).toBe('2 files: 1 secret to take out\n');
    write(folder, { 'greenroom.yaml': platformText() });
    expect((await check(folder)).stdout).toContain(
      'put it into the store "previews" under {owner}/{repo}/ (owner and name of this repository) and',
    );
  });

  test('nothing found is exit code 0', async () => {
    expect(await check(repository({ 'a.txt': 'plain\n' }))).toEqual({
      code: 0,
      stdout: '',
      stderr: '1 file: nothing found\n',
    });
  });

  test.each([
    ['an AWS key', 'a.ts', `const id = '${AWS}'`],
    ['a Stripe key', 'a.py', `key = "${STRIPE}"`],
    ['a private key', 'a.pem', KEY],
    ['a private key in JSON', 'a.json', JSON.stringify({ private_key: pem('PRIVATE KEY') })],
    ['a key of SSH', 'id', pem('OPENSSH PRIVATE KEY')],
    ['a key of PGP', 'a.asc', pem('PGP PRIVATE KEY BLOCK')],
    ['a key of Azure storage', 'a.txt', `AccountName=a;AccountKey=${BASE64.slice(0, 86)}==;EndpointSuffix=x`],
    ['a key of Azure Service Bus', 'a.txt', `SharedAccessKeyName=a;SharedAccessKey=${BASE64.slice(0, 43)}=`],
    ['a login of Docker', 'config.json', `{"auths":{"ghcr.io":{"auth":"${BASE64.slice(0, 32)}"}}}`],
    ['a login of netrc', '.netrc', `machine example.com\n  login me\n  password ${'tr0ub4dor'}`],
    ['a key of a kubeconfig', 'kubeconfig', `client-key-data: ${BASE64.slice(0, 200)}`],
    ['a token of Hugging Face', 'a.py', `t = "${'hf'}_${'aB3'.repeat(12)}"`],
    ['a token of Telegram', 'a.py', `t = "${'123456789'}:${'AA'}${'aB3'.repeat(11)}"`],
    ['a connection string', 'a.yml', `url: ${DATABASE}`],
    ['a password in .env', '.env', `DB_PASSWORD=${'tr0ub4dor'}&3`],
    ['a password in YAML', 'k8s/a.yaml', `env:\n  SMTP_PASSWORD: ${'tr0ub4dor'}`],
    ['a password in a Dockerfile', 'Dockerfile', `ENV API_TOKEN="${'tr0ub4dor'}"`],
    ['a token in UTF-16', 'a.txt', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(GITHUB, 'utf16le')])],
    ['a token behind a megabyte', 'a.txt', `${'word '.repeat(200_000)}\n${GITHUB}\n`],
    ['a token in a file with a strange name', 'a "b" ü\n.txt', GITHUB],
    ['a password in settings with a space in their name', 'my app.env', `DB_PASSWORD=${'tr0ub4dor'}&3`],
    [
      'a private key where pieces of a long text meet',
      'a.txt',
      `${'word '.repeat(13_000)}\n${KEY}\n${'word '.repeat(20_000)}`,
    ],
  ])('finds %s', async (_, file, text) => {
    const folder = repository({ [file]: text });
    const { stdout, code } = await check(folder, '--format', 'json');
    expect(code).toBe(3);
    expect(JSON.parse(stdout).findings).toMatchObject([{ file }]);
    for (const value of [GITHUB, AWS, STRIPE, 'S3curePassw0rd', 'tr0ub4dor', 'MIIEpAI']) {
      expect(stdout).not.toContain(value);
    }
  });

  test.each([
    ['the certificates of a kubeconfig', 'kubeconfig', `client-certificate-data: ${BASE64}\nclient-key: /a.key\n`],
    [
      'words of a manual',
      'a.md',
      'A file begins with `-----BEGIN PRIVATE KEY-----`; "auths" and "auth": "x" are in it.\n',
    ],
    ['a public key', 'a.pem', pem('PUBLIC KEY')],
    [
      'types and names in code',
      'a.ts',
      'interface Login { password: string; token: Token }\nconst API_KEY = process.env.API_KEY;\n',
    ],
    [
      'references',
      'preview.yaml',
      'spec:\n  secrets: { API_KEY: acme/shop/api }\n  x:\n    API_TOKEN: acme/shop/token\n',
    ],
    [
      'placeholders',
      '.env',
      'API_TOKEN=\nDB_PASSWORD=changeme\nAPP_KEY=${APP_KEY}\nX_SECRET=<yours>\nY_TOKEN=your-token-here\n',
    ],
    ['a sample', '.env.example', `DB_PASSWORD=${'tr0ub4dor'}3\n`],
    [
      'what sops encrypted',
      'a.yaml',
      'stringData:\n  DB_PASSWORD: ENC[AES256_GCM,data:VIkbX1COmg==,iv:a,tag:b,type:str]\n',
    ],
    ['bytes', 'a.bin', Buffer.concat([Buffer.from([0, 1, 2]), Buffer.from(GITHUB)])],
    ['a public key', 'a.pem', '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQ\n-----END PUBLIC KEY-----\n'],
  ])('does not take %s for one', async (_, file, text) => {
    expect(await check(repository({ [file]: text }))).toMatchObject({ code: 0, stdout: '' });
  });

  test('what Git ignores is left out, what it does not have yet is not; links are not followed', async () => {
    const folder = repository({ '.gitignore': '.env\nbuild/\n', 'a.txt': 'plain' });
    const outside = tempFolder();
    write(outside, { 'token.txt': GITHUB });
    write(folder, { '.env': GITHUB, 'build/x.js': GITHUB, 'new.txt': GITHUB });
    symlinkSync(join(outside, 'token.txt'), join(folder, 'link.txt'));
    expect(await places(folder)).toEqual(['new.txt:1']);
    expect(await places(folder, 'a.txt', 'build')).toEqual([]);
    git(folder, 'add', '--force', '.env');
    expect(await places(folder)).toEqual(['.env:1', 'new.txt:1']);
  });

  test('ends soon for spaces without an end, and for a text that is nothing but tokens', async () => {
    const tokens = Array.from({ length: 12_000 }, (_, i) => `ghp_${String(i).padStart(36, 'a1B2c3')}`);
    const folder = repository({
      'a.env': `DB_PASSWORD=x${' '.repeat(400_000)}x\nA_B=x${' '.repeat(400_000)}x\n`,
      'many.txt': tokens.join('\n'),
    });
    const found = await places(folder);
    expect(found).toHaveLength(1 + tokens.length);
    expect(new Set(found).size).toBe(found.length);
  }, 20_000);

  test('a name of a file steers neither a terminal nor a CI system, and is no pattern', async () => {
    const folder = repository({ '::error::x\n\u001b[31m/.env': `DB_PASSWORD=${'tr0ub4dor'}&3` });
    const run = await check(folder, '::error::x\n\u001b[31m');
    expect(run.code).toBe(3);
    expect(run.stdout).toMatch(/^\.\/::error::x \[31m\/\.env:1:13: looks like .*\n$/);
  });

  test('--diff counts lines that the branch added, committed or not', async () => {
    const folder = repository({ 'old.txt': `one\n${GITHUB}\ntwo\n`, 'moved.txt': 'x\n' });
    git(folder, 'switch', '--quiet', '--create', 'change');
    write(folder, { 'old.txt': `zero\none\n${GITHUB}\ntwo\n`, 'committed.txt': `${STRIPE}\n+++ b/other.txt\n` });
    git(folder, 'add', '--all');
    git(folder, 'commit', '--quiet', '--message', 'second');
    write(folder, {
      'moved.txt': `x\n-- y\n${AWS}\n`,
      'new ü.txt': GITHUB,
      'committed.txt': `${STRIPE}\n+++ b/other.txt\n${AWS}\n`,
    });
    // What others did meanwhile is not this change.
    git(folder, 'stash', '--quiet', '--include-untracked');
    git(folder, 'switch', '--quiet', 'main');
    write(folder, { 'theirs.txt': GITHUB });
    git(folder, 'add', '--all');
    git(folder, 'commit', '--quiet', '--message', 'theirs');
    git(folder, 'switch', '--quiet', 'change');
    git(folder, 'stash', 'pop', '--quiet');
    expect(await places(folder, '--diff', 'main')).toEqual([
      'committed.txt:1',
      'committed.txt:3',
      'moved.txt:3',
      'new ü.txt:1',
    ]);
    expect(await places(folder)).toContain('old.txt:3');
  });

  test.each([
    ['a base that is not there', ['--diff', 'nowhere'], 'Git knows no "nowhere" here'],
    ['a base that is an option', ['--diff=--output=x'], 'Git knows no "--output=x" here'],
    ['a path that is not there', ['nowhere'], 'nowhere: no such file or folder'],
  ])('says so of %s', async (_, args, words) => {
    const run = await check(repository({ a: 'b' }), ...args);
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(words) });
  });

  test('works in a folder without Git, where --diff has no meaning', async () => {
    const folder = tempFolder();
    write(folder, { 'src/a.txt': GITHUB, 'node_modules/x/a.txt': GITHUB });
    expect(await places(folder)).toEqual(['src/a.txt:1']);
    expect(await check(folder, '--diff', 'main')).toMatchObject({ code: 2 });
  });

  test('a remark with a reason and a list with reasons let findings pass; without one they do not', async () => {
    const folder = repository({
      'a.txt': `${GITHUB} // not-a-secret: of the tests\n${GITHUB} # not-a-secret:\n`,
      'test/keys/a.pem': KEY,
      'test/keys/b.txt': GITHUB,
    });
    expect(await places(folder)).toEqual(['a.txt:2', 'test/keys/a.pem:1', 'test/keys/b.txt:1']);
    write(folder, {
      '.greenroom/allowed-secrets': '# ours\ntest/keys/** private-key made for the tests\na.* * seen\n',
    });
    expect(await places(folder)).toEqual(['test/keys/b.txt:1']);
    write(folder, { '.greenroom/allowed-secrets': 'test/** private-key\n** * everything\n' });
    expect((await check(folder)).stderr).toBe(
      'greenroom: .greenroom/allowed-secrets:1: must be a path, a kind or *, and a reason\n.greenroom/allowed-secrets:2: must name a path: this one would let everything pass\n',
    );
  });

  test('a file that is too large is named, not passed over in silence', async () => {
    const folder = repository({ 'big.txt': `${'x'.repeat(5 * 1024 * 1024)}\n${GITHUB}`, 'a.txt': 'plain' });
    expect(await check(folder)).toMatchObject({
      code: 0,
      stderr: 'not searched (larger than 5 MiB): big.txt\n2 files: nothing found; 1 not searched\n',
    });
    expect(JSON.parse((await check(folder, '--format', 'json')).stdout)).toMatchObject({
      skipped: [{ file: 'big.txt', why: 'larger than 5 MiB' }],
      summary: { files: 2, findings: 0, skipped: 1 },
    });
  });

  test('bytes that are no text are counted and named: a NUL hides nothing in silence', async () => {
    const hidden = Buffer.concat([Buffer.from([0]), Buffer.from(GITHUB)]);
    const images = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`img/${i}.png`, hidden]));
    const folder = repository({ ...images, 'a.txt': 'plain' });
    expect(await check(folder)).toEqual({
      code: 0,
      stdout: '',
      stderr:
        'not searched (binary): img/0.png, img/1.png, img/2.png, img/3.png, img/4.png and 1 more\n7 files: nothing found; 6 not searched\n',
    });
    const { skipped, summary } = JSON.parse((await check(folder, '--format', 'json')).stdout);
    expect([skipped.length, summary]).toEqual([6, { files: 7, findings: 0, skipped: 6 }]);
  });

  test('is also told as SARIF', async () => {
    const folder = repository({ 'a.txt': `\n ${GITHUB}\n` });
    const log = JSON.parse((await check(folder, '--format', 'sarif')).stdout);
    expect(log.runs[0]).toMatchObject({
      tool: { driver: { rules: [{ id: 'written-out-secret' }] } },
      results: [
        {
          ruleId: 'written-out-secret',
          level: 'error',
          locations: [
            { physicalLocation: { artifactLocation: { uri: 'a.txt' }, region: { startLine: 2, startColumn: 2 } } },
          ],
        },
      ],
    });
    expect(JSON.stringify(log)).not.toContain(GITHUB);
  });

  test('a hostile text costs no more than a moment', async () => {
    const folder = repository({
      'a.env': `${'A_TOKEN= '.repeat(20_000)}\n${'A'.repeat(300_000)}_TOKEN=${'='.repeat(200_000)}`,
      'b.txt': `${'eyJ'.repeat(100_000)}\n${'://'.repeat(100_000)}\n${'a:'.repeat(100_000)}@\n`,
      'c.txt': `${'-----BEGIN PRIVATE KEY-----\n'.repeat(5000)}${'https://a:b'.repeat(20_000)}`,
    });
    const start = process.cpuUsage();
    await check(folder);
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1e6).toBeLessThan(20);
  }, 60_000);
});

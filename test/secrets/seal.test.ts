import { execFileSync } from 'node:child_process';
import { constants, createDecipheriv, type KeyObject, privateDecrypt } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { greenroom, inProcess } from '../support/command.ts';
import { TestForge } from '../support/forge.ts';
import { tempFolder } from '../support/git.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { certificate, type TestCertificate } from './certificates.ts';

const VALUE = 'hunter2-and-more';
let cert: TestCertificate;
beforeAll(() => {
  cert = certificate();
});

const withCertificate = (pem = cert.pem) =>
  platformText(`secrets:\n  mechanism: sealed-secrets\n  certificate: |\n${pem.replace(/^/gm, '    ')}`);

/** A clone of acme/shop on the branch `blue`, with these files. */
function clone(files: Record<string, string> = {}): string {
  const folder = tempFolder();
  execFileSync('git', ['init', '--quiet', '--initial-branch', 'blue', folder]);
  execFileSync('git', ['-C', folder, 'remote', 'add', 'origin', 'git@github.com:acme/shop.git']);
  const own = {
    'greenroom.yaml': withCertificate(),
    'preview.yaml': previewText(
      'secrets: { STRIPE_KEY: acme/shop/stripe, DB: "acme/shop/db#password" }\nmanifests: k8s',
    ),
    ...files,
  };
  for (const [path, text] of Object.entries(own)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** What Sealed Secrets does to open one, with keys of its own. */
function unseal(sealed: string, label: string, key: KeyObject): string {
  const bytes = Buffer.from(sealed, 'base64');
  const length = bytes.readUInt16BE();
  const session = privateDecrypt(
    {
      key,
      padding: constants.RSA_PKCS1_OAEP_PADDING,
      oaepHash: 'sha256',
      oaepLabel: Buffer.from(label),
    },
    bytes.subarray(2, 2 + length),
  );
  const decipher = createDecipheriv('aes-256-gcm', session, Buffer.alloc(12));
  decipher.setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(2 + length, -16)), decipher.final()]).toString();
}

const sealed = (folder: string, path = 'k8s/preview-secrets.yaml') => parse(readFileSync(join(folder, path), 'utf8'));
const seal = (folder: string, ...args: string[]) => inProcess(['secrets', 'seal', ...args], folder, process.env);

/** Every byte below a folder. */
function everything(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

/** Some programs replace what is after the sign, others keep it. */
const AMBIGUOUS = ['A=$HOME/x', 'A="${HOME}"', 'A=$(pwd)', 'A="a\\\\$b"', 'A=pa$$word'];

describe('secrets seal', () => {
  test('a value from standard input opens for this preview alone, and the app reads it', async () => {
    const folder = clone();
    const run = await greenroom(['secrets', 'seal', 'STRIPE_KEY', '--pr', '7'], { cwd: folder, input: `${VALUE}\n` });
    expect(run).toEqual({
      code: 0,
      stdout: 'k8s/preview-secrets.yaml: sealed stripe for pr-shop-7\n',
      stderr: expect.stringContaining('Still to be sealed, since preview.yaml reads 1 more key: db.password'),
    });
    const { metadata, spec } = sealed(folder);
    expect(metadata).toEqual({ name: 'preview-secrets', namespace: 'pr-shop-7' });
    expect(unseal(spec.encryptedData.stripe, 'pr-shop-7/preview-secrets', cert.privateKey)).toBe(VALUE);
    for (const label of ['pr-shop-8/preview-secrets', 'pr-shop-7/other', 'pr-shop-7', ''])
      expect(() => unseal(spec.encryptedData.stripe, label, cert.privateKey), label).toThrow();
    expect(everything(folder)).not.toContain(VALUE);
  });

  test('what it writes is what check and render take, and a missing key is said', async () => {
    const folder = clone({ '.env': `STRIPE_KEY=${VALUE}\nDB="two words"\n` });
    const check = () => inProcess(['check', '--repo', 'acme/shop', '--pr', '7'], folder);
    await greenroom(['secrets', 'seal', 'stripe', '--pr', '7'], { cwd: folder, input: VALUE });
    expect(await check()).toMatchObject({ code: 3, stdout: expect.stringContaining('key db.password') });
    expect(await seal(folder, '--from-env-file', '.env', '--pr', '7')).toMatchObject({ code: 0, stderr: '' });
    expect(await check()).toMatchObject({ code: 0, stdout: '' });
    expect(unseal(sealed(folder).spec.encryptedData['db.password'], 'pr-shop-7/preview-secrets', cert.privateKey)).toBe(
      'two words',
    );
  });

  test('a later value is added to those of the same preview; those of another one are never left to fail', async () => {
    const folder = clone({ a: 'one', b: 'two' });
    await seal(folder, '--from-file', 'stripe=a', '--pr', '7');
    const first = sealed(folder).spec.encryptedData.stripe;
    expect(await seal(folder, '--from-file', 'DB=b', '--pr', '7')).toMatchObject({
      code: 0,
      stdout: 'k8s/preview-secrets.yaml: sealed db.password for pr-shop-7; kept stripe\n',
    });
    expect(sealed(folder).spec.encryptedData.stripe).toBe(first);
    const next = await seal(folder, '--from-file', 'DB=b', '--pr', '8');
    expect(next).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('was sealed for pr-shop-7 and does not open in pr-shop-8: seal stripe again'),
    });
    expect(sealed(folder).metadata.namespace).toBe('pr-shop-7');
    expect(await seal(folder, '--from-file', 'DB=b', '--pr', '8', '--replace')).toMatchObject({ code: 0 });
    expect(Object.keys(sealed(folder).spec.encryptedData)).toEqual(['db.password']);
  });

  test.each([
    ['its folder', 'k8s', 'k8s: must be a folder; found a symbolic link'],
    ['the file', 'k8s/preview-secrets.yaml', 'k8s/preview-secrets.yaml: must be a file; found a symbolic link'],
  ])('nothing is written where %s is a link', async (_, path, complaint) => {
    const [folder, outside] = [clone(), tempFolder()];
    mkdirSync(join(folder, path, '..'), { recursive: true });
    symlinkSync(path === 'k8s' ? outside : join(outside, 'x.yaml'), join(folder, path));
    writeFileSync(join(folder, 'value.txt'), VALUE);
    const run = await seal(folder, '--from-file', 'stripe=value.txt', '--pr', '7');
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(complaint) });
    expect(readdirSync(outside)).toEqual([]);
  });

  test('the pull request is the open one from the current branch; a fork gets nothing', async () => {
    const folder = clone({ a: 'one' });
    const forge = new TestForge();
    forge.repository('acme', 'shop', { 'preview.yaml': previewText() });
    const from = (number: number, ref: string, repositoryId = 42) =>
      forge.pull('acme', 'shop', { number, repositoryId: 42, head: { sha: '0'.repeat(40), ref, repositoryId } });
    const run = () => seal(folder, '--from-file', 'stripe=a', '--forge', forge.path, '--out', '-');
    from(5, 'red');
    from(6, 'blue', 77);
    expect(await run()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no open pull request of acme/shop is from the branch blue: open it first'),
    });
    from(9, 'blue');
    expect(parse((await run()).stdout).metadata.namespace).toBe('pr-shop-9');
    from(10, 'blue');
    expect(await run()).toMatchObject({ code: 2, stderr: expect.stringContaining('give --pr 9 or 10') });
    // A name that depends on the repository's number is asked for.
    const other = (...more: string[]) =>
      seal(folder, '--from-file', 'stripe=a', '--forge', forge.path, '--out', '-', '--repo', 'acme/My.Shop', ...more);
    forge.repository('acme', 'My.Shop', { 'preview.yaml': previewText() });
    forge.pull('acme', 'My.Shop', { number: 3, repositoryId: 77 });
    const asked = parse((await other('--pr', '3')).stdout).metadata.namespace;
    expect(asked).toMatch(/^pr-my-shop-[2-7][a-z2-7]{10}-3$/);
    expect(parse((await other('--pr', '3', '--repo-id', '77')).stdout).metadata.namespace).toBe(asked);
    forge.pull('acme', 'My.Shop', {
      number: 4,
      repositoryId: 77,
      head: { sha: '0'.repeat(40), ref: 'x', repositoryId: 1 },
    });
    expect(await other('--pr', '4')).toMatchObject({ code: 2, stderr: expect.stringContaining('comes from a fork') });
  });

  test.each<[string, () => string, string]>([
    ['no PEM', () => 'hello', 'is not a certificate in PEM form'],
    ['cut off', () => cert.pem.replace(/.{80}\n-----END/s, '\n-----END'), 'cannot be read as an X.509 certificate'],
    [
      'a private key',
      () => '-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n',
      'contains a private key',
    ],
    [
      'of another kind of key',
      () => certificate({ key: 'ec' }).pem,
      'has a key of the type ec; Sealed Secrets works with RSA',
    ],
    ['of a short key', () => certificate({ bits: 1024 }).pem, 'has an RSA key of 1024 bits'],
    ['expired', () => certificate({ until: Date.UTC(2026, 0, 2) / 1000 }).pem, 'expired on Fri 2 Jan'],
    [
      'not yet valid',
      () => certificate({ from: Date.UTC(2040, 0, 2) / 1000, until: Date.UTC(2041, 0, 2) / 1000 }).pem,
      'is valid only from',
    ],
  ])('a certificate that is %s is refused, in a file and in greenroom.yaml', async (_, pem, words) => {
    const folder = clone({ a: VALUE, 'cert.pem': pem() });
    const args = ['--from-file', 'stripe=a', '--pr', '7'];
    const given = await seal(folder, ...args, '--cert', 'cert.pem');
    expect(given).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(`cert.pem: ${words}`) });
    writeFileSync(join(folder, 'greenroom.yaml'), withCertificate(pem()));
    const named = await seal(folder, ...args);
    expect(named).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/greenroom\.yaml.*spec\.secrets\.certificate/),
    });
    expect(named.stderr).toContain(words);
    expect(existing(folder)).toBe(false);
  });

  const existing = (folder: string) => readdirSync(folder).includes('k8s');

  test.each<[string, string[], string]>([
    ['on the command line', [`STRIPE_KEY=${VALUE}`], 'STRIPE_KEY=... is not taken from the command line'],
    ['under a name that no Secret takes', ['--from-file', 'a key=a'], 'a key must be letters, digits'],
    ['under a name that is too long', ['--from-file', `${'k'.repeat(254)}=a`], 'must be 1 to 253 characters'],
    ['twice', ['--from-file', 'stripe=a', '--from-file', 'STRIPE_KEY=a'], 'stripe is given twice'],
    ['that is empty', ['--from-file', 'stripe=empty'], 'stripe has no value'],
    ['of a file that is not there', ['--from-file', 'stripe=nowhere'], 'nowhere: no such file'],
    ['that is nowhere', [], 'nothing to seal'],
    ['of a file that nobody can read alike', ['--from-env-file', 'bad.env'], 'bad.env:2: must be NAME=value'],
    ...AMBIGUOUS.map((line, i): [string, string[], string] => [
      `that programs read differently (${line})`,
      ['--from-env-file', `${i}.env`],
      `${i}.env:1: A has a $ before a name`,
    ]),
    ['that is longer than a Secret', ['--from-file', 'stripe=big'], 'big: must be at most 1048576 bytes'],
    ['that makes the file too long', ['--from-file', 'stripe=almost'], 'are read of a file'],
  ])('a value %s is refused and not repeated', async (_, args, words) => {
    const folder = clone({
      a: VALUE,
      empty: '',
      big: 'x'.repeat(1024 * 1024 + 1),
      almost: 'x'.repeat(1024 * 1024 - 1),
      ...Object.fromEntries(AMBIGUOUS.map((line, i) => [`${i}.env`, line])),
      'bad.env': `A=1\n${VALUE}\nB="${VALUE}\nA=2\n`,
    });
    const run = await seal(folder, ...args, '--pr', '7');
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(words) });
    expect(run.stderr).not.toContain(VALUE);
    expect(existing(folder)).toBe(false);
  });

  test.each([
    ['UTF-16', Buffer.from(`\ufeffA=${VALUE}\n`, 'utf16le')],
    ['UTF-16 without a mark', Buffer.from(`A=${VALUE}\n`, 'utf16le')],
    ['Latin-1', Buffer.from(`A=${VALUE}\u00e9\n`, 'latin1')],
  ])('a .env file in %s is refused: its values would be sealed as other ones', async (_, bytes) => {
    const folder = clone({});
    writeFileSync(join(folder, 'odd.env'), bytes);
    const { code, stderr } = await seal(folder, '--from-env-file', 'odd.env', '--pr', '7');
    expect([code, stderr]).toEqual([2, expect.stringContaining('odd.env: is not UTF-8 text: save it as UTF-8')]);
    expect(existing(folder)).toBe(false);
  });

  test('a .env file is read as its writers mean it', async () => {
    const folder = clone({
      '.env': [
        '\ufeff# comment',
        'export A=plain # said',
        "B='single $x \\n'",
        'C="two\\nlines \\" # no comment" # one',
        'D=a=b#c',
        'E.F-G=x\r',
        'H="\\$HOME" # $x',
        'I=$5 # $x',
        '',
      ].join('\n'),
    });
    const { stdout } = await seal(folder, '--from-env-file', '.env', '--pr', '7', '--out', '-');
    const data: Record<string, string> = parse(stdout).spec.encryptedData;
    const opened = Object.entries(data).map(([key, text]) => [
      key,
      unseal(text, 'pr-shop-7/preview-secrets', cert.privateKey),
    ]);
    expect(Object.fromEntries(opened)).toEqual({
      A: 'plain',
      B: 'single $x \\n',
      C: 'two\nlines " # no comment',
      D: 'a=b#c',
      'E.F-G': 'x',
      H: '$HOME',
      I: '$5',
    });
  });

  test('bytes of a file stay as they are', async () => {
    const folder = clone();
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) % 256));
    writeFileSync(join(folder, 'blob'), bytes);
    expect(await seal(folder, '--from-file', 'blob', '--pr', '7')).toMatchObject({ code: 0 });
    const { blob } = sealed(folder).spec.encryptedData;
    const raw = Buffer.from(blob, 'base64');
    expect(raw).toHaveLength(2 + 256 + bytes.length + 16);
    expect(await inProcess(['check', '--repo', 'acme/shop', '--pr', '7'], folder)).toMatchObject({
      stdout: expect.not.stringContaining('preview-secrets.yaml'),
    });
  });

  test('platforms without Sealed Secrets say what to do instead', async () => {
    for (const [settings, words] of [
      ['', 'put the value into the store "previews" under {owner}/{repo}/ (owner and name of this repository), and'],
    ] as const) {
      const run = await seal(
        clone({ 'greenroom.yaml': platformText(settings), a: 'x' }),
        '--from-file',
        'a',
        '--pr',
        '7',
      );
      expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining(words) });
    }
  });
});

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { certificate, type TestCertificate } from '../secrets/certificates.ts';
import { inProcess } from '../support/command.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { judge } from './judges.ts';
import { run, tryRun } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'greenroom-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));

const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');

function write(path: string, text: string | Buffer): string {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
  return file;
}

describe('kubeseal', () => {
  let kubeseal: string;
  let cert: TestCertificate;
  let key: string;
  beforeAll(async () => {
    kubeseal = await judge('kubeseal');
    cert = certificate();
    key = write('key.pem', cert.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  });

  const unseal = (stdin: string) =>
    tryRun(kubeseal, ['--recovery-unseal', '--recovery-private-key', key, '--format', 'json'], { stdin });

  /** The file as it comes from the command, for pull request 7 of acme/shop. */
  async function sealed(values: Record<string, Buffer>): Promise<string> {
    const settings = `secrets:\n  mechanism: sealed-secrets\n  certificate: |\n${cert.pem.replace(/^/gm, '    ')}`;
    write('greenroom.yaml', platformText(settings));
    write('preview.yaml', previewText('manifests: k8s'));
    const given = Object.entries(values).flatMap(([name, bytes]) => ['--from-file', `${name}=${write(name, bytes)}`]);
    const where = ['--repo', 'acme/shop', '--pr', '7', '--replace'];
    const run = await inProcess(['secrets', 'seal', ...given, ...where], folder);
    expect(run).toMatchObject({ code: 0 });
    return readFileSync(join(folder, 'k8s/preview-secrets.yaml'), 'utf8');
  }

  const values = {
    stripe: Buffer.from('hunter2'),
    'tls.key': Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7) % 256)),
    umlaut: Buffer.from('grün\n\u0000'),
  };

  it('opens what was sealed, in its own namespace', async () => {
    const { code, stdout, stderr } = await unseal(await sealed(values));
    expect([code, stderr]).toEqual([0, '']);
    const { metadata, data, type } = JSON.parse(stdout);
    expect(metadata).toMatchObject({ name: 'preview-secrets', namespace: 'pr-shop-7' });
    expect(type ?? 'Opaque').toBe('Opaque');
    const opened = Object.entries(data as Record<string, string>).map(([name, text]) => [
      name,
      Buffer.from(text, 'base64'),
    ]);
    expect(Object.fromEntries(opened)).toEqual(values);
  });

  it.each([
    ['in another namespace', 'namespace: pr-shop-7', 'namespace: pr-shop-8'],
    ['under another name', 'name: preview-secrets', 'name: other'],
    [
      'once its scope is said to be wider',
      'metadata:',
      'metadata:\n  annotations: { sealedsecrets.bitnami.com/cluster-wide: "true" }',
    ],
  ])('refuses it %s', async (_, from, to) => {
    const text = await sealed(values);
    expect(text).toContain(from);
    const { code, stderr } = await unseal(text.replace(from, to));
    expect([code, stderr]).toEqual([1, expect.stringContaining('no key could decrypt')]);
  });

  it('opens what is committed of it', async () => {
    await sealed(values);
    const out = ['--repo', 'acme/shop', '--pr', '7', '--out', 'rendered'];
    expect(await inProcess(['render', 'preview.yaml', ...out], folder)).toMatchObject({ code: 0 });
    const path = 'rendered/previews/main/shop/pr-shop-7/app/sealedsecret.preview-secrets.yaml';
    expect(await unseal(readFileSync(join(folder, path), 'utf8'))).toMatchObject({ code: 0 });
  });
});

describe('sops', () => {
  let sops: string;
  let age: { recipient: string; env: Record<string, string> };
  beforeAll(async () => {
    sops = await judge('sops');
    const file = write('age.txt', await run(await judge('age-keygen'), []));
    const [recipient = ''] = /age1\w+/.exec(readFileSync(file, 'utf8')) ?? [];
    age = { recipient, env: { SOPS_AGE_KEY_FILE: file } };
  });

  const SECRET = `apiVersion: v1
kind: Secret
metadata: { name: preview-secrets, labels: { tier: secret } }
stringData:
  # said to nobody
  stripe: hunter2
  b: "true"
  a: ""
  lines: |
    one
    two
data: { z: aGVsbG8=, c: d29ybGQ= }
`;

  /** The file of the docs, with the recipient of this test. */
  function rules(): string {
    const [, text = ''] = /```yaml no-run\n(# \.sops\.yaml\n[\s\S]*?)```/.exec(read('docs/secrets.md')) ?? [];
    return text.replace(/age1\w+/, age.recipient);
  }

  async function encrypted(creation = rules()): Promise<string> {
    const config = write('.sops.yaml', creation);
    const file = write('k8s/secret.yaml', SECRET);
    return run(sops, ['--config', config, 'encrypt', file]);
  }

  /** The Secret as it is in the apps repo. */
  async function committed(text: string): Promise<CommandOutcome> {
    const settings = `reconciler: flux\npolicies: { engines: [vap, kyverno] }\nsecrets: { mechanism: sops, sops: { recipients: [${age.recipient}] } }`;
    write('greenroom.yaml', platformText(settings));
    write('preview.yaml', previewText('manifests: k8s'));
    rmSync(join(folder, 'k8s'), { recursive: true, force: true });
    write('k8s/secret.yaml', text);
    const out = ['--repo', 'acme/shop', '--pr', '7', '--out', 'rendered'];
    const { code, stderr } = await inProcess(['render', 'preview.yaml', ...out], folder);
    return {
      code,
      stderr,
      file: join(folder, 'rendered/previews/main/shop/pr-shop-7/app/secret.preview-secrets.yaml'),
    };
  }

  const decrypt = (file: string) => tryRun(sops, ['decrypt', file], { env: age.env });

  it('opens what is committed, check sum included, though its namespace was added', async () => {
    const { code, file } = await committed(await encrypted());
    expect(code).toBe(0);
    const opened = await decrypt(file);
    expect([opened.code, opened.stderr]).toEqual([0, '']);
    const before = parse(SECRET);
    expect(parse(opened.stdout)).toEqual({
      ...before,
      metadata: { ...before.metadata, namespace: 'pr-shop-7' },
    });
  });

  it.each([
    ['a value is changed', /(stripe: "ENC\[AES256_GCM,data:)/, '$1AAAA'],
    ['two values trade places', /stripe: (.*)\n(\s*)b: (.*)/, 'stripe: $3\n$2b: $1'],
    ['a value is taken out', /\n\s*b: "ENC.*/, ''],
    ['a value is left empty', /b: "ENC.*/, 'b: ""'],
    ['the order of values is another', /( *stripe: .*\n)( *b: .*\n)/, '$2$1'],
  ])('refuses it where %s', async (_, from, to) => {
    const { file } = await committed(await encrypted());
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(from);
    writeFileSync(file, text.replace(from, to));
    expect(await decrypt(file)).toMatchObject({ code: expect.toSatisfy((code: number) => code > 0), stdout: '' });
  });

  it.each([
    ['whole files are encrypted', (text: string) => text.replace(/.*encrypted_regex.*\n/, '')],
    ['the check sum covers everything', (text: string) => text.replace(/.*mac_only_encrypted.*\n/, '')],
    ['some values are left plain', (text: string) => text.replace('^(data|stringData)$', '^stripe$')],
  ])('with rules by which %s it does not come that far', async (_, changed) => {
    expect(changed(rules())).not.toBe(rules());
    expect((await committed(await encrypted(changed(rules())))).code).not.toBe(0);
  });
});

interface CommandOutcome {
  readonly code: number | null;
  readonly stderr: string;
  readonly file: string;
}

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificate, type TestCertificate } from '../secrets/certificates.ts';
import { inProcess } from '../support/command.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { judge } from './judges.ts';
import { tryRun } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'greenroom-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));

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

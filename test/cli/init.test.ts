import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inProcess } from '../support/command.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'greenroom-cli-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

async function greenroom(...argv: string[]) {
  const { code, stdout: out, stderr: err } = await inProcess(argv, cwd);
  return { code, out, err };
}

const INIT = ['init', 'previews', '--domain', 'apps.example.com', '--owner', 'acme'];

describe('greenroom init and upgrade', () => {
  it('lays down an apps repo and says what to do next', async () => {
    const { code, out, err } = await greenroom(...INIT);
    expect(code).toBe(0);
    expect(out).toContain('create greenroom.yaml\n');
    expect(err).toContain('Next: read previews/README.md');
    expect(existsSync(join(cwd, 'previews/bootstrap/argocd/applicationset.previews-main.yaml'))).toBe(true);
  });

  it('has nothing to do afterwards', async () => {
    await greenroom(...INIT);
    for (const argv of [
      ['init', 'previews'],
      ['upgrade', 'previews'],
    ]) {
      expect(await greenroom(...argv)).toMatchObject({ code: 0, out: '' });
    }
  });

  it('names the flag that is missing where it cannot ask', async () => {
    expect(await greenroom('init', 'previews', '--domain', 'apps.example.com')).toMatchObject({
      code: 2,
      err: expect.stringContaining('give --owner'),
    });
    expect(existsSync(join(cwd, 'previews'))).toBe(false);
  });

  it('fails on files that somebody edited, shows the difference, and replaces them when told to', async () => {
    await greenroom(...INIT);
    appendFileSync(join(cwd, 'previews/README.md'), 'Call us.\n');
    const upgraded = await greenroom('upgrade', 'previews');
    expect(upgraded.code).toBe(1);
    expect(upgraded.out).toMatch(/^edited README\.md\n(.*\n)* {4}-Call us\.\n$/);
    const forced = await greenroom('upgrade', 'previews', '--overwrite', '--format', 'json');
    expect(forced.code).toBe(0);
    expect(JSON.parse(forced.out).files).toContainEqual(
      expect.objectContaining({ path: 'README.md', action: 'overwrite' }),
    );
    expect(readFileSync(join(cwd, 'previews/README.md'), 'utf8')).not.toContain('Call us.');
  });

  it('writes nothing for a greenroom.yaml that is wrong, and says where', async () => {
    await greenroom(...INIT);
    appendFileSync(join(cwd, 'previews/greenroom.yaml'), '  domian: x\n');
    const before = readFileSync(join(cwd, 'previews/.greenroom.json'), 'utf8');
    const { code, err } = await greenroom('upgrade', 'previews');
    expect(code).toBe(2);
    expect(err).toMatch(/greenroom\.yaml:\d+:\d+: .*domian/);
    expect(readFileSync(join(cwd, 'previews/.greenroom.json'), 'utf8')).toBe(before);
  });
});

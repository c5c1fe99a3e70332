import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inProcess } from '../support/command.ts';
import { bareRepo, filesOf } from '../support/git.ts';

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

  it('commits to a bare repository that is empty when told to', async () => {
    const bare = bareRepo();
    const { code, err } = await greenroom('init', bare, '--commit', ...INIT.slice(2));
    expect([code, err]).toEqual([0, expect.stringContaining('Next: clone it and read its README.md.')]);
    await greenroom(...INIT);
    const folder = execFileSync('find', ['previews', '-type', 'f'], { cwd, encoding: 'utf8' }).trim().split('\n');
    expect(Object.keys(filesOf(bare)).sort()).toEqual(folder.map((path) => path.slice('previews/'.length)).sort());
    expect(await greenroom('init', 'previews', '--branch', 'x', ...INIT.slice(2))).toMatchObject({ code: 2 });
    expect(await greenroom('init', bare, '--commit', '--overwrite', ...INIT.slice(2))).toMatchObject({
      code: 2,
      err: expect.stringContaining('--commit writes to an empty repository only'),
    });
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

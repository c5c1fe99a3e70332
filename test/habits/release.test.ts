import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';

const check = join(import.meta.dirname, '../../scripts/release/check.mjs');
const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

const RELEASABLE = {
  'package.json': '{"version": "1.2.3"}',
  'CHANGELOG.md':
    '# Changelog\n\n## Unreleased\n\n## 1.2.3 - 2026-11-30\n\n- A thing.\n\n## 1.2.2 - 2026-10-01\n\n- Old.\n',
  'dist/cli/greenroom.cjs': 'built',
  'dist/NOTICES.txt': 'licences',
};

/** Commits the files, then lays `built` over them, and asks for the release of v1.2.3. */
function release(files: Record<string, string | undefined>, built: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-release-'));
  made.push(folder);
  const write = (contents: Record<string, string | undefined>) => {
    for (const [path, text] of Object.entries(contents)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      if (text !== undefined) writeFileSync(join(folder, path), text);
    }
  };
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder });
  write({ ...RELEASABLE, ...files });
  git('init', '-q');
  git('add', '.');
  git('-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'commit.gpgsign=false', 'commit', '-qm', 'build: v1.2.3');
  write(built);
  const { status, stdout, stderr } = spawnSync(process.execPath, [check, 'v1.2.3'], { cwd: folder, encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('a release prints its own notes and nothing else', () => {
  expect(release({})).toEqual({ status: 0, stdout: '- A thing.\n', stderr: '' });
});

test.each([
  [
    'another version',
    { 'package.json': '{"version": "1.2.4"}' },
    'the tag is v1.2.3, the version in package.json 1.2.4',
  ],
  ['no section', { 'CHANGELOG.md': '# Changelog\n\n## 1.2.30 - 2026-11-30\n\n- A thing.\n' }, 'no section "## 1.2.3 -'],
  ['a section without its day', { 'CHANGELOG.md': '## 1.2.3 - soon\n\n- A thing.\n' }, 'no section "## 1.2.3 -'],
  [
    'an empty section',
    { 'CHANGELOG.md': '## 1.2.3 - 2026-11-30\n\n## 1.2.2 - 2026-10-01\n\n- Old.\n' },
    'with an entry',
  ],
  ['no bundle', { 'dist/cli/greenroom.cjs': undefined }, 'does not carry dist/cli/greenroom.cjs'],
  ['no licences', { 'dist/NOTICES.txt': undefined }, 'does not carry dist/NOTICES.txt'],
])('a commit with %s is refused', (_, files, reason) => {
  const { status, stdout, stderr } = release(files);
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain(reason);
  expect(stderr).not.toContain('    at ');
});

test('a commit whose bundle is not what its sources build is refused', () => {
  const { status, stderr } = release({}, { 'dist/cli/greenroom.cjs': 'built otherwise' });
  expect(status).toBe(1);
  expect(stderr).toBe('cannot be released: dist/cli/greenroom.cjs of the commit is not what its sources build\n');
});

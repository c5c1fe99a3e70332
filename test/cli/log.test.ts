import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { commitMessage } from '../../lib/gitops/message.ts';
import { inProcess } from '../support/command.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'greenroom-log-'));
  git('init', '--quiet');
  mkdirSync(join(cwd, 'previews'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

function git(...args: string[]): void {
  const env = { ...process.env, GIT_COMMITTER_DATE: '2026-11-24T08:00:00Z' };
  execFileSync('git', ['-c', 'user.name=bot', '-c', 'user.email=b@example.com', ...args], { cwd, env, stdio: 'pipe' });
}

function commit(path: string, message: string): void {
  writeFileSync(join(cwd, path), message);
  git('add', '--all');
  git('commit', '--quiet', `--message=${message}`);
}

async function log(...argv: string[]) {
  const { code, stdout: out } = await inProcess(['log', '.', ...argv], cwd);
  return { code, out };
}

const about = (number: number) => ({
  preview: `pr-shop-${number}`,
  pullRequest: { path: 'acme/shop', number },
  head: 'a'.repeat(40),
});

it('says who caused what below previews/, the newest first', async () => {
  commit('previews/a', commitMessage('add pr-shop-7', [about(7)]));
  commit('greenroom.yaml', 'a change of the platform');
  commit('previews/a', commitMessage('sweep', [{ ...about(7), head: null }, about(8)]));
  const { out } = await log();
  expect(out.replace(/ [0-9a-f]{7} /g, ' SHA ').split('\n')).toEqual([
    '2026-11-24T08:00:00Z SHA pr-shop-7 acme/shop#7: sweep',
    '2026-11-24T08:00:00Z SHA pr-shop-8 acme/shop#8 at aaaaaaa: sweep',
    '2026-11-24T08:00:00Z SHA pr-shop-7 acme/shop#7 at aaaaaaa: add pr-shop-7',
    '',
  ]);
  const { entries } = JSON.parse((await log('--preview', 'acme/shop#8', '--format', 'json')).out);
  expect(entries).toHaveLength(1);
  expect(entries[0].previews).toContainEqual({ ...about(8), pullRequest: { owner: 'acme', name: 'shop', number: 8 } });
});

it('marks a commit that is not greenroom’s, and keeps its text away from the terminal', async () => {
  commit('previews/a', 'by hand \u001b[31m');
  expect((await log()).out).toMatch(/ NOT BY GREENROOM, by bot: by hand {2}\[31m\n$/);
});

it('refuses a folder that is no repository with commits', async () => {
  expect(await log()).toEqual({ code: 2, out: '' });
});

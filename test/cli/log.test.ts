import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commitMessage } from '../../lib/gitops/message.ts';
import { handleComment } from '../../lib/sync/answer.ts';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { inProcess } from '../support/command.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

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

/** @param args the last one is the input where it has several lines */
function read(...args: string[]): string {
  const isInput = args.at(-1)!.includes('\n');
  const input = isInput ? args.pop() : '';
  return execFileSync('git', args, { cwd, input, encoding: 'utf8' }).trim();
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

it('a commit with a time that no calendar has keeps nobody from reading the others', async () => {
  commit('previews/a', commitMessage('add pr-shop-7', [about(7)]));
  const [tree, parent] = ['HEAD^{tree}', 'HEAD'].map((name) => read('rev-parse', name));
  const mallory = 'a <a@example.com>';
  const text = `tree ${tree}\nparent ${parent}\nauthor ${mallory} 1 +0000\ncommitter ${mallory} 99999999999999 +0000\n\nx\n`;
  writeFileSync(join(cwd, 'previews/b'), '');
  git('add', '--all');
  const other = text.replace(tree!, read('write-tree'));
  git('reset', '--quiet', '--hard', read('hash-object', '-t', 'commit', '-w', '--literally', '--stdin', other));
  const { code, out } = await log();
  expect(code).toBe(0);
  expect(out).toContain('NOT BY GREENROOM, by a: x\n');
  expect(out).toContain('pr-shop-7');
});

it('says who caused what below previews/, the newest first', async () => {
  commit('previews/a', commitMessage('add pr-shop-7', [about(7)]));
  commit('greenroom.yaml', 'a change of the platform');
  commit('previews/a', commitMessage('sweep', [{ ...about(7), head: null }, about(8)]));
  const { out } = await log();
  expect(out.replace(/Z [0-9a-f]{7} /g, 'Z SHA ').split('\n')).toEqual([
    '2026-11-24T08:00:00Z SHA pr-shop-7 acme/shop#7 sweep',
    '2026-11-24T08:00:00Z SHA pr-shop-8 acme/shop#8 at aaaaaaa sweep',
    '2026-11-24T08:00:00Z SHA pr-shop-7 acme/shop#7 at aaaaaaa add pr-shop-7',
    '',
  ]);
  const { entries } = JSON.parse((await log('--preview', 'acme/shop#8', '--format', 'json')).out);
  expect(entries).toHaveLength(1);
  expect(entries[0].previews[1]).toMatchObject({
    ...about(8),
    pullRequest: { owner: 'acme', name: 'shop', number: 8 },
  });
});

it('marks a commit that is not greenroom’s, and keeps its text away from the terminal', async () => {
  commit('previews/a', 'by hand \u001b[31m');
  expect((await log()).out).toMatch(/ NOT BY GREENROOM, by bot: by hand \[31m\n$/);
});

it('refuses a folder that is no repository with commits', async () => {
  expect(await log()).toEqual({ code: 2, out: '' });
  rmSync(join(cwd, '.git'), { recursive: true });
  expect(await log()).toEqual({ code: 2, out: '' });
});

describe('of what greenroom did', () => {
  const SHOP = { path: 'acme/shop' };
  const sync = (world: World) => world.with((context) => syncPullRequest(context, SHOP, 7));

  async function say(world: World, author: string, body: string): Promise<void> {
    const id = await world.say('shop', 7, author, body);
    await world.with((context) => handleComment(context, SHOP, 7, id));
  }

  /** A life: opened, pushed with a larger size, extended, stopped, started again, merged. */
  async function lived(): Promise<World> {
    const world = new World(platformText('ttl: { default: 4h, max: 8h }'));
    world.push('shop');
    world.pull('shop', 7);
    await world.allow('shop', 'ada', 'write');
    await sync(world);
    world.push('shop', { 'preview.yaml': previewText('size: medium') });
    world.pull('shop', 7);
    await sync(world);
    await say(world, 'ada', '/preview extend 2h');
    await say(world, 'ada', '/preview stop');
    await say(world, 'ada', '/preview start');
    world.pull('shop', 7, { state: 'closed', merged: true });
    await sync(world);
    return world;
  }

  const logOf = async (world: World, ...argv: string[]) =>
    (await inProcess(['log', world.appsRepo, ...argv], '/')).stdout;

  it('names who and why, and what changed: image, size, end', async () => {
    const world = await lived();
    const lines = (await logOf(world)).trimEnd().split('\n');
    const said = lines.map((line) => line.replace(/^\S+ [0-9a-f]{7} pr-shop-7 acme\/shop#7 at [0-9a-f]{7} /, ''));
    const image = String.raw`ghcr\.io\/acme\/shop:pr-7-[0-9a-f]{7}`;
    const small = 'cpu 100m to 500m, memory 128Mi to 256Mi';
    expect(said).toEqual([
      'removed: merged, pull request of mia',
      expect.stringMatching(
        /^added: \/preview start by ada, pull request of mia; image \S+; end Tue 24 Nov 14:00 UTC; size cpu 2/,
      ),
      'removed: /preview stop by ada, pull request of mia',
      'updated: /preview extend by ada, pull request of mia; end Tue 24 Nov 12:00 UTC -> Tue 24 Nov 14:00 UTC, 2 hours later',
      expect.stringMatching(
        new RegExp(`^updated: a push, pull request of mia; image ${image} -> ${image}; size ${small} -> cpu 2\\S+ to `),
      ),
      expect.stringMatching(
        new RegExp(`^added: a push, pull request of mia; image ${image}; end Tue 24 Nov 12:00 UTC; size ${small}$`),
      ),
    ]);
  });

  it('as data, of one person alone', async () => {
    const world = await lived();
    const { entries } = JSON.parse(await logOf(world, '--format', 'json', '--preview', 'pr-shop-7'));
    expect(entries).toHaveLength(6);
    const [extended] = entries[3].previews;
    expect(extended).toMatchObject({
      ...{
        preview: 'pr-shop-7',
        effect: 'updated',
        cause: '/preview extend',
        by: 'ada',
        author: 'mia',
        extended: 7200,
      },
      changes: [{ what: 'end', before: 'Tue 24 Nov 12:00 UTC', after: 'Tue 24 Nov 14:00 UTC' }],
    });
    expect((await logOf(world, '--by', 'Ada')).trimEnd().split('\n')).toHaveLength(3);
    expect((await logOf(world, '--by', 'mia')).trimEnd().split('\n')).toHaveLength(6);
    expect(await logOf(world, '--by', 'eve')).toBe('');
  });

  it('settings of the platform, and a time that is up', async () => {
    const world = new World(platformText('ttl: { default: 4h }'));
    world.push('shop');
    world.pull('shop', 7);
    await sync(world);
    world.settle({ 'greenroom.yaml': platformText('ttl: { default: 2h }') });
    await sync(world);
    world.now += 5 * 3600;
    await world.with((context) => sweep(context));
    const [expired, settings] = (await logOf(world)).split('\n');
    expect(expired).toMatch(/ removed: expired, pull request of mia$/);
    expect(settings).toMatch(/ updated: the platform's settings, or labels of the pull request, .* 2 hours earlier$/);
  });

  it('a preview that moves to another cluster says so', async () => {
    const world = new World();
    world.push('shop');
    world.pull('shop', 7);
    await sync(world);
    world.settle({ 'greenroom.yaml': platformText('clusters: [{ name: west, server: https://west.example.com }]') });
    await sync(world);
    expect((await logOf(world)).split('\n')[0]).toContain('; cluster main -> west');
  });
});

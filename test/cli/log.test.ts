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
  commit('previews/a', 'add pr-shop-7');
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
  expect(out).toContain('add pr-shop-7');
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

it('says that no commit matches, and nothing of it in data', async () => {
  commit('previews/a', commitMessage('add pr-shop-7', [about(7)]));
  const none = await inProcess(['log', '.', '--preview', 'pr-shop-8'], cwd);
  expect([none.code, none.stdout, none.stderr]).toEqual([0, '', 'no commit matches\n']);
  const data = await inProcess(['log', '.', '--by', 'nobody', '--format', 'json'], cwd);
  expect([JSON.parse(data.stdout), data.stderr]).toEqual([{ entries: [] }, '']);
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

  describe('trailers that somebody else wrote', () => {
    /** A commit of somebody on the branch, by git alone. */
    async function forged(
      world: World,
      change: Record<string, string>,
      ...previews: Parameters<typeof commitMessage>[1]
    ) {
      world.settle(change, commitMessage('update pr-shop-7 (push)', previews));
      return (await logOf(world)).split('\n')[0]!.replace(/^\S+ [0-9a-f]{7} /, '');
    }
    async function world(): Promise<{ world: World; record: string; trailers: ReturnType<typeof about> }> {
      const world = new World();
      world.push('shop');
      world.pull('shop', 7);
      await sync(world);
      const record = world.read(RECORD);
      return { world, record, trailers: { ...about(7), head: JSON.parse(record).headSha } };
    }
    const RECORD = 'previews/main/shop/pr-shop-7/preview.json';
    const OTHER = 'previews/main/shop/pr-shop-8/app/deployment.pr-shop-8.yaml';
    const by = { cause: { what: '/preview extend', by: 'ada' } };

    it.each<
      [
        string,
        (seen: { record: string; trailers: ReturnType<typeof about> }) => Parameters<typeof forged>[1],
        object,
        RegExp,
      ]
    >([
      [
        'a preview whose files it does not change',
        () => ({ [OTHER]: 'x: 1\n' }),
        {},
        /names pr-shop-7 and changes none of its files/,
      ],
      [
        'one preview, and changes another as well',
        ({ record }) => ({ [RECORD]: record.replace('"mia"', '"eve"'), [OTHER]: 'x: 1\n' }),
        {},
        /changes previews\/main\/shop\/pr-shop-8\/\S+ and does not name it/,
      ],
      [
        'another pull request',
        ({ record }) => ({ [RECORD]: record.replace('"mia"', '"eve"') }),
        { pullRequest: { path: 'acme/shop', number: 9 } },
        /names pull request 9 for pr-shop-7, which is of 7/,
      ],
      [
        'another repository',
        ({ record }) => ({ [RECORD]: record.replace('"mia"', '"eve"') }),
        { pullRequest: { path: 'acme/cart', number: 7 } },
        /names acme\/cart for pr-shop-7, which is of acme\/shop/,
      ],
      [
        'another commit',
        ({ record, trailers }) => ({ [RECORD]: record.replaceAll(trailers.head, 'b'.repeat(40)) }),
        {},
        /names another commit than pr-shop-7 shows/,
      ],
    ])('%s: unverified, and its cause is not believed', async (_, change, more, why) => {
      const seen = await world();
      const line = await forged(seen.world, change(seen), { ...seen.trailers, ...by, ...more });
      expect(line).toMatch(why);
      expect(line).toMatch(/^UNVERIFIED \(/);
      expect(line).not.toContain('ada');
    });

    it('by another author than the bot: unverified with --bot, also as data', async () => {
      const { world: seen, record, trailers } = await world();
      const line = await forged(seen, { [RECORD]: record.replace('"mia"', '"eve"') }, { ...trailers, ...by });
      expect(line).toContain('updated: /preview extend by ada');
      expect(await logOf(seen, '--bot', 'Previews[bot]')).toMatch(
        /^\S+ [0-9a-f]{7} UNVERIFIED \(its author is not Previews\[bot\]\)/,
      );
      const { entries } = JSON.parse(await logOf(seen, '--format', 'json', '--bot', 'previews[bot]'));
      expect(entries[0]).toMatchObject({ unverified: 'its author is not previews[bot]' });
    });

    it('a change of its files that names nothing is in the log of that preview', async () => {
      const { world: seen, record } = await world();
      seen.settle({ [RECORD]: record.replace('"mia"', '"eve"') }, 'tidy up');
      for (const name of ['pr-shop-7', 'acme/shop#7']) {
        const lines = (await logOf(seen, '--preview', name)).trimEnd().split('\n');
        expect(lines).toHaveLength(2);
        expect(lines[0]).toContain('NOT BY GREENROOM');
      }
    });
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

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { formatTime } from '../../lib/core/clock.ts';
import { LocalForge } from '../../lib/forge/local.ts';
import type { GitAppsRepo } from '../../lib/gitops/git.ts';
import { openGitAppsRepo } from '../../lib/gitops/open.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { rendered, root } from './inputs.ts';
import { interleave, ratio, row, type Timing, time, timeCommand } from './measure.ts';

const SIZES = [10, 1000, 10_000];

/** Runs before the measurement: the code of a running receiver (`greenroom serve`) is compiled already. */
const WARM_UP = 300;

const ME = {
  ...process.env,
  GIT_AUTHOR_NAME: 'b',
  GIT_AUTHOR_EMAIL: 'b@example.com',
  GIT_COMMITTER_NAME: 'b',
  GIT_COMMITTER_EMAIL: 'b@example.com',
};
const git = (cwd: string, args: string[], input = '') =>
  execFileSync('git', args, { cwd, env: ME, input, maxBuffer: 1 << 30, stdio: ['pipe', 'pipe', 'ignore'] })
    .toString()
    .trim();

/**
 * One new preview committed into apps repos of growing size by a process that keeps running, as a receiver does; compared
 * with clone, write, commit and push.
 */
export async function sync(rounds: number): Promise<void> {
  console.log('One pull request synced into an apps repo of 10, 1,000 and 10,000 previews');
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-bench-'));
  try {
    const forge = new LocalForge(makeForge(folder, WARM_UP + (rounds + 1) * SIZES.length));
    let number = 0;
    const candidates: Record<string, () => Promise<number>> = {};
    const paths = SIZES.map((size) => makeAppsRepo(folder, size));
    const [warmUp, ...repos] = await Promise.all(
      [makeAppsRepo(folder, 1), ...paths].map((path) => openGitAppsRepo(path, { clock })),
    );
    for (let i = 0; i < WARM_UP; i++) await syncOnce(warmUp!, forge, ++number);
    for (const [i, size] of SIZES.entries()) candidates[size] = () => syncOnce(repos[i]!, forge, ++number);
    const times = await interleave(candidates, rounds);
    await Promise.all([forge, warmUp!, ...repos].map((each) => each.close()));
    for (const size of SIZES) row(`greenroom sync, ${size} previews`, times[size]!);
    const clone = cloneAndPush(folder, paths.at(-1)!);
    row('git clone, write, commit, push, 10000 previews', clone);
    ratio('10,000 previews / 10 previews', times[10_000]!.median / times[10]!.median, { atMost: 1.3 });
    ratio('clone and push / greenroom sync', clone.median / times[10_000]!.median, { atLeast: 1000 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const clock = () => Math.floor(Date.now() / 1000);

async function syncOnce(repo: GitAppsRepo, forge: LocalForge, number: number): Promise<number> {
  return time(async () => {
    const { effect } = await syncPullRequest({ forge, repo, clock }, { path: 'acme/shop' }, number);
    if (effect !== 'create') throw new Error(`expected a new preview, got ${effect}`);
  });
}

function makeForge(folder: string, pulls: number): string {
  const forge = join(folder, 'forge');
  const work = join(folder, 'shop');
  cpSync(join(root, 'previews/shop'), work, { recursive: true });
  git(work, ['init', '--quiet', '--initial-branch=main']);
  git(work, ['add', '--all']);
  git(work, ['commit', '--quiet', '--message=first']);
  mkdirSync(join(forge, 'acme/shop/pulls'), { recursive: true });
  git(folder, ['clone', '--quiet', '--bare', work, join(forge, 'acme/shop.git')]);
  const sha = git(work, ['rev-parse', 'HEAD']);
  const now = formatTime(Math.floor(Date.now() / 1000));
  for (let number = 1; number <= pulls; number++) {
    const head = { sha, ref: 'x', repositoryId: 101 };
    const pull = {
      number,
      repositoryId: 101,
      state: 'open',
      head,
      author: 'mia',
      title: 'x',
      createdAt: now,
      updatedAt: now,
    };
    writeFileSync(join(forge, `acme/shop/pulls/${number}.json`), JSON.stringify(pull));
  }
  return forge;
}

/** A bare repository of `count` previews, a hundred a folder, written by git's own fast-import. */
function makeAppsRepo(folder: string, count: number): string {
  const repo = join(folder, `previews-${count}.git`);
  git(folder, ['init', '--quiet', '--bare', '--initial-branch=main', repo]);
  const { name, files } = rendered();
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const lines = [`commit refs/heads/main\ncommitter b <b@example.com> 0 +0000\n${data('first')}`];
  const platform =
    'apiVersion: greenroom.dev/v1alpha1\nkind: Platform\nspec:\n  domain: apps.example.com\n  sources: [{ owner: acme }]\n  registries: [ghcr.io/acme]\n';
  lines.push(`M 100644 inline greenroom.yaml\n${data(platform)}`);
  for (let i = 0; i < count; i++) {
    const repository = `app-${Math.floor(i / 100)}`;
    const other = `pr-${repository}-${100_000 + i}`;
    for (const [path, text] of files) {
      const place = `previews/main/${repository}/${other}/${path.split('/').slice(4).join('/').replaceAll(name, other)}`;
      lines.push(`M 100644 inline ${place}\n${data(text.replaceAll(name, other))}`);
    }
  }
  git(repo, ['fast-import', '--quiet'], lines.join(''));
  return repo;
}

/** The comparison: what a job does that checks out the apps repo. */
function cloneAndPush(folder: string, repo: string): Timing {
  const work = join(folder, 'clone');
  const start = timeCommand({ program: 'git', args: ['clone', '--quiet', `file://${repo}`, work] });
  const { files } = rendered();
  for (const [path, text] of files) {
    mkdirSync(dirname(join(work, path)), { recursive: true });
    writeFileSync(join(work, path), text);
  }
  const me = ['-c', 'user.name=b', '-c', 'user.email=b@example.com', '-c', 'commit.gpgsign=false'];
  const rest = [
    ['add', '--all'],
    [...me, 'commit', '--quiet', '--message=add'],
    ['push', '--quiet'],
  ];
  const total = rest.reduce((sum, args) => sum + timeCommand({ program: 'git', args, cwd: work }), start);
  return { min: total, median: total, max: total };
}

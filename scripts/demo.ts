// `npm start`: the main job, on this machine only. A local forge with three pull requests and a local apps repo; every
// step is the command that a CI job would run.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
// Tests run the command that they just bundled.
const command = process.env.GREENROOM_COMMAND ?? join(root, 'bin/greenroom.cjs');
const home = mkdtempSync(join(tmpdir(), 'greenroom-demo-'));
const forge = join(home, 'forge');
const appsRepo = join(home, 'previews.git');
const APPS = ['handbook', 'shop', 'thumbnails'];

function run(command: string, args: string[], cwd = home): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function git(cwd: string, ...args: string[]): string {
  const me = ['-c', 'user.name=Demo', '-c', 'user.email=demo@example.com', '-c', 'commit.gpgsign=false'];
  return run('git', [...me, ...args], cwd);
}

function greenroom(...args: string[]): void {
  console.log(`$ greenroom ${args.map((arg) => arg.replace(`${home}/`, '')).join(' ')}`);
  process.stdout.write(run(process.execPath, [command, ...args]));
}

/** A bare repository at `bare` with the files of `source` as its first commit. Returns that commit. */
function publish(source: string, bare: string): string {
  git(source, 'init', '--quiet', '--initial-branch', 'main');
  git(source, 'add', '--all');
  git(source, 'commit', '--quiet', '--message', 'first commit');
  run('git', ['clone', '--quiet', '--bare', source, bare]);
  return git(source, 'rev-parse', 'HEAD').trim();
}

function pullRequest(app: string, number: number, sha: string, state: 'open' | 'closed'): void {
  const now = new Date().toISOString();
  const pull = {
    number,
    repositoryId: 100 + APPS.indexOf(app),
    state,
    merged: state === 'closed',
    draft: false,
    labels: [],
    head: { sha, ref: 'new-look', repositoryId: 100 + APPS.indexOf(app) },
    author: 'mia',
    title: `A new look for the ${app}`,
    createdAt: now,
    updatedAt: now,
    closedAt: state === 'closed' ? now : null,
  };
  const folder = join(forge, 'acme', app, 'pulls');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${number}.json`), JSON.stringify(pull, null, 2));
}

console.log(`Everything of this demonstration is in ${home}\n`);
console.log('The platform team creates an apps repo and commits it:');
const worktree = join(home, 'previews');
greenroom('init', worktree, '--platform', join(root, 'previews/greenroom.yaml'));
publish(worktree, appsRepo);

console.log('\nThree makers open pull requests:');
const heads = new Map<string, string>();
for (const [i, app] of APPS.entries()) {
  const source = join(home, 'work', app);
  cpSync(join(root, 'previews', app), source, { recursive: true });
  mkdirSync(join(forge, 'acme'), { recursive: true });
  heads.set(app, publish(source, join(forge, 'acme', `${app}.git`)));
  pullRequest(app, i + 1, heads.get(app)!, 'open');
  greenroom('sync', '--repo', `acme/${app}`, '--pr', String(i + 1), '--apps-repo', appsRepo, '--forge', forge);
}

console.log('\nWhat the second maker reads on the pull request:');
console.log(readFileSync(join(forge, 'acme/shop/pulls/2/comment.md'), 'utf8'));

console.log('The third pull request is merged, and the sweep runs:');
pullRequest('thumbnails', 3, heads.get('thumbnails')!, 'closed');
greenroom('sweep', '--apps-repo', appsRepo, '--forge', forge);

console.log('\n$ git log --stat');
console.log(git(appsRepo, 'log', '--stat=100', '--format=%h %s', 'main', '--', 'previews'));
console.log('$ git ls-tree -r --name-only main previews');
console.log(git(appsRepo, 'ls-tree', '-r', '--name-only', 'main', 'previews'));

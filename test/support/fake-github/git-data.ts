import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { GIT_ENV, git, moveBranch, writeCommit } from '../git.ts';
import { writeBranch, writeLoose } from '../loose.ts';
import { invalid, NOT_FOUND, type RestAnswer, refusal } from './answers.ts';
import { commit, ref, tree, typeOfMode } from './git-shapes.ts';
import type { FakeGitHub, FakeRequest } from './server.ts';
import type { FakeRepository } from './store.ts';

interface TreeItem {
  readonly path: string;
  readonly mode: string;
  readonly type: 'blob' | 'tree' | 'commit';
  readonly sha?: string | null;
  readonly content?: string;
}

const EMPTY = refusal(409, 'Git Repository is empty.');
const ZERO = /^0+$/;

/**
 * `POST git/trees`: entries laid over `base_tree`, or a tree of its own. An entry of another kind than what it takes the
 * place of is refused, as libgit2 does: whoever relies on it would rely on something undocumented.
 */
export async function createTree(_: FakeGitHub, repo: FakeRepository, { body }: FakeRequest): Promise<RestAnswer> {
  if (repo.isEmpty()) return EMPTY;
  const items = body['tree'] as readonly TreeItem[];
  const base = body['base_tree'] as string | undefined;
  if (base !== undefined && repo.typeOf(base) !== 'tree') return invalid('base_tree is not a valid tree oid');
  if (items.length === 0) return invalid('Invalid tree info');
  const present =
    base === undefined
      ? new Map<string, string>()
      : kindsAt(
          repo,
          base,
          items.map(({ path }) => path),
        );
  const entries: Entry[] = [];
  for (const { path, mode, type, sha, content } of items) {
    if ((sha === undefined) === (content === undefined))
      return invalid('Must supply either tree.sha or tree.content. Request will be rejected if both are present.');
    const oid = content === undefined ? sha! : writeLoose(repo.gitDir, 'blob', Buffer.from(content));
    if (content === undefined && oid !== null && type !== 'commit' && repo.typeOf(oid) !== type)
      return invalid(`tree.sha ${oid} is not a valid ${type}`);
    const there = present.get(path);
    // What becomes of a folder's own entries is not documented.
    if (base !== undefined && type === 'tree' && there !== undefined) return invalid('GitRPC::BadObjectState');
    if (oid === null ? there === undefined : (there ?? type) !== type) return invalid('GitRPC::BadObjectState');
    entries.push({ path, mode, sha: oid });
  }
  if (base === undefined && entries.some(({ mode }) => mode === '040000')) {
    const lines = entries.map(({ path, mode, sha }) => `${mode} ${typeOfMode(mode)} ${sha}\t${path}\0`);
    return made(repo, git(repo.gitDir, ['mktree', '-z'], lines.join('')));
  }
  return overlay(repo, base, entries);
}

interface Entry {
  readonly path: string;
  readonly mode: string;
  readonly sha: string | null;
}

function kindsAt(repo: FakeRepository, tree: string, paths: readonly string[]): Map<string, string> {
  const lines = git(repo.gitDir, ['--literal-pathspecs', 'ls-tree', '-z', tree, '--', ...paths])
    .split('\0')
    .filter(Boolean);
  return new Map(lines.map((line) => [line.slice(line.indexOf('\t') + 1), line.split(' ')[1]!]));
}

/** `GET git/trees`: one level, or all files and folders below. */
export function readTree(
  _: FakeGitHub,
  repo: FakeRepository,
  { path }: FakeRequest,
  [name = '']: string[],
): RestAnswer {
  const sha = nameOf(repo, `${name}^{tree}`);
  if (sha === undefined) return NOT_FOUND;
  const flags = path.includes('recursive=') ? ['-r', '-t'] : [];
  const lines = git(repo.gitDir, ['ls-tree', '-z', ...flags, sha])
    .split('\0')
    .filter(Boolean);
  const entries = lines.map((line) => {
    const [mode = '', , oid = ''] = line.slice(0, line.indexOf('\t')).split(' ');
    return { path: line.slice(line.indexOf('\t') + 1), mode, sha: oid };
  });
  return { status: 200, body: tree(repo, sha, entries) };
}

export async function readCommit(
  _: FakeGitHub,
  repo: FakeRepository,
  __: FakeRequest,
  [sha = '']: string[],
): Promise<RestAnswer> {
  return repo.typeOf(sha) === 'commit' ? { status: 200, body: await commit(repo, sha) } : NOT_FOUND;
}

export function readRef(_: FakeGitHub, repo: FakeRepository, __: FakeRequest, [branch = '']: string[]): RestAnswer {
  const sha = repo.head(branch);
  return sha === null ? NOT_FOUND : { status: 200, body: ref(repo, branch, sha) };
}

function nameOf(repo: FakeRepository, name: string): string | undefined {
  const args = ['rev-parse', '--verify', '--quiet', name];
  const { status, stdout } = spawnSync('git', args, { cwd: repo.gitDir, env: GIT_ENV, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

let indexes = 0;

async function overlay(repo: FakeRepository, base: string | undefined, entries: readonly Entry[]): Promise<RestAnswer> {
  const index = join(repo.gitDir, `fake-index-${++indexes}`);
  const run = (args: readonly string[], input = '') =>
    spawnSync('git', args, { cwd: repo.gitDir, env: { ...GIT_ENV, GIT_INDEX_FILE: index }, input, encoding: 'utf8' });
  try {
    run(['read-tree', base ?? '--empty']);
    const lines = entries.flatMap(({ path, mode, sha }) => {
      if (sha === null) return [`0 ${'0'.repeat(40)}\t${path}\0`];
      return mode === '040000' ? below(repo, path, sha) : [`${mode} ${sha}\t${path}\0`];
    });
    const updated = run(['update-index', '-z', '--index-info'], lines.join(''));
    const written = run(['write-tree']);
    if (updated.status !== 0 || written.status !== 0) return invalid('GitRPC::BadObjectState');
    return await made(repo, written.stdout.trim());
  } finally {
    rmSync(index, { force: true });
  }
}

/** Every file of a tree, as it is at a path. */
function below(repo: FakeRepository, path: string, tree: string): string[] {
  const lines = git(repo.gitDir, ['ls-tree', '-r', '-z', tree]).split('\0').filter(Boolean);
  return lines.map((line) => {
    const tab = line.indexOf('\t');
    const [mode, , oid] = line.slice(0, tab).split(' ');
    return `${mode} ${oid}\t${path}/${line.slice(tab + 1)}\0`;
  });
}

export async function createCommit(_: FakeGitHub, repo: FakeRepository, { body }: FakeRequest): Promise<RestAnswer> {
  if (repo.isEmpty()) return EMPTY;
  const [root, parents] = [String(body['tree']), body['parents'] as readonly string[]];
  if (repo.typeOf(root) !== 'tree') return invalid('Tree SHA does not exist');
  if (parents.some((parent) => repo.typeOf(parent) !== 'commit')) return invalid('Parent SHA does not exist');
  const sha = writeCommit(repo.gitDir, root, parents, wholeLines(String(body['message'])));
  return { status: 201, body: await commit(repo, sha) };
}

/** A fast-forward is all that is asked for, unless it is forced. */
export function updateRef(
  fake: FakeGitHub,
  repo: FakeRepository,
  { body }: FakeRequest,
  [branch = '']: string[],
): RestAnswer {
  const [head, next] = [repo.head(branch), String(body['sha'])];
  if (head === null) return invalid('Reference does not exist');
  if (repo.typeOf(next) !== 'commit') return invalid('Object does not exist');
  if (fake.protectedRepositories.has(`${repo.owner}/${repo.name}`)) return invalid(PROTECTED);
  if (body['force'] !== true && !repo.isAncestor(head, next)) return invalid('Update is not a fast forward');
  moveBranch(repo.gitDir, branch, next);
  return { status: 200, body: ref(repo, branch, next) };
}

export const PROTECTED = 'Repository rule violations found\n\nChanges must be made through a pull request.\n\n';

export interface RefUpdate {
  readonly name: string;
  readonly afterOid: string;
  readonly beforeOid?: string;
  readonly force?: boolean;
}

/** GraphQL's `updateRefs`: all or nothing, each compared with what it has to be before. Null when done, else why not. */
export function updateRefs(repo: FakeRepository, updates: readonly RefUpdate[]): string | null {
  for (const { name, afterOid, beforeOid, force } of updates) {
    const head = repo.head(name.replace(/^refs\/heads\//, ''));
    const isAsExpected =
      beforeOid === undefined || beforeOid === null || (ZERO.test(beforeOid) ? head === null : beforeOid === head);
    if (!isAsExpected) return `Reference ${name} is not at ${beforeOid}`;
    if (!ZERO.test(afterOid) && repo.typeOf(afterOid) !== 'commit') return `${afterOid} is not a commit`;
    if (head !== null && !ZERO.test(afterOid) && !force && !repo.isAncestor(head, afterOid))
      return `Reference ${name} cannot be updated: not a fast forward`;
  }
  const [{ name, afterOid }, ...others] = updates as [RefUpdate];
  if (
    others.length === 0 &&
    !ZERO.test(afterOid) &&
    writeBranch(repo.gitDir, name.replace(/^refs\/heads\//, ''), afterOid)
  )
    return null;
  const lines = updates.map(({ name, afterOid }) =>
    ZERO.test(afterOid) ? `delete ${name}` : `update ${name} ${afterOid}`,
  );
  git(repo.gitDir, ['update-ref', '--stdin'], `${lines.join('\n')}\n`);
  return null;
}

/** As `git commit-tree` ends a message. */
function wholeLines(message: string): string {
  return message.endsWith('\n') ? message : `${message}\n`;
}

async function made(repo: FakeRepository, sha: string): Promise<RestAnswer> {
  const entries = (await repo.tree(sha)).map(({ name, mode, oid }) => {
    return { path: Buffer.from(name, 'latin1').toString('utf8'), mode: mode.padStart(6, '0'), sha: oid };
  });
  return { status: 201, body: tree(repo, sha, entries) };
}

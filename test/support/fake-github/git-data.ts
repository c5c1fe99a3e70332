import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { encodeObject, OBJECT_FORMATS } from '../../../lib/core/git/objects.ts';
import { GIT_ENV, git } from '../git.ts';
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
  const types = typesOf(repo, [base ?? '', ...items.map(({ sha }) => sha ?? '')]);
  if (base !== undefined && types.get(base) !== 'tree') return invalid('base_tree is not a valid tree oid');
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
    const oid = content === undefined ? sha! : writeBlob(repo, content);
    if (content === undefined && oid !== null && type !== 'commit' && types.get(oid) !== type)
      return invalid(`tree.sha ${oid} is not a valid ${type}`);
    const there = present.get(path);
    if (oid === null ? there === undefined : (there ?? type) !== type) return invalid('GitRPC::BadObjectState');
    entries.push({ path, mode, sha: oid });
  }
  if (entries.some(({ mode }) => mode === '040000')) {
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

function typesOf(repo: FakeRepository, names: readonly string[]): Map<string, string> {
  const asked = names.filter(Boolean);
  if (asked.length === 0) return new Map();
  const lines = git(repo.gitDir, ['cat-file', '--batch-check=%(objecttype)'], `${asked.join('\n')}\n`).split('\n');
  return new Map(asked.map((name, i) => [name, lines[i]!]));
}

function kindsAt(repo: FakeRepository, tree: string, paths: readonly string[]): Map<string, string> {
  const lines = git(repo.gitDir, ['--literal-pathspecs', 'ls-tree', '-z', tree, '--', ...paths])
    .split('\0')
    .filter(Boolean);
  return new Map(lines.map((line) => [line.slice(line.indexOf('\t') + 1), line.split(' ')[1]!]));
}

function writeBlob(repo: FakeRepository, content: string): string {
  const { oid, data } = encodeObject(OBJECT_FORMATS.sha1, 'blob', Buffer.from(content));
  const file = join(repo.gitDir, 'objects', oid.slice(0, 2), oid.slice(2));
  mkdirSync(dirname(file), { recursive: true });
  if (!existsSync(file)) writeFileSync(file, deflateSync(data));
  return oid;
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
  return typeOf(repo, sha) === 'commit' ? { status: 200, body: await commit(repo, sha) } : NOT_FOUND;
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
    const lines = entries.map(({ path, mode, sha }) =>
      sha === null ? `0 ${'0'.repeat(40)}\t${path}\0` : `${mode} ${sha}\t${path}\0`,
    );
    const updated = run(['update-index', '-z', '--index-info'], lines.join(''));
    const written = run(['write-tree']);
    if (updated.status !== 0 || written.status !== 0) return invalid('GitRPC::BadObjectState');
    return await made(repo, written.stdout.trim());
  } finally {
    rmSync(index, { force: true });
  }
}

export async function createCommit(_: FakeGitHub, repo: FakeRepository, { body }: FakeRequest): Promise<RestAnswer> {
  if (repo.isEmpty()) return EMPTY;
  const [root, parents] = [String(body['tree']), body['parents'] as readonly string[]];
  if (typeOf(repo, root) !== 'tree') return invalid('Tree SHA does not exist');
  if (parents.some((parent) => typeOf(repo, parent) !== 'commit')) return invalid('Parent SHA does not exist');
  const flags = parents.flatMap((parent) => ['-p', parent]);
  const sha = git(repo.gitDir, ['commit-tree', root, ...flags], String(body['message']));
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
  if (typeOf(repo, next) !== 'commit') return invalid('Object does not exist');
  if (fake.protectedRepositories.has(`${repo.owner}/${repo.name}`)) return invalid(PROTECTED);
  if (body['force'] !== true && !isAncestor(repo, head, next)) return invalid('Update is not a fast forward');
  git(repo.gitDir, ['update-ref', `refs/heads/${branch}`, next]);
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
    if (!ZERO.test(afterOid) && typeOf(repo, afterOid) !== 'commit') return `${afterOid} is not a commit`;
    if (head !== null && !ZERO.test(afterOid) && !force && !isAncestor(repo, head, afterOid))
      return `Reference ${name} cannot be updated: not a fast forward`;
  }
  const lines = updates.map(({ name, afterOid }) =>
    ZERO.test(afterOid) ? `delete ${name}` : `update ${name} ${afterOid}`,
  );
  git(repo.gitDir, ['update-ref', '--stdin'], `${lines.join('\n')}\n`);
  return null;
}

function typeOf(repo: FakeRepository, name: string): string | undefined {
  const { status, stdout } = spawnSync('git', ['cat-file', '-t', name], {
    cwd: repo.gitDir,
    env: GIT_ENV,
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}

function isAncestor(repo: FakeRepository, older: string, newer: string): boolean {
  const args = ['merge-base', '--is-ancestor', older, newer];
  return spawnSync('git', args, { cwd: repo.gitDir, env: GIT_ENV }).status === 0;
}

async function made(repo: FakeRepository, sha: string): Promise<RestAnswer> {
  const entries = (await repo.tree(sha)).map(({ name, mode, oid }) => {
    return { path: Buffer.from(name, 'latin1').toString('utf8'), mode: mode.padStart(6, '0'), sha: oid };
  });
  return { status: 201, body: tree(repo, sha, entries) };
}

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeCommit } from '../../lib/core/git/objects.ts';
import { afterFile } from './cleanup.ts';
import {
  editLoose,
  initBare,
  type LooseFile,
  listLoose,
  readBranch,
  readLoose,
  writeBranch,
  writeLoose,
} from './loose.ts';

/** 2026-11-02T09:00:00Z; the date of every commit that says nothing else. */
export const COMMIT_TIME = 1_793_610_000;

const made: string[] = [];

/** A folder of the test file's own, removed after its last test. */
export function tempFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'greenroom-test-')));
  if (made.push(folder) === 1) {
    // Faster than Node, which asks for what each entry is: there are tens of thousands of loose objects.
    afterFile(() => execFileSync('rm', ['-rf', ...made.splice(0)]));
  }
  return folder;
}

/** Environment of real git calls: no configuration of the machine, user and dates pinned, signing off. */
export const GIT_ENV: NodeJS.ProcessEnv = {
  ...process.env,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'commit.gpgSign',
  GIT_CONFIG_VALUE_0: 'false',
  GIT_AUTHOR_NAME: 'Test',
  GIT_AUTHOR_EMAIL: 'test@example.com',
  GIT_AUTHOR_DATE: `${COMMIT_TIME} +0000`,
  GIT_COMMITTER_NAME: 'Test',
  GIT_COMMITTER_EMAIL: 'test@example.com',
  GIT_COMMITTER_DATE: `${COMMIT_TIME} +0000`,
};

/** Runs git in a repository (bare, or a working copy) and gives its output without the last line feed. */
export function git(repo: string, args: readonly string[], input: string | Buffer = ''): string {
  const options = { cwd: repo, env: GIT_ENV, input, maxBuffer: 1 << 28, stdio: 'pipe' } as const;
  return execFileSync('git', args, options).toString('utf8').replace(/\n$/, '');
}

/** Text of a regular file, or an entry of another kind: content of a link, or the commit of a submodule. */
export type TestFile = string | Buffer | { readonly mode: '100755' | '120000' | '160000'; readonly content: string };
export type TestFiles = Readonly<Record<string, TestFile | null>>;

export interface RepoOptions {
  /** @default main */
  readonly branch?: string;
  /** @default sha1 */
  readonly objectFormat?: 'sha1' | 'sha256';
  /** @default - a temporary folder of its own */
  readonly path?: string;
}

/** A bare repository with one commit of these files, or with no commit when there are none. */
export function bareRepo(files: TestFiles = {}, options: RepoOptions = {}): string {
  const { branch = 'main', objectFormat = 'sha1', path = join(tempFolder(), 'repo.git') } = options;
  if (objectFormat === 'sha1') initBare(path, branch);
  else {
    const flags = ['--bare', '--quiet', '--template=', `--initial-branch=${branch}`, `--object-format=${objectFormat}`];
    execFileSync('git', ['init', ...flags, path], { env: GIT_ENV });
  }
  if (Object.keys(files).length > 0) commitFiles(path, files, { branch });
  return path;
}

export interface CommitOptions {
  /** @default main */
  readonly branch?: string;
  /** The commit to build on. @default - the branch's head, if there is one */
  readonly parent?: string;
  readonly message?: string;
  /** Unix seconds. @default {@link COMMIT_TIME} */
  readonly time?: number;
}

/** Adds one commit to a branch; null removes a path. Gives the commit's id. Fast for thousands of files. */
export function commitFiles(repo: string, files: TestFiles, options: CommitOptions = {}): string {
  const { branch = 'main', message = 'test', time = COMMIT_TIME } = options;
  const parent = options.parent ?? headOf(repo, branch);
  const commit = { branch, parent, message, stamp: stampAt(time) };
  return commitLoose(repo, files, commit) ?? importFiles(repo, files, commit);
}

interface Commit {
  readonly branch: string;
  readonly parent: string | null;
  readonly message: string;
  /** Who and when. */
  readonly stamp: string;
}

/** With more files than this git is faster, and packs them. */
const MAX_LOOSE = 400;

/** Without a process of git's; undefined where it takes git. */
function commitLoose(repo: string, files: TestFiles, { branch, parent, message, stamp }: Commit): string | undefined {
  const entries = Object.entries(files);
  if (entries.length > MAX_LOOSE || !isPlainBare(repo)) return undefined;
  const below = parent === null ? null : readLoose(repo, parent);
  if (below === undefined) return undefined;
  const edits = entries.map(([path, file]) => [path, file === null ? null : looseFile(file)] as const);
  const tree = editLoose(repo, below === null ? null : decodeCommit(below.content).tree, edits);
  if (tree === undefined) return undefined;
  const oid = writeCommit(repo, tree, parent === null ? [] : [parent], message, stamp);
  moveBranch(repo, branch, oid);
  return oid;
}

/** A commit that no branch knows of yet. @param stamp who and when */
export function writeCommit(
  repo: string,
  tree: string,
  parents: readonly string[],
  message: string,
  stamp = stampAt(COMMIT_TIME),
): string {
  const lines = [`tree ${tree}`, ...parents.map((parent) => `parent ${parent}`), `author ${stamp}`];
  return writeLoose(repo, 'commit', Buffer.from([...lines, `committer ${stamp}`, '', message].join('\n')));
}

/** Puts a branch at a commit, wherever it was. */
export function moveBranch(repo: string, branch: string, oid: string): void {
  // Git waits for whoever holds the lock.
  if (!writeBranch(repo, branch, oid)) git(repo, ['update-ref', `refs/heads/${branch}`, oid]);
}

function stampAt(time: number): string {
  return `Test <test@example.com> ${time} +0000`;
}

function looseFile(file: TestFile): LooseFile {
  const { mode, content } =
    typeof file === 'string' || Buffer.isBuffer(file) ? { mode: '100644', content: file } : file;
  return { mode, content: mode === '160000' ? { oid: String(content) } : Buffer.from(content) };
}

/** Bare, refs in files, named by sha1. */
function isPlainBare(repo: string): boolean {
  return existsSync(join(repo, 'refs', 'heads')) && !readFileSync(join(repo, 'config'), 'utf8').includes('sha256');
}

function importFiles(repo: string, files: TestFiles, { branch, parent, message, stamp }: Commit): string {
  const lines: (string | Buffer)[] = [`commit refs/heads/${branch}\ncommitter ${stamp}\n`, ...data(message)];
  if (parent !== null) lines.push(`from ${parent}\n`);
  for (const [path, file] of Object.entries(files)) lines.push(...fileCommand(path, file));
  git(repo, ['fast-import', '--quiet', '--force'], Buffer.concat(lines.map((line) => Buffer.from(line))));
  return headOf(repo, branch)!;
}

function fileCommand(path: string, file: TestFile | null): (string | Buffer)[] {
  const quoted = JSON.stringify(path);
  if (file === null) return [`D ${quoted}\n`];
  const { mode, content } =
    typeof file === 'string' || Buffer.isBuffer(file) ? { mode: '100644', content: file } : file;
  if (mode === '160000') return [`M 160000 ${content} ${quoted}\n`];
  return [`M ${mode} inline ${quoted}\n`, ...data(content)];
}

function data(content: string | Buffer): (string | Buffer)[] {
  return [`data ${Buffer.byteLength(content)}\n`, content, '\n'];
}

/** The branch's commit, or null. */
export function headOf(repo: string, branch = 'main'): string | null {
  const loose = readBranch(repo, branch);
  if (loose !== undefined) return loose;
  if (existsSync(join(repo, 'refs', 'heads')) && !existsSync(join(repo, 'packed-refs'))) return null;
  return git(repo, ['for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`]) || null;
}

/** Mode and id of every file, link and submodule of a commit, by its path. */
export function entriesOf(repo: string, commit = 'main'): Map<string, { readonly mode: string; readonly oid: string }> {
  const loose = listLoose(repo, commit);
  if (loose !== undefined) return loose;
  const lines = git(repo, ['ls-tree', '-r', '-z', commit]).split('\0').filter(Boolean);
  return new Map(
    lines.map((line) => {
      const [mode = '', , oid = ''] = line.slice(0, line.indexOf('\t')).split(' ');
      return [line.slice(line.indexOf('\t') + 1), { mode, oid }];
    }),
  );
}

/** All regular files of a commit as text, read by git's own commands. */
export function filesOf(repo: string, commit = 'main'): Record<string, string> {
  const entries = git(repo, ['ls-tree', '-r', '-z', commit])
    .split('\0')
    .filter((line) => /^100(644|755) blob /.test(line))
    .map((line) => /^\d+ blob ([0-9a-f]+)\t(.+)$/s.exec(line)!.slice(1) as [string, string]);
  const ids = entries.map(([oid]) => `${oid}\n`).join('');
  const output = execFileSync('git', ['cat-file', '--batch'], {
    cwd: repo,
    env: GIT_ENV,
    input: ids,
    maxBuffer: 1 << 28,
  });
  const files: Record<string, string> = {};
  let at = 0;
  for (const [, path] of entries) {
    const line = output.indexOf(0x0a, at);
    const size = Number(output.toString('latin1', at, line).split(' ')[2]);
    files[path] = output.toString('utf8', line + 1, line + 1 + size);
    at = line + size + 2;
  }
  return files;
}

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** 2026-11-02T09:00:00Z; the date of every commit that says nothing else. */
export const COMMIT_TIME = 1_793_610_000;

const made: string[] = [];
afterAll(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder of the test file's own, removed after its last test. */
export function tempFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'greenroom-test-')));
  made.push(folder);
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
  const flags = ['--bare', '--quiet', '--template=', `--initial-branch=${branch}`, `--object-format=${objectFormat}`];
  execFileSync('git', ['init', ...flags, path], { env: GIT_ENV });
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
  const ref = `refs/heads/${branch}`;
  const parent = options.parent ?? headOf(repo, branch);
  const stamp = `committer Test <test@example.com> ${time} +0000\n`;
  const lines: (string | Buffer)[] = [`commit ${ref}\n${stamp}`, ...data(message)];
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
  // A branch that was written lately is a file of its own; a process for each look would be most of what is measured.
  const loose = join(repo, 'refs', 'heads', branch);
  if (existsSync(loose)) return readFileSync(loose, 'utf8').trim();
  return git(repo, ['for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`]) || null;
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

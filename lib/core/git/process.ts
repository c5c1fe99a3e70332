import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { GreenroomError } from '../errors.ts';
import { gitFailure } from './failure.ts';
import { redact } from './redact.ts';

/** How git is called for one repository. None of it is written to disk or shown. */
export interface GitOptions {
  /** The repository, so that git does not search the parent folders. */
  readonly gitDir?: string;
  /** Configuration for these calls only, as `[key, value]`, passed in the environment, which other users cannot read. */
  readonly config?: readonly (readonly [string, string])[];
  /** Strings to redact in messages. */
  readonly secrets?: readonly string[];
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** For a repository of strangers. @default - none */
  readonly limits?: GitLimits;
}

/** What one git process may use. Windows has no such limits for a process; only the time counts there. */
export interface GitLimits {
  /** Largest file that it may write, in bytes. What a server sends becomes one file. */
  readonly fileBytes: number;
  /** Bytes of data in memory. */
  readonly memoryBytes: number;
  /** Milliseconds. */
  readonly timeout: number;
}

export interface GitRun {
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds after which git is killed. @default - that of the limits, else 120000 */
  readonly timeout?: number;
}

export interface GitOutput {
  readonly code: number;
  readonly stdout: string;
  /** Redacted. */
  readonly stderr: string;
}

// Hooks and wrappers set these; with them git would use another repository.
const FOREIGN = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_COMMON_DIR',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
  'GIT_SHALLOW_FILE',
  'GIT_GRAFT_FILE',
  'GIT_QUARANTINE_PATH',
];

/** The environment of a call: one repository, messages in English, no prompt on a terminal. */
export function gitEnvironment(options: GitOptions): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...(options.env ?? process.env) };
  for (const name of FOREIGN) delete env[name];
  if (options.gitDir !== undefined) env['GIT_DIR'] = options.gitDir;
  env['LC_ALL'] = 'C';
  env['GIT_TERMINAL_PROMPT'] = '0';
  // A replacement object has other bytes than its id says.
  env['GIT_NO_REPLACE_OBJECTS'] = '1';
  let count = Number(env['GIT_CONFIG_COUNT'] ?? 0);
  for (const [key, value] of options.config ?? []) {
    env[`GIT_CONFIG_KEY_${count}`] = key;
    env[`GIT_CONFIG_VALUE_${count}`] = value;
    count += 1;
  }
  env['GIT_CONFIG_COUNT'] = String(count);
  return env;
}

/** Starts git within its limits. */
export function spawnGit(
  options: GitOptions,
  args: readonly string[],
  { env, timeout }: Pick<GitRun, 'env' | 'timeout'> = {},
): ChildProcessWithoutNullStreams {
  const settings = { env: { ...gitEnvironment(options), ...env }, timeout };
  const { limits } = options;
  if (limits === undefined || process.platform === 'win32') return spawn('git', args, settings);
  // `ulimit -f` counts blocks of 512 bytes, `-t` seconds of processor time, `-d` KiB of data: not what a
  // program only reserves, as credential helpers on some runtimes do.
  const [blocks, kib] = [Math.ceil(limits.fileBytes / 512), Math.ceil(limits.memoryBytes / 1024)];
  const seconds = Math.ceil(limits.timeout / 1000);
  const script = `ulimit -f ${blocks}; ulimit -t ${seconds}; ulimit -d ${kib} 2>/dev/null; exec git "$@"`;
  return spawn('sh', ['-c', script, 'git', ...args], settings);
}

/** Runs git and returns its output for any exit code. Throws if it cannot be started or takes too long. */
export async function tryGit(options: GitOptions, args: readonly string[], run: GitRun = {}): Promise<GitOutput> {
  const timeout = run.timeout ?? options.limits?.timeout ?? 120_000;
  const child = spawnGit(options, args, { ...run, timeout });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  // If git ends without reading its input, its exit code tells the result.
  child.stdin.on('error', () => {});
  child.stdin.end(run.input ?? '');
  // Git's helpers may live on and keep the pipes open, e.g. while a server does not answer.
  child.once('exit', (_, signal) => {
    if (signal === null) return;
    child.stdout.destroy();
    child.stderr.destroy();
  });
  const notStarted = (cause: unknown) =>
    new GreenroomError('failed', 'git could not be started: is it installed and on the PATH?', { cause });
  const [code, signal] = (await once(child, 'close').catch((cause: unknown) => {
    throw notStarted(cause);
  })) as [number | null, string | null];
  const said = redact(Buffer.concat(stderr).toString('utf8'), options.secrets);
  if (code === 127) throw notStarted(said);
  if (signal === 'SIGXFSZ') throw gitFailure(`git ${args[0]}`, 'file size limit');
  if (signal !== null) {
    throw new GreenroomError('unreachable', `git ${args[0]} did not finish in time and was killed`, { cause: said });
  }
  return { code: code ?? 1, stdout: Buffer.concat(stdout).toString('utf8'), stderr: said };
}

/** Runs git and returns its output; throws for an exit code other than 0, with `doing` in the message. */
export async function git(
  options: GitOptions,
  args: readonly string[],
  run: GitRun & { readonly doing: string },
): Promise<string> {
  const output = await tryGit(options, args, run);
  if (output.code !== 0) throw gitFailure(run.doing, output.stderr);
  return output.stdout;
}

import { spawn } from 'node:child_process';
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
}

export interface GitRun {
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds after which git is killed. @default 120000 */
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

/** Runs git and returns its output for any exit code. Throws if it cannot be started or takes too long. */
export async function tryGit(options: GitOptions, args: readonly string[], run: GitRun = {}): Promise<GitOutput> {
  const child = spawn('git', args, {
    env: { ...gitEnvironment(options), ...run.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: run.timeout ?? 120_000,
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  // If git ends without reading its input, its exit code tells the result.
  child.stdin.on('error', () => {});
  child.stdin.end(run.input ?? '');
  const [code, signal] = (await once(child, 'close').catch((cause: unknown) => {
    throw new GreenroomError('failed', 'git could not be started: is it installed and on the PATH?', { cause });
  })) as [number | null, string | null];
  const said = redact(Buffer.concat(stderr).toString('utf8'), options.secrets);
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

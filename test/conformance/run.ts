import { spawn } from 'node:child_process';

/** What a finished program left behind. */
export interface CommandResult {
  /** Exit code; 128 when a signal ended the program, which stderr then names. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** @default - an empty standard input */
  readonly stdin?: string;
  /** @default - the working directory of this process */
  readonly cwd?: string;
  /** Added to this process' environment. @default - nothing is added */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds until the program is killed. @default 120000 */
  readonly timeoutMs?: number;
}

/** Runs a program to its end. A program that cannot be started rejects; one that fails resolves with its code. */
export function tryRun(command: string, args: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? 120_000,
      killSignal: 'SIGKILL',
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    // A program that ends without reading its input is judged by its code, not by the broken pipe.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
    child.on('close', (code, signal) => {
      if (signal !== null) err.push(Buffer.from(`\nended by ${signal}\n`));
      resolve({ code: code ?? 128, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
  });
}

/** Like {@link tryRun}, but an exit code other than 0 is an error that shows what the program said. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await tryRun(command, args, options);
  if (result.code !== 0) {
    const said = result.stderr.trim() || result.stdout.trim();
    throw new Error(`${[command, ...args].join(' ')} ended with ${result.code}:\n${said}`);
  }
  return result.stdout;
}

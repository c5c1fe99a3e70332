import { spawn } from 'node:child_process';
import { inject } from 'vitest';
import { main } from '../../lib/cli/main.ts';

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A fake GitHub needs no pause between changes. */
export const NO_PAUSE = { GREENROOM_CHANGE_INTERVAL: '0' };

/** Runs the command as a process of its own. */
export function greenroom(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [inject('command'), ...args], {
      cwd: options.cwd,
      env: { ...process.env, ...NO_PAUSE, ...options.env },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.end(options.input ?? '');
  });
}

/**
 * The same command line inside this process: for many runs, where starting processes would be all that is measured.
 *
 * @param interactive whether a terminal is there
 */
export async function inProcess(
  args: readonly string[],
  cwd = '/',
  env: NodeJS.ProcessEnv = {},
  interactive = false,
): Promise<Run> {
  let [stdout, stderr, code] = ['', '', 0];
  await main(args, {
    out: (text) => {
      stdout += text;
    },
    err: (text) => {
      stderr += text;
    },
    env: { ...NO_PAUSE, ...env },
    cwd,
    interactive,
    fail: (exitCode) => {
      code = Math.max(code, exitCode);
    },
  });
  return { code, stdout, stderr };
}

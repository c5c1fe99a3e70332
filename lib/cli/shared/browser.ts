import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Io } from './io.ts';

/** Program that opens an address, by Node's platform name. `cmd /c start` would interpret characters of the address. */
const OPENERS: Readonly<Record<string, readonly string[]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** The program of `BROWSER`, or the system's own. */
function opener({ BROWSER }: Io['env']): readonly string[] {
  const own = (BROWSER ?? '').split(':')[0]!.trim();
  return own === '' ? (OPENERS[process.platform] ?? ['xdg-open']) : own.split(/\s+/);
}

/**
 * Opens an address in a browser, without a shell.
 *
 * @param seconds a program that fails does so within this time; one that still runs then is a browser. @default 3
 * @returns why it failed; null if it was opened
 */
export async function openInBrowser(url: string, io: Pick<Io, 'env'>, seconds = 3): Promise<string | null> {
  const [program = '', ...args] = opener(io.env);
  const child = spawn(program, [...args, url], { env: { ...io.env }, stdio: 'ignore', detached: true });
  const ended = once(child, 'close').then(
    ([code]) => (code === 0 ? null : `${program} ended with ${code ?? 'a signal'}`),
    (error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' ? `${program} is not there` : `${program}: ${error.code}`,
  );
  const stop = new AbortController();
  const runsOn = new Promise<null>((resolve) => {
    const timer = setTimeout(() => resolve(null), seconds * 1000);
    stop.signal.addEventListener('abort', () => clearTimeout(timer));
  });
  const why = await Promise.race([ended, runsOn]);
  stop.abort();
  child.unref();
  return why;
}

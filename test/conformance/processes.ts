import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Servers, and a temporary folder for their state and logs, that live no longer than the test process: `stop` ends
 * and removes them, and a watchdog does when this process ends without that, even by SIGKILL. Each server writes to
 * `<folder>/<name>.log`.
 */
export class Processes {
  readonly folder: string;
  readonly #running = new Map<string, ChildProcess>();
  readonly #ended = new Map<string, string>();
  readonly #watchdog: ChildProcess;

  constructor(purpose: string) {
    this.folder = mkdtempSync(join(tmpdir(), `greenroom-${purpose}-`));
    this.#watchdog = spawn(process.execPath, [join(import.meta.dirname, 'watchdog.mjs'), this.folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      // A signal to the test run's group, as Ctrl-C sends it, must not reach the watchdog first.
      detached: true,
    });
    // The watchdog alone must not keep the test process alive.
    this.#watchdog.unref();
    (this.#watchdog.stdin as unknown as { unref(): void }).unref();
  }

  /** The process ids of what runs now, by name. */
  get pids(): ReadonlyMap<string, number> {
    return new Map([...this.#running].map(([name, child]) => [name, child.pid as number]));
  }

  /** Starts a server. `env` is added to this process' environment. */
  start(name: string, command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
    const log = openSync(this.logFile(name), 'a');
    const child = spawn(command, args, {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...env },
      detached: true,
    });
    closeSync(log);
    this.#running.set(name, child);
    if (child.pid !== undefined) this.#watchdog.stdin?.write(`+${child.pid}\n`);
    child.on('error', (error) => this.#leave(name, child, error.message));
    child.on('exit', (code, signal) => this.#leave(name, child, `ended with ${signal ?? code}`));
  }

  #leave(name: string, child: ChildProcess, how: string): void {
    if (this.#running.get(name) === child) this.#running.delete(name);
    this.#ended.set(name, how);
    if (child.pid !== undefined) this.#watchdog.stdin?.write(`-${child.pid}\n`);
  }

  logFile(name: string): string {
    return join(this.folder, `${name}.log`);
  }

  /** @throws Error when the named server is not running, with the end of its log */
  check(name: string): void {
    if (this.#running.has(name)) return;
    const log = readFileSync(this.logFile(name), 'utf8').split('\n').slice(-15).join('\n');
    throw new Error(`${name} is not running: ${this.#ended.get(name) ?? 'never started'}\n${log}`);
  }

  /**
   * Ends one server, if it runs, and waits until it is gone. SIGKILL, because nothing of theirs is kept and
   * kube-apiserver would otherwise drain for a minute.
   */
  async end(name: string): Promise<void> {
    const child = this.#running.get(name);
    if (child === undefined) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Ends every server, last started first, and has the watchdog remove the folder; waits until all are gone. */
  async stop(): Promise<void> {
    for (const name of [...this.#running.keys()].reverse()) await this.end(name);
    if (this.#watchdog.exitCode !== null) return;
    const gone = once(this.#watchdog, 'exit');
    this.#watchdog.stdin?.end();
    await gone;
  }
}

/** That many different TCP ports of the loopback that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  for (let i = 0; i < count; i++) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
  }
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  for (const server of servers) {
    server.close();
    await once(server, 'close');
  }
  return ports;
}

/** Whether a process with that id exists. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

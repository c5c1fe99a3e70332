import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { GitOptions } from '../core/git/process.ts';
import { gitEnvironment } from '../core/git/process.ts';

/** Milliseconds after which git is killed; its own wait for locks is shorter. */
const TIMEOUT = 30_000;
const DONE = 'commit: ok\n';

/**
 * Moves refs through one `git update-ref --stdin` process that is kept running, since starting git takes longer than
 * moving a ref. It answers in the order of the requests and ends at the first error, without a reason.
 */
export class RefSession {
  readonly #options: GitOptions;
  readonly #reason: string;
  readonly #waiting: ((moved: boolean) => void)[] = [];
  #child: ChildProcessWithoutNullStreams | undefined;
  #exited: Promise<void> = Promise.resolve();

  /** @param reason for the reflog */
  constructor(options: GitOptions, reason: string) {
    this.#options = options;
    this.#reason = reason;
  }

  /** Starts git early, while the caller prepares the commit. */
  start(): void {
    this.#child ??= this.#spawn();
  }

  /**
   * Moves a ref if it is exactly at `old` (all zeros: if it does not exist). Returns false if it was not moved or the
   * result is unknown.
   */
  async move(ref: string, next: string, old: string): Promise<boolean> {
    this.#child ??= this.#spawn();
    const child = this.#child;
    const timer = setTimeout(() => child.kill(), TIMEOUT);
    const moved = await new Promise<boolean>((resolve) => {
      this.#waiting.push(resolve);
      child.stdin.write(`start\nupdate ${ref} ${next} ${old}\ncommit\n`);
    });
    clearTimeout(timer);
    return moved;
  }

  async close(): Promise<void> {
    this.#child?.stdin.end();
    await this.#exited;
  }

  #spawn(): ChildProcessWithoutNullStreams {
    const child = spawn('git', ['update-ref', '-m', this.#reason, '--stdin'], { env: gitEnvironment(this.#options) });
    let said = '';
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      said += text;
      for (let at = said.indexOf(DONE); at >= 0; at = said.indexOf(DONE)) {
        said = said.slice(at + DONE.length);
        this.#waiting.shift()?.(true);
      }
    });
    child.stderr.resume();
    child.stdin.on('error', () => {});
    this.#exited = new Promise((resolve) => {
      const end = () => {
        if (this.#child === child) this.#child = undefined;
        for (const settle of this.#waiting.splice(0)) settle(false);
        resolve();
      };
      child.on('error', end).on('close', end);
    });
    return child;
  }
}

import { spawnSync } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

export const hasTerminal = spawnSync('tmux', ['-V']).status === 0;

let sessions = 0;

/** A real terminal with a shell in a folder, gone with the test. */
export class Terminal {
  private readonly socket = `greenroom-${process.pid}-${sessions++}`;

  constructor(cwd: string, env: Readonly<Record<string, string>> = {}) {
    onTestFinished(() => {
      this.tmux('kill-server');
    });
    const variables = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    this.tmux('new-session', '-d', '-x', '120', '-y', '60', '-c', cwd, ...variables, 'sh');
  }

  private tmux(...args: string[]): string {
    return spawnSync('tmux', ['-L', this.socket, '-f', '/dev/null', ...args], { encoding: 'utf8' }).stdout;
  }

  type(text: string): void {
    this.tmux('send-keys', '-l', text);
  }

  press(key: 'Enter' | 'C-c' | 'C-d'): void {
    this.tmux('send-keys', key);
  }

  /** Everything that was shown. */
  screen(): string {
    return this.tmux('capture-pane', '-p', '-S', '-');
  }

  /** Waits until something is shown. @throws with the screen if it is not within 30 seconds */
  async shows(what: RegExp): Promise<void> {
    for (const until = Date.now() + 30_000; Date.now() < until; await setTimeout(50)) {
      if (what.test(this.screen())) return;
    }
    throw new Error(`${what} is not shown:\n${this.screen()}`);
  }
}

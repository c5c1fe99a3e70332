import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { inject, onTestFinished } from 'vitest';
import { NO_PAUSE } from '../support/command.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { World } from '../support/world.ts';
import { deliver as deliverEvent, SECRET } from './deliver.ts';

export interface Receiver {
  readonly child: ChildProcess;
  readonly url: string;
  readonly log: readonly Record<string, unknown>[];
}

const GitHubWorld = overGitHub(World);
export const NOW = Math.floor(Date.now() / 1000) - 60;

/** Pull requests of acme/shop, 1 to `count`, and GitHub. */
export async function opened(count: number, platform?: string) {
  const world = new GitHubWorld(platform);
  world.now = NOW + 60;
  world.push('shop', undefined, NOW);
  for (let number = 1; number <= count; number += 1) world.pull('shop', number, { createdAt: NOW, updatedAt: NOW });
  return { world, fake: await world.github() };
}

/** For what a receiver does some time after it was told. */
export const WAIT = { timeout: 50_000, interval: 100 };

/** A receiver as a process of its own; comes back when it listens. */
export async function serve(fake: { url: string; token: string }, ...args: string[]): Promise<Receiver> {
  const command = [
    inject('command'),
    'serve',
    '--apps-repo',
    'acme/previews',
    '--listen',
    '127.0.0.1:0',
    '--format',
    'json',
  ];
  const github = { GITHUB_TOKEN: fake.token, GITHUB_API_URL: fake.url, GREENROOM_WEBHOOK_SECRET: SECRET };
  const env = { ...process.env, ...NO_PAUSE, ...github };
  const child = spawn(process.execPath, [...command, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const log: Record<string, unknown>[] = [];
  const lines = createInterface({ input: child.stderr! });
  const url = await new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      const entry = JSON.parse(line);
      log.push(entry);
      if (entry.event === 'listening') resolve(entry.url);
    });
    child.once('close', () => reject(new Error(`it ended: ${JSON.stringify(log)}`)));
  });
  return { child, url, log };
}

/** GitHub says that a pull request of acme/shop changed; gives the answer's status, null for none. */
export async function deliver(url: string, number: number): Promise<number | null> {
  const payload = { repository: { name: 'shop', owner: { login: 'acme' } }, pull_request: { number } };
  return deliverEvent(url, 'pull_request', payload).then(
    ({ status }) => status,
    () => null,
  );
}

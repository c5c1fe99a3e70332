import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { deliver, SECRET } from '../../test/serve/deliver.ts';
import { git } from '../../test/support/git.ts';
import { earlierCheckout } from './earlier.ts';
import { root } from './inputs.ts';
import { ratio, summarize } from './measure.ts';

/** Latency of GitHub, in milliseconds. */
const LATENCY = 100;
const PULLS = 40;
/** Each receiver makes one more preview first: receivers run for days, so they are measured warm. */
const REPLICAS = 2;
const DELIVERIES = 1000;
/** For measurements that are compared with another one. */
const ROUNDS = 3;
const LONGEST = 300_000;

/** The first line of a stream of a process that is JSON with a given field. */
async function firstWith<T>(child: ChildProcess, stream: 'stdout' | 'stderr', field: string): Promise<T> {
  for await (const line of createInterface({ input: child[stream]! })) {
    const entry = JSON.parse(line) as Record<string, unknown>;
    if (Object.hasOwn(entry, field)) {
      child[stream]!.resume();
      return entry as T;
    }
  }
  throw new Error(`${child.spawnargs.join(' ')} ended`);
}

/** Receivers of a checkout and a slow GitHub, each a process. */
async function hosted(checkout: string, replicas: number) {
  const script = fileURLToPath(new URL('github.ts', import.meta.url));
  const args = ['--import', 'tsx', script, String(PULLS + REPLICAS), String(LATENCY)];
  const host = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const { url, token, apps, source } = await firstWith<Host>(host, 'stdout', 'apps');
  const hostLines = createInterface({ input: host.stdout! });
  const env = { ...process.env, GITHUB_TOKEN: token, GITHUB_API_URL: url, GREENROOM_WEBHOOK_SECRET: SECRET };
  const options = ['--apps-repo', 'acme/previews', '--listen', '127.0.0.1:0', '--sweep-every', 'never'];
  const command = [join(checkout, 'bin/greenroom.cjs'), 'serve', ...options, '--format', 'json'];
  const receivers = Array.from({ length: replicas }, () =>
    spawn(process.execPath, command, { env, stdio: ['ignore', 'ignore', 'pipe'] }),
  );
  const listening = await Promise.all(receivers.map((child) => firstWith<{ url: string }>(child, 'stderr', 'url')));
  return {
    urls: listening.map((entry) => entry.url),
    /** Gives each pull request a new head. */
    push: async (round: number) => {
      const pushed = once(hostLines, 'line');
      host.stdin!.write(`${round}\n`);
      await pushed;
    },
    /** Previews of the present heads of their pull requests. */
    previews: () => {
      const heads = new Set(git(source, ['for-each-ref', '--format=%(objectname)', 'refs/heads/change-*']).split('\n'));
      const records = git(apps, ['ls-tree', '-r', 'main', '--', 'previews']).split('\n');
      const blobs = records.flatMap((line) => /^100644 blob (\w+)\t.*\/preview\.json$/.exec(line)?.[1] ?? []);
      const texts = git(apps, ['cat-file', '--batch'], blobs.map((blob) => `${blob}\n`).join(''));
      return [...texts.matchAll(/"headSha": "(\w+)"/g)].filter(([, sha]) => heads.has(sha!)).length;
    },
    commits: () => Number(git(apps, ['rev-list', '--count', 'main'])) - 1,
    /** Of the largest, in megabytes. */
    memory: () =>
      Math.max(...receivers.map(({ pid }) => Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)])) / 1024)),
    close: async () => {
      // Reports that are still queued after the measurement do not matter.
      for (const child of receivers) child.kill('SIGKILL');
      host.stdin!.end();
      await once(host, 'close');
    },
  };
}

const payload = (number: number) => ({
  action: 'synchronize',
  repository: { name: 'app-1', owner: { login: 'acme' } },
  pull_request: { number },
});

async function allThere(previews: () => number, count: number, started: number): Promise<number> {
  while (previews() < count && performance.now() - started < LONGEST) await setTimeout(50);
  return (performance.now() - started) / 1000;
}

/** Delivers many pull requests at once: seconds until all have their previews, and the number of commits. */
async function atOnce(checkout: string, replicas: number, count: number) {
  const { urls, previews, commits, close } = await hosted(checkout, replicas);
  for (const [i, url] of urls.entries()) {
    await deliver(url, 'pull_request', payload(PULLS + 1 + i));
    await allThere(previews, i + 1, performance.now());
  }
  const before = commits();
  const started = performance.now();
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  await Promise.all(numbers.map((n) => deliver(urls[n % urls.length]!, 'pull_request', payload(n))));
  const seconds = await allThere(previews, urls.length + count, started);
  const result = { seconds, commits: commits() - before };
  await close();
  return result;
}

/**
 * A thousand deliveries in a minute about forty pull requests, each of which has a new head by then: the time of each
 * answer, and until all previews are those of the last heads.
 */
async function aThousand(checkout: string) {
  const { urls, push, previews, commits, memory, close } = await hosted(checkout, 1);
  const times: number[] = [];
  const each = 20;
  const pause = (60_000 / DELIVERIES) * each;
  const started = performance.now();
  for (let i = 0; i < DELIVERIES; i += each) {
    if (i % PULLS === 0) await push(1 + i / PULLS);
    const some = Array.from({ length: each }, async (_, k) => {
      const sent = performance.now();
      await deliver(urls[0]!, 'pull_request', payload(((i + k) % PULLS) + 1));
      times.push(performance.now() - sent);
    });
    await Promise.all([...some, setTimeout(pause)]);
  }
  const seconds = await allThere(previews, PULLS, started);
  const [megabytes, made] = [memory(), commits()];
  await close();
  const sorted = times.sort((a, b) => a - b);
  return {
    p99: sorted[Math.floor(sorted.length * 0.99)]!,
    middle: summarize(times).median,
    seconds,
    megabytes,
    commits: made,
  };
}

interface Host {
  readonly url: string;
  readonly token: string;
  /** Git directories. */
  readonly apps: string;
  readonly source: string;
}

type Load = readonly [label: string, replicas: number, count: number];
const LOADS: readonly Load[] = [
  ['one pull request alone', 1, 1],
  [`${PULLS} at once, one receiver`, 1, PULLS],
  [`${PULLS} at once, two receivers`, 2, PULLS],
];

/** Median seconds and commits of each load; candidates alternate, so that a slower machine affects all of them. */
async function measured(checkouts: readonly string[]) {
  const found = new Map<string, { seconds: number; commits: number }[]>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [label, ...load] of LOADS) {
      for (const checkout of checkouts) {
        const key = `${checkout} ${label}`;
        found.set(key, [...(found.get(key) ?? []), await atOnce(checkout, ...load)]);
      }
    }
  }
  return (checkout: string, [label]: Load) => {
    const all = found.get(`${checkout} ${label}`)!;
    return {
      seconds: summarize(all.map(({ seconds }) => seconds)).median,
      commits: summarize(all.map(({ commits }) => commits)).median,
    };
  };
}

/**
 * Many pull requests at once over a GitHub with latency.
 *
 * @param against a built checkout of another commit to compare with in the same run, or `none` @default - an earlier commit
 */
export async function receiver(against?: string): Promise<void> {
  const given = against === 'none' ? undefined : against && resolve(against);
  const earlier = against === undefined ? earlierCheckout() : given;
  if (earlier !== undefined && !existsSync(join(earlier, 'dist/cli/greenroom.cjs')))
    throw new Error(`${earlier} is not a built checkout: run \`npm ci && npm run build\` there`);
  console.log(`A receiver, ${LATENCY} ms from GitHub, ${PULLS} pull requests at once`);
  const of = await measured(earlier === undefined ? [root] : [root, earlier]);
  for (const load of LOADS) {
    const { seconds, commits } = of(root, load);
    console.log(`  ${load[0]}: ${seconds.toFixed(1)} s, ${commits} commits`);
    if (earlier !== undefined)
      ratio(`${load[0]}, seconds / earlier`, seconds / of(earlier, load).seconds, { atMost: 1.25 });
  }
  const [alone, one, two] = LOADS.map((load) => of(root, load)) as [Found, Found, Found];
  ratio(`${PULLS} / 1, seconds`, one.seconds / alone.seconds, { atMost: 20 });
  ratio(`${PULLS} at once, one receiver, in s`, one.seconds, { atMost: 60 });
  ratio(`${PULLS} at once, two receivers, in s`, two.seconds, { atMost: 60 });
  ratio('commits of one receiver', one.commits, { atMost: 10 });
  ratio('commits of two receivers', two.commits, { atMost: 10 });
  ratio('two receivers / one, seconds', two.seconds / one.seconds, { atMost: 1.1 });
  const { p99, middle, seconds, megabytes, commits } = await aThousand(root);
  console.log(
    `  ${DELIVERIES} deliveries in a minute: answers ${middle.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ${commits} commits`,
  );
  ratio('answers, p99 in ms', p99, { atMost: 50 });
  ratio('all right after, in s', seconds, { atMost: 90 });
  ratio('memory, in MB', megabytes, { atMost: 200 });
}

type Found = { readonly seconds: number; readonly commits: number };

import { setTimeout } from 'node:timers/promises';
import { systemClock } from '../../lib/core/clock.ts';
import { GitHubForge } from '../../lib/github/forge.ts';
import { ProcessCache } from '../../lib/github/http/cache.ts';
import { openGitHub } from '../../lib/github/http/open.ts';
import { GitHubAppsRepo } from '../../lib/github/repo/apps-repo.ts';
import { gitHubWebhooks } from '../../lib/github/webhook.ts';
import { Service } from '../../lib/serve/service.ts';
import { deliver, SECRET } from '../../test/serve/deliver.ts';
import { manyPulls } from '../../test/support/fake-github/many.ts';
import { FakeGitHub } from '../../test/support/fake-github/server.ts';
import { bareRepo, git } from '../../test/support/git.ts';
import { platformText, previewText } from '../../test/support/inputs.ts';
import { World } from '../../test/support/world.ts';
import { ratio, summarize } from './measure.ts';

/** Between us and GitHub, in milliseconds. */
const LATENCY = 100;
const PULLS = 40;

/** A world of open pull requests on a GitHub that takes its time, and receivers that share its apps repo. */
async function hosted(replicas: number) {
  const world = new World();
  const now = systemClock() - 60;
  manyPulls(world, 1, PULLS, (n) => previewText(`env: { SERIAL: "${n}" }`), now);
  const apps = bareRepo({ 'greenroom.yaml': platformText() }, { path: `${world.forge}/acme/previews.git` });
  const fake = await FakeGitHub.start(world.forge);
  fake.clock = systemClock;
  fake.fault = () => ({ delay: LATENCY, edit: (body) => body });
  const services = Array.from({ length: replicas }, () => {
    // What still waits to be told when all is measured holds nobody up.
    const sleep = (milliseconds: number) => setTimeout(milliseconds, undefined, { ref: false });
    const client = openGitHub({ GITHUB_TOKEN: fake.token, GITHUB_API_URL: fake.url }, { sleep });
    const context = {
      repo: new GitHubAppsRepo(client, { path: 'acme/previews' }),
      forge: new GitHubForge(client, { cache: new ProcessCache() }),
      clock: systemClock,
    };
    return new Service({
      host: '127.0.0.1',
      port: 0,
      webhooks: gitHubWebhooks,
      secrets: [SECRET],
      withContext: (work) => work(context),
      log: () => undefined,
      sweepEvery: null,
      random: Math.random,
    });
  });
  const urls = await Promise.all(services.map((service) => service.start()));
  const previews = () =>
    git(apps, ['ls-tree', '-r', '--name-only', 'main'])
      .split('\n')
      .filter((path) => path.endsWith('/preview.json')).length;
  const commits = () => Number(git(apps, ['rev-list', '--count', 'main'])) - 1;
  const close = async () => {
    await Promise.all(services.map((service) => service.stop(1)));
    await fake.stop();
  };
  return { urls, previews, commits, close };
}

const payload = (number: number) => ({
  action: 'opened',
  repository: { name: 'app-1', owner: { login: 'acme' } },
  pull_request: { number },
});

/** Seconds until so many pull requests that are told of at once have their previews, and with how many commits. */
async function atOnce(replicas: number, count: number): Promise<{ seconds: number; commits: number }> {
  const { urls, previews, commits, close } = await hosted(replicas);
  const started = performance.now();
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  await Promise.all(numbers.map((n) => deliver(urls[n % urls.length]!, 'pull_request', payload(n))));
  while (previews() < count && performance.now() - started < 300_000) await setTimeout(100);
  const seconds = (performance.now() - started) / 1000;
  const result = { seconds, commits: commits() };
  await close();
  return result;
}

/** A thousand deliveries about forty pull requests: how long each waits for its answer, and when all is right. */
async function aThousand() {
  const { urls, previews, close } = await hosted(1);
  const times: number[] = [];
  const started = performance.now();
  for (let i = 0; i < 1000; i += 20) {
    const some = Array.from({ length: 20 }, async (_, k) => {
      const sent = performance.now();
      await deliver(urls[0]!, 'pull_request', payload(((i + k) % PULLS) + 1));
      times.push(performance.now() - sent);
    });
    await Promise.all([...some, setTimeout(400)]);
  }
  while (previews() < PULLS && performance.now() - started < 300_000) await setTimeout(100);
  const seconds = (performance.now() - started) / 1000;
  const memory = process.memoryUsage().rss / 1024 / 1024;
  await close();
  const sorted = times.sort((a, b) => a - b);
  return { p99: sorted[Math.floor(sorted.length * 0.99)]!, middle: summarize(times).median, seconds, memory };
}

/** Many pull requests at once over a GitHub with latency; the forge runs in this process and takes its share of it. */
export async function receiver(): Promise<void> {
  console.log(`A receiver, ${LATENCY} ms from GitHub, ${PULLS} pull requests at once`);
  const alone = await atOnce(1, 1);
  const one = await atOnce(1, PULLS);
  const two = await atOnce(2, PULLS);
  console.log(`  one pull request alone: ${alone.seconds.toFixed(1)} s`);
  console.log(`  ${PULLS}, one receiver: ${one.seconds.toFixed(1)} s, ${one.commits} commits`);
  console.log(`  ${PULLS}, two receivers: ${two.seconds.toFixed(1)} s, ${two.commits} commits`);
  ratio(`${PULLS} / 1, seconds`, one.seconds / alone.seconds, { atMost: 20 });
  ratio('commits of one receiver', one.commits, { atMost: 10 });
  ratio('two receivers / one, seconds', two.seconds / one.seconds, { atMost: 2 });
  const { p99, middle, seconds, memory } = await aThousand();
  console.log(`  1,000 deliveries: right after ${seconds.toFixed(1)} s, ${memory.toFixed(0)} MB with the forge`);
  console.log(`  answers: ${middle.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
  ratio('answers, p99 / median', p99 / middle, { atMost: 50 });
}

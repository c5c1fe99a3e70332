import { afterEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadPlatform } from '../../lib/model/files.ts';
import { scaffoldFiles } from '../../lib/scaffold/files.ts';
import { readScaffoldTemplate } from '../../lib/scaffold/template.ts';
import type { Service } from '../../lib/serve/service.ts';
import { parseSecrets } from '../../lib/serve/status-call.ts';
import { sender } from '../../lib/watch/send.ts';
import { COMMIT_TIME } from '../support/git.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { MemoryForge } from '../support/memory/forge.ts';
import { MemoryGit } from '../support/memory/git.ts';
import { deliver } from './deliver.ts';
import { loggedService } from './logged.ts';

const CLUSTER = 'the-secret-of-the-cluster-main';
const running: Service[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.stop(5)));
});

async function start(sweepEvery: number | null = null) {
  const forge = new MemoryForge();
  const repo = new MemoryGit().open(() => COMMIT_TIME);
  await repo.commit({ expectedHead: null, change: new Map([['greenroom.yaml', platformText()]]), message: 'x' });
  let clock = COMMIT_TIME + 60;
  const { service, log } = loggedService({
    sweepEvery,
    statusSecrets: parseSecrets(`main=${CLUSTER}`)!,
    withContext: (work) => work({ repo, forge, clock: () => clock }),
    clock: () => clock,
  });
  running.push(service);
  const url = await service.start();
  const push = (text: string) => {
    const sha = forge.repository('acme', 'shop', { 'preview.yaml': text });
    forge.pull('acme', 'shop', { number: 7, repositoryId: 101, head: { sha, ref: 'x', repositoryId: 101 } });
    return sha;
  };
  const told = async () => {
    const before = log.filter(({ event, state }) => event === 'sync' && state !== undefined).length;
    const repository = { name: 'shop', owner: { login: 'acme' } };
    await deliver(url, 'pull_request', { action: 'opened', repository, pull_request: { number: 7 } });
    await expect
      .poll(() => log.filter(({ event, state }) => event === 'sync' && state !== undefined).length)
      .toBe(before + 1);
  };
  const seen = async (headSha: string, condition: 'ready' | 'gone') => {
    const before = log.length;
    await sender(
      `${url}/status`,
      CLUSTER,
    )({
      ...{
        cluster: 'main',
        preview: 'pr-shop-7',
        repositoryId: 101,
        repository: 'acme/shop',
        number: 7,
        sentAt: clock,
      },
      observation: { source: 'cluster', headSha, at: clock, condition },
    });
    await expect
      .poll(() => log.slice(before).some(({ event, state }) => event === 'sync' && state !== undefined))
      .toBe(true);
  };
  const lines = async () => (await (await fetch(`${url}/metrics`)).text()).split('\n');
  const of = async (name: string) => (await lines()).filter((line) => line.startsWith(name));
  const later = (seconds: number) => {
    clock += seconds;
  };
  return { forge, push, told, seen, lines, of, later };
}

describe('what is measured of previews', () => {
  test('is their state, what they cost a day, and how long they take to come and to go', async () => {
    const world = await start();
    expect(await world.of('greenroom_previews{')).toEqual([]);
    const sha = world.push(previewText());
    await world.told();
    expect(await world.of('greenroom_previews{')).toEqual(['greenroom_previews{state="committed"} 1']);
    const [cost = ''] = await world.of('greenroom_cost_per_day{');
    expect(Number(/^greenroom_cost_per_day\{currency="USD"\} (.*)$/.exec(cost)?.[1])).toBeGreaterThan(0.01);
    world.later(45);
    await world.seen(sha, 'ready');
    expect(await world.of('greenroom_previews{')).toEqual(['greenroom_previews{state="ready"} 1']);
    expect(await world.of('greenroom_ready_seconds_sum')).toEqual(['greenroom_ready_seconds_sum 45']);
    // That it is still ready is no second arrival.
    world.later(600);
    await world.seen(sha, 'ready');
    expect(await world.of('greenroom_ready_seconds_count')).toEqual(['greenroom_ready_seconds_count 1']);

    world.forge.pull('acme', 'shop', { number: 7, repositoryId: 101, state: 'closed' });
    await world.told();
    expect(await world.of('greenroom_previews{')).toEqual(['greenroom_previews{state="ending"} 1']);
    world.later(20);
    await world.seen(sha, 'gone');
    expect(await world.of('greenroom_previews{')).toEqual([]);
    expect(await world.of('greenroom_gone_seconds_sum')).toEqual(['greenroom_gone_seconds_sum 20']);
    expect(await world.of('greenroom_cost_per_day{')).toEqual([]);
  });

  test('is seen whole by a sweep, also what nobody was told of', async () => {
    const world = await start(0.05);
    world.push(previewText());
    await expect.poll(() => world.of('greenroom_previews{')).toEqual(['greenroom_previews{state="committed"} 1']);
    world.push(previewText('size: gigantic'));
    await expect.poll(() => world.of('greenroom_previews{')).toEqual(['greenroom_previews{state="invalid"} 1']);
    world.forge.pull('acme', 'shop', { number: 7, repositoryId: 101, state: 'closed' });
    await expect.poll(() => world.of('greenroom_previews{')).toEqual([]);
  });
});

test('every metric of the dashboard and of the rules is one that serve has', async () => {
  const text = platformText('status: { monitoring: true }');
  const platform = loadPlatform(text, 'greenroom.yaml').value.spec;
  const shipped = { template: readScaffoldTemplate(), command: '', notices: '' };
  const input = { platformText: text, exceptions: [], version: '1.0.0', ...shipped };
  const files = scaffoldFiles({ ...input, platform });
  expect([
    ...scaffoldFiles({ ...input, platform: { ...platform, status: { ...platform.status, monitoring: false } } }).keys(),
  ]).not.toContain('monitoring/prometheus-rules.yaml');

  const dashboard = JSON.parse(files.get('monitoring/grafana-dashboard.json')!);
  const { groups } = parse(files.get('monitoring/prometheus-rules.yaml')!);
  const rules: { expr: string; record?: string }[] = groups.flatMap((group: { rules: object[] }) => group.rules);
  const queries: string[] = [
    ...dashboard.panels.flatMap((panel: { targets: { expr: string }[] }) => panel.targets.map(({ expr }) => expr)),
    ...rules.map(({ expr }) => expr),
  ];
  const recorded = new Set(rules.flatMap(({ record }) => record ?? []));
  const named = queries
    .flatMap((expr) => expr.match(/\bgreenroom[a-z_:0-9]+/g) ?? [])
    .filter((name) => !recorded.has(name));
  expect(new Set(named).size).toBeGreaterThan(12);

  const lines = await (await start()).lines();
  const types = lines.flatMap((line) => /^# TYPE (\S+) (\S+)$/.exec(line)?.slice(1, 3) ?? []);
  const has = new Set<string>();
  for (let i = 0; i < types.length; i += 2) {
    const suffixes =
      { counter: ['_total'], histogram: ['_bucket', '_sum', '_count'], gauge: [''] }[types[i + 1]!] ?? [];
    for (const suffix of suffixes) has.add(`${types[i]}${suffix}`);
  }
  expect(named.filter((name) => !has.has(name))).toEqual([]);
});

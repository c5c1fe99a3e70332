import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../eventually.ts';
import { Live } from './live.ts';
import type { Json } from './objects.ts';

const COUNT = 200;
/** Milliseconds. A prototype took 265 s on two quiet cores; with other work on them it takes a multiple of that. */
const LIMIT = 2_700_000;

/** It takes minutes: a quick run leaves it out. */
describe.skipIf(process.env['GREENROOM_QUICK'])('many previews at once', () => {
  let live: Live;
  beforeAll(async () => {
    live = await Live.start();
    await live.install();
  });
  afterAll(() => live?.stop());

  it(`are all there: ${COUNT} in one sweep`, { timeout: 3 * LIMIT }, async () => {
    for (let number = 1; number <= COUNT; number++) live.apps.pull({ number });
    const { results } = await live.sweep();
    expect(results.filter((result: Json) => result.effect === 'create')).toHaveLength(COUNT);

    const start = performance.now();
    const since = () => `${Math.round((performance.now() - start) / 1000)} s after the commits`;
    await live.refresh();
    const applications = async () =>
      (await live.get('application', '--namespace=argocd')).items.filter((o: Json) =>
        o.metadata.name.startsWith('pr-'),
      );
    const wait = { timeoutMs: LIMIT, everyMs: 2000 };
    await eventually(async () => (await applications()).length === 2 * COUNT, { what: 'all Applications', ...wait });
    console.log(`many: ${2 * COUNT} Applications ${since()}`);
    const synced = async () => (await applications()).filter((o: Json) => o.status?.sync?.status === 'Synced').length;
    await eventually(async () => (await synced()) === 2 * COUNT, { what: 'all of them to be synced', ...wait });
    console.log(`many: all synced ${since()}`);
    console.log(`many: memory at the peak: ${peaks(live).join(', ')}`);

    const previews = (await live.get('namespace', '--selector=greenroom.dev/preview')).items;
    const deployments = (await live.get('deployment', '--all-namespaces')).items;
    const quotas = (await live.get('resourcequota', '--all-namespaces')).items;
    expect([previews.length, deployments.length, quotas.length]).toEqual([COUNT, COUNT, COUNT]);
  });
});

/** What each server used at most, as the kernel counts it. */
function peaks({ cluster }: Live): string[] {
  return [...cluster.processes.pids].map(([name, pid]) => {
    const kilobytes = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return `${name} ${Math.round(Number(kilobytes) / 1024)} MiB`;
  });
}

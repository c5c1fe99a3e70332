import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../eventually.ts';
import { startKwok } from '../kwok.ts';
import { Live, seconds } from './live.ts';
import type { Json } from './objects.ts';

const COUNT = 100;
const NUMBERS = Array.from({ length: COUNT }, (_, index) => index + 1);
const ALONE = COUNT + 1;
/** Milliseconds. Two quiet cores need two to three minutes for the slowest step; with other work it is a multiple. */
const LIMIT = 2_700_000;
const WAIT = { timeoutMs: LIMIT, everyMs: 1000 };

/**
 * Previews on a node that kwok plays, so that they become healthy as in a cluster. It prints how long each step takes,
 * with nothing else on the machine, and what each server needed. It takes minutes: a quick run leaves it out.
 */
describe.skipIf(process.env['GREENROOM_QUICK'])('many previews', { timeout: 3 * LIMIT }, () => {
  let live: Live;
  beforeAll(async () => {
    live = await Live.start();
    await startKwok(live.cluster);
    await live.install();
  });
  afterAll(() => live?.stop());

  const applications = async (): Promise<Json[]> =>
    (await live.get('application', '--namespace=argocd')).items.filter(({ metadata }: Json) =>
      metadata.name.startsWith('pr-'),
    );
  const previews = async (): Promise<Json[]> => (await live.get('namespace', '--selector=greenroom.dev/preview')).items;
  const isHealthy = ({ status }: Json) => status?.sync?.status === 'Synced' && status.health?.status === 'Healthy';

  /** Waits until that many previews, and no other, are healthy: app and fence. */
  const untilHealthy = (count: number) =>
    eventually(
      async () => {
        const found = await applications();
        return found.length === 2 * count && found.every(isHealthy);
      },
      { what: `${count} healthy previews`, ...WAIT },
    );
  const untilGone = () =>
    eventually(async () => (await previews()).length === 0 && (await applications()).length === 0, {
      what: 'all previews to be gone',
      ...WAIT,
    });

  it('takes one from a commit to healthy, and from the close to gone', async () => {
    live.apps.pull({ number: ALONE });
    await live.sync(ALONE);
    const started = await seconds(async () => {
      await live.refresh();
      await untilHealthy(1);
    });
    live.apps.pull({ number: ALONE, state: 'closed' });
    await live.sync(ALONE);
    const ended = await seconds(async () => {
      await live.refresh();
      await untilGone();
    });
    console.log(`one: healthy ${started} s after the commit, gone ${ended} s after the commit of its close`);
  });

  it(`takes ${COUNT} at once to healthy`, async () => {
    for (const number of NUMBERS) live.apps.pull({ number });
    let swept: Json;
    const sweep = await seconds(async () => {
      swept = await live.sweep();
    });
    expect(swept.results.filter(({ effect }: Json) => effect === 'create')).toHaveLength(COUNT);
    await live.refresh();
    const listed = await seconds(() =>
      eventually(async () => (await applications()).length === 2 * COUNT, { what: 'all Applications', ...WAIT }),
    );
    const healthy = await seconds(() => untilHealthy(COUNT));
    console.log(`${COUNT}: sweep ${sweep} s, all Applications after ${listed} s, healthy after ${healthy} s more`);
    console.log(`${COUNT}: memory at the peak: ${peaks(live).join(', ')}`);
    expect(await previews()).toHaveLength(COUNT);
    expect((await live.get('resourcequota', '--all-namespaces')).items).toHaveLength(COUNT);
    const ready = (await live.get('deployment', '--all-namespaces')).items.filter((o: Json) => o.status.readyReplicas);
    expect(ready).toHaveLength(COUNT);
  });

  it(`takes ${COUNT} closed at once to gone`, async () => {
    for (const number of NUMBERS) live.apps.pull({ number, state: 'closed' });
    const { results } = await live.sweep('--yes');
    expect(results.filter(({ effect }: Json) => effect === 'remove')).toHaveLength(COUNT);
    await live.refresh();
    console.log(`${COUNT}: gone after ${await seconds(untilGone)} s`);
  });
});

/** What each server used at most, as the kernel counts it. */
function peaks({ cluster }: Live): string[] {
  return [...cluster.processes.pids].map(([name, pid]) => {
    const kilobytes = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return `${name} ${Math.round(Number(kilobytes) / 1024)} MiB`;
  });
}

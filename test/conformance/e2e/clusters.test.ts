import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../eventually.ts';
import { Live, seconds } from './live.ts';
import { Objects } from './objects.ts';

let live: Live;
let big: Objects;
beforeAll(async () => {
  live = await Live.start({
    clusters: ['big'],
    spec: ({ big: server }) => `clusters:
  - { name: big, server: "${server}", when: { sizes: [large] } }
  - { name: main, server: "https://kubernetes.default.svc" }`,
  });
  big = new Objects(live.others.get('big')!);
  await live.install();
});
afterAll(() => live?.stop());

const NAME = 'pr-shop-7';

/** Does something that moves pull request 7, and waits until it is in one cluster and nothing of it in the other. */
async function move(from: Objects, to: Objects, work: () => Promise<unknown>): Promise<void> {
  const before = await live.repo.head();
  await work();
  expect(await live.repo.commitsSince(before)).toBe(1);
  const took = await seconds(async () => {
    await live.refresh();
    await eventually(async () => !(await from.exists('namespace', NAME)), {
      what: 'it to be gone from the one cluster',
    });
    await eventually(() => to.exists('deployment', NAME, NAME), { what: 'it to be in the other cluster' });
  });
  console.log(`move: ${took} s after the commit`);
  // The neighbour stays where it is.
  expect(await live.exists('deployment', 'pr-shop-8', 'pr-shop-8')).toBe(true);
}

describe('a platform of two clusters', () => {
  it('runs a preview in the first cluster that takes it', async () => {
    for (const number of [7, 8]) live.apps.pull({ number });
    await live.sweep();
    await live.refresh();
    for (const number of [7, 8]) await live.untilRunning(`pr-shop-${number}`);
    expect(await big.exists('namespace', NAME)).toBe(false);
  });

  it('moves it in one commit when its size changes', async () => {
    live.apps.pull({ number: 7, spec: { size: 'large' } });
    await move(live, big, () => live.sync(7));
    expect((await live.application(NAME)).spec.destination.server).toBe(live.others.get('big')!.server);
  });

  it('moves it back when the platform says so', async () => {
    await live.repo.pull();
    const file = join(live.repo.clone, 'greenroom.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('sizes: [large]', 'labels: [big]'));
    await live.run(['upgrade', live.repo.clone]);
    await live.repo.pushAll('big previews ask for it');
    await move(big, live, () => live.sweep('--yes'));
  });

  it('moves it again when its label changes', async () => {
    live.apps.pull({ number: 7, labels: ['big'] });
    await move(live, big, () => live.sync(7));
  });
});

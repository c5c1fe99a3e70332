import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../eventually.ts';
import { Live } from './live.ts';
import type { Json } from './objects.ts';

let live: Live;
beforeAll(async () => {
  live = await Live.start();
  await live.install();
});
afterAll(() => live?.stop());

const SETS = ['preview-fences-main', 'previews-main'];

/** The same ApplicationSets by a clock of seconds: what takes ten minutes in a platform's cluster is seen at once. */
async function hurry(): Promise<void> {
  // The root Application would put them back.
  const still = JSON.stringify({ spec: { syncPolicy: { automated: null } } });
  await live.cluster.kubectl([
    'patch',
    'application',
    'greenroom',
    '--namespace=argocd',
    '--type=merge',
    '--patch',
    still,
  ]);
  for (const name of SETS) {
    const { spec } = await live.get('applicationset', name, '--namespace=argocd');
    const templatePatch = spec.templatePatch.replace('div $now 600', 'div $now 20');
    expect(templatePatch).not.toBe(spec.templatePatch);
    const patch = JSON.stringify({ spec: { templatePatch } });
    await live.cluster.kubectl([
      'patch',
      'applicationset',
      name,
      '--namespace=argocd',
      '--type=merge',
      '--patch',
      patch,
    ]);
  }
}

const phase = async (name: string) => (await live.application(name)).status?.operationState?.phase;

describe('an Application that Argo CD gave up', () => {
  it('is tried anew after a while: a name that was taken for minutes is no end', async () => {
    await live.cluster.kubectl(['create', 'namespace', 'pr-shop-7']);
    live.apps.pull({ number: 7 });
    await live.sync(7);
    await live.refresh();
    for (const name of ['pr-shop-7-fence', 'pr-shop-7']) {
      await eventually(async () => (await phase(name)) === 'Failed', { what: `${name} to be given up` });
    }
    await live.cluster.kubectl(['delete', 'namespace', 'pr-shop-7']);
    // It is dead now: neither a webhook nor time brings it back.
    await live.refresh('pr-shop-7-fence', 'pr-shop-7');
    await delay(10_000);
    expect(await live.exists('namespace', 'pr-shop-7')).toBe(false);
    await hurry();
    await eventually(
      async () => {
        await live.refresh();
        return live.exists('deployment', 'pr-shop-7', 'pr-shop-7');
      },
      { what: 'the preview to come up' },
    );
  });

  it('comes back after its namespace was deleted by hand', async () => {
    await live.cluster.kubectl(['delete', 'namespace', 'pr-shop-7']);
    await eventually(
      async () => {
        await live.refresh('pr-shop-7-fence', 'pr-shop-7');
        const { metadata }: Json = await live.get('namespace', 'pr-shop-7', '--ignore-not-found');
        return metadata.deletionTimestamp === undefined && live.exists('deployment', 'pr-shop-7', 'pr-shop-7');
      },
      { what: 'the preview to come back' },
    );
  });

  it('goes like any other when its pull request closes', async () => {
    live.apps.pull({ number: 7, state: 'closed' });
    await live.sync(7);
    await live.refresh();
    await live.untilGone('pr-shop-7');
  });
});

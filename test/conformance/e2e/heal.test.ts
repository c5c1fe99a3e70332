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
    const retry = { limit: 5, backoff: { duration: '4s', factor: 1 } };
    const template = { spec: { syncPolicy: { retry } } };
    const patch = JSON.stringify({ spec: { templatePatch, template } });
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

/** A webhook of somebody's that refuses every workload of the preview while it is down. */
async function outage(begins: boolean): Promise<void> {
  const webhook = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'somebodys' },
    webhooks: [
      {
        name: 'down.example.com',
        clientConfig: { url: 'https://127.0.0.1:1/' },
        rules: [{ apiGroups: ['apps'], apiVersions: ['*'], operations: ['*'], resources: ['deployments'] }],
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'pr-shop-7' } },
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        timeoutSeconds: 1,
      },
    ],
  };
  if (begins) await live.cluster.apply(JSON.stringify(webhook));
  else await live.cluster.kubectl(['delete', 'validatingwebhookconfiguration', 'somebodys']);
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

  it('follows a push whose refresh comes late: attempts before it, which failed with its commit, do not use it up', async () => {
    const SETTING = 'LEVEL';
    const level = async () => {
      const { spec }: Json = await live.get('deployment', 'pr-shop-7', '--namespace=pr-shop-7');
      return spec.template.spec.containers[0].env.find(({ name }: Json) => name === SETTING)?.value;
    };
    await outage(true);
    live.apps.pull({ number: 7, spec: { env: { [SETTING]: 'first' } } });
    await live.sync(7);
    await live.refresh('pr-shop-7');
    await eventually(async () => (await phase('pr-shop-7')) === 'Running', { what: 'the first push to be tried' });
    // Nobody tells Argo CD of this one; each attempt at the first uses the newest commit, until it gives up.
    live.apps.pull({ number: 7, spec: { env: { [SETTING]: 'second' } } });
    await live.sync(7);
    await eventually(async () => (await phase('pr-shop-7')) === 'Failed', { what: 'the push to be given up' });
    const { status } = await live.application('pr-shop-7');
    expect(status.operationState.syncResult.revision).toBe(await live.repo.head());
    await outage(false);
    await eventually(
      async () => {
        await live.refresh('pr-shop-7');
        return (await level()) === 'second';
      },
      { what: 'the second push to be there' },
    );
  });

  it('goes like any other when its pull request closes', async () => {
    live.apps.pull({ number: 7, state: 'closed' });
    await live.sync(7);
    await live.refresh();
    await live.untilGone('pr-shop-7');
  });
});

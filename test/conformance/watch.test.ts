import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WATCHED_KINDS } from '../../lib/model/watched.ts';
import { ROOMY_PLATFORM } from '../support/any-preview.ts';
import { previewText } from '../support/inputs.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { CONDITIONS } from './conditions.ts';
import { crdFiles } from './crds.ts';
import { configuration } from './generated/configurations.ts';
import { startKwok } from './kwok.ts';
import { KUBELET, podStages } from './node/pod-stages.ts';
import { Watching } from './watching.ts';

// The real API server, controller manager and scheduler; kwok plays kubelet with kubelet's own words. What is committed is
// applied by the fencer's account, past the guard of fences.

const NAME = 'pr-shop-7';
const chosen = configuration({
  namespace: { ...ROOMY_PLATFORM.namespace, limitRange: { max: { cpu: '8' } } },
  status: { watch: true, probe: false },
  policies: { parameters: { maxSize: { cpu: '8' } } },
  sizes: { huge: { requests: { cpu: '6', memory: '1Gi' }, limits: { cpu: '6', memory: '1Gi' } } },
});
/** Pull requests 101, 102, ...: one in each condition. */
const ROWS = CONDITIONS.map((condition, i) => ({ ...condition, number: 101 + i }));
const envOf = (kubelet: string) => `env: { ${KUBELET}: ${kubelet} }`;

let cluster: Cluster;
let watching: Watching;

beforeAll(async () => {
  cluster = await startCluster({ controllerManager: true });
  const stages = CONDITIONS.flatMap(({ value, kubelet }) => (kubelet === undefined ? [] : [{ value, ...kubelet }]));
  const capacity = { cpu: '5', memory: '16Gi', 'ephemeral-storage': '100Gi', pods: '100' };
  await startKwok(cluster, { capacity, pods: podStages(stages), ingress: false });
  const files = [...(await crdFiles('external-secrets')), ...(await crdFiles('gateway-api'))];
  for (const file of files.filter((path) => /_(externalsecrets|httproutes)\./.test(path))) {
    await cluster.apply(readFileSync(file, 'utf8'));
  }
  watching = await Watching.start(cluster, chosen);
});
afterAll(async () => {
  await watching?.stop();
  await cluster?.stop();
});

interface Written {
  readonly kind: string;
  readonly metadata: { readonly managedFields?: readonly { readonly manager: string; readonly time: string }[] };
  readonly status?: { readonly conditions?: readonly { readonly lastTransitionTime?: string }[] };
}

/** When the cluster knew: kubelet's part wrote, a pod found no node, a replica set was refused; unix seconds. */
async function knownAt(namespace: string): Promise<number> {
  const kinds = 'pods,replicasets,externalsecrets';
  const args = ['get', kinds, `--namespace=${namespace}`, '--output=json', '--show-managed-fields'];
  const items: Written[] = JSON.parse(await cluster.kubectl(args)).items;
  const times = items.flatMap(({ kind, metadata: { managedFields = [] }, status: { conditions = [] } = {} }) => [
    ...managedFields.filter(({ manager }) => manager === 'kwok' || kind === 'ExternalSecret').map(({ time }) => time),
    ...conditions.flatMap(({ lastTransitionTime }) => lastTransitionTime ?? []),
  ]);
  return Math.max(...times.map((time) => Date.parse(time) / 1000));
}

/** The time when it is done; its failure is that of the test that asks for it. */
function noted(done: Promise<unknown>): Promise<number> {
  const at = done.then(() => Date.now() / 1000);
  at.catch(() => undefined);
  return at;
}

describe('each condition of a preview in a cluster is a sentence of its comment', () => {
  const said = new Map<number, Promise<number>>();

  beforeAll(async () => {
    for (const { number, value, spec = '' } of ROWS)
      await watching.push(number, previewText(`${envOf(value)}\n${spec}`));
    await watching.applyCommitted('fence');
    for (const { number, prepare } of ROWS) await prepare?.(cluster, `pr-shop-${number}`);
    const applied = watching.applyCommitted('app');
    for (const { number, says } of ROWS) said.set(number, noted(watching.says(number, says)));
    await applied;
    for (const { number, finish } of ROWS) await finish?.(cluster, `pr-shop-${number}`);
  });

  it.each(ROWS)('$value: $says', async ({ number }) => {
    const at = await said.get(number)!;
    const seconds = at - (await knownAt(`pr-shop-${number}`));
    console.log(
      `watch: ${ROWS.find((row) => row.number === number)!.value} said ${seconds.toFixed(1)} s after the cluster knew`,
    );
    expect(seconds).toBeLessThan(10);
  });
});

describe('one preview', () => {
  const rollOut = async (text: string) => {
    await watching.push(7, text);
    for (const part of ['fence', 'app'] as const) await watching.applyCommitted(part, 7);
  };
  const shaOf = () => /^<sub>`([0-9a-f]{7})`/m.exec(watching.comment(7))![1]!;

  it('a good push: on its way, starting until its address leads somewhere, then ready', async () => {
    await watching.push(7, previewText('env: { VERSION: one }'));
    expect(watching.comment(7)).toContain('### Preview: on its way');
    for (const part of ['fence', 'app'] as const) await watching.applyCommitted(part, 7);
    await watching.says(7, 'its address is not set up yet');
    const ingress = JSON.stringify({ status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } });
    const where = [`--namespace=${NAME}`, '--subresource=status', '--type=merge'];
    await cluster.kubectl(['patch', 'ingress', NAME, ...where, `--patch=${ingress}`]);
    await watching.says(7, '### Preview: ready - [Open the preview]');
  });

  it('then a bad push: the earlier commit still answers and is named; then its repair', async () => {
    const good = shaOf();
    await rollOut(previewText(envOf('exits')));
    await watching.says(7, 'It ended with exit code 3, 3 times.');
    expect(watching.comment(7)).toContain('### Preview: not working');
    expect(watching.comment(7)).toMatch(new RegExp(`earlier preview.*${good}`));
    await rollOut(previewText('env: { VERSION: two }'));
    await watching.says(7, '### Preview: ready - [Open the preview]');
    expect(shaOf()).not.toBe(good);
  });

  it('a route that a Gateway refuses is the turn of the platform, with the words of the Gateway for engineers', async () => {
    const route = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'also', namespace: NAME },
      spec: { parentRefs: [{ name: 'previews' }], rules: [{ backendRefs: [{ name: NAME, port: 80 }] }] },
    };
    await cluster.apply(JSON.stringify(route));
    const told = { lastTransitionTime: new Date().toISOString(), observedGeneration: 1 };
    const conditions = [
      { type: 'Accepted', status: 'False', reason: 'NotAllowedByListeners', message: 'no listener allows it', ...told },
      { type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs', message: '', ...told },
    ];
    const parents = [{ parentRef: { name: 'previews' }, controllerName: 'example.com/gateway', conditions }];
    const where = [`--namespace=${NAME}`, '--subresource=status', '--type=merge'];
    const patch = JSON.stringify({ status: { parents } });
    await cluster.kubectl(['patch', 'httproute', 'also', ...where, `--patch=${patch}`]);
    await rollOut(previewText('env: { VERSION: three }'));
    await watching.says(7, 'The app runs; its address is not set up yet.');
    expect(watching.comment(7)).toContain('Nothing for you to change; if it lasts, tell');
    expect(watching.comment(7)).toContain('no listener allows it');
    await cluster.kubectl(['delete', 'httproute', 'also', `--namespace=${NAME}`]);
    await watching.says(7, '### Preview: ready - [Open the preview]');
  });

  it('reads those kinds in preview namespaces, and nothing else anywhere', async () => {
    // Not by `auth can-i`, which only knows kinds that are served.
    const can = async (verb: string, group: string, path: string, namespace: string): Promise<boolean> => {
      const [resource, subresource] = path.split('/');
      const resourceAttributes = { verb, group, resource, subresource, namespace };
      const review = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes },
      };
      const text = await watching.watcher.kubectl(
        ['create', '--validate=false', '--output=json', '--filename=-'],
        JSON.stringify(review),
      );
      return JSON.parse(text).status.allowed;
    };
    for (const { group, resource } of WATCHED_KINDS) {
      expect([resource, await can('list', group, resource, NAME)]).toEqual([resource, true]);
      expect([resource, await can('list', group, resource, 'kube-system')]).toEqual([resource, false]);
      expect([resource, await can('delete', group, resource, NAME)]).toEqual([resource, false]);
    }
    for (const resource of ['secrets', 'configmaps', 'pods/log', 'pods/exec', 'serviceaccounts']) {
      expect([resource, await can('get', '', resource, NAME)]).toEqual([resource, false]);
    }
    expect(await can('create', '', 'pods', NAME)).toBe(false);
  });

  it('is gone only when the namespace is; one that is stuck on a finalizer is said to be', async () => {
    const held = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'held', namespace: NAME, finalizers: ['example.com/hold'] },
    };
    await cluster.apply(JSON.stringify(held));
    await cluster.kubectl(['delete', 'namespace', NAME, '--wait=false']);
    await watching.says(7, /example\.com\/hold/);
    expect(watching.comment(7)).toContain('### Preview: ending - it cannot be deleted');
    expect(watching.comment(7)).not.toContain('was deleted');
    const free = JSON.stringify({ metadata: { finalizers: null } });
    await cluster.kubectl(['patch', 'configmap', 'held', `--namespace=${NAME}`, '--type=merge', `--patch=${free}`]);
    await watching.says(7, 'Everything of it was deleted.');
    expect((await cluster.tryKubectl(['get', 'namespace', NAME])).stderr).toContain('NotFound');
  });
});

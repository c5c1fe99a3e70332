import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { formatTime, systemClock } from '../../lib/core/clock.ts';
import { PREVIEW_LABEL } from '../../lib/model/labels.ts';
import { WATCHED_KINDS } from '../../lib/model/watched.ts';
import { reconcilerNamespace } from '../../lib/reconcilers/index.ts';
import type { Service } from '../../lib/serve/service.ts';
import { parseSecrets } from '../../lib/serve/status-call.ts';
import { ClusterApi } from '../../lib/watch/api.ts';
import { Reporter } from '../../lib/watch/reporter.ts';
import { sender } from '../../lib/watch/send.ts';
import { loggedService } from '../serve/logged.ts';
import { previewText } from '../support/inputs.ts';
import { MemoryForge } from '../support/memory/forge.ts';
import { MemoryGit } from '../support/memory/git.ts';
import { type Cluster, type Kubectl, startCluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { configuration, laidDown } from './generated/configurations.ts';

// The real API server and controller manager; kubelet's part, which needs nodes, is written into the status of pods with
// kubelet's own words. What is committed is applied by the fencer's account, past the guard of fences.

const SHOP = { path: 'acme/shop' };
const NAME = 'pr-shop-7';
const SECRET = 'the-secret-of-the-cluster-main';
const { platform, platformText } = configuration({ status: { watch: true, probe: false } });

describe('greenroom watch', () => {
  let cluster: Cluster;
  let watcher: Kubectl;
  let service: Service;
  let reporter: Promise<void>;
  let api: ClusterApi;
  const stop = new AbortController();
  const problems: string[] = [];
  const forge = new MemoryForge();
  const repo = new MemoryGit().open(systemClock);

  const comment = () => forge.comment(SHOP, 7) ?? '';
  const says = (text: string | RegExp) =>
    eventually(
      () => {
        if (typeof text === 'string' ? comment().includes(text) : text.test(comment())) return true;
        throw new Error(`it says ${comment()}; ${problems.join('; ')}`);
      },
      { what: `the comment to say ${text}`, timeoutMs: 20_000 },
    );

  /** What the apps repo holds of the preview, applied as the reconciler's accounts would. */
  async function applyCommitted(): Promise<void> {
    const { files } = await repo.read(['previews/*/*/*/*/*.yaml']);
    const objects = [...files].map(([path, text]) => [path, parse(text)] as const);
    const rank = ({ kind }: { kind: string }) => (kind === 'Namespace' ? 0 : 1);
    for (const [path, object] of objects.sort(([, a], [, b]) => rank(a) - rank(b))) {
      const as = path.includes('/fence/')
        ? [`--as=system:serviceaccount:${reconcilerNamespace(platform)}:preview-fencer`]
        : [];
      await cluster.kubectl(['apply', '--filename=-', ...as], JSON.stringify(object));
    }
  }

  const podOf = () =>
    eventually(
      async () => {
        const text = await cluster.kubectl(['get', 'pods', `--namespace=${NAME}`, '--output=json']);
        const pods = JSON.parse(text).items.filter(
          ({ metadata }: never) => !(metadata as { deletionTimestamp?: string }).deletionTimestamp,
        );
        return pods.sort((a: never, b: never) => created(b).localeCompare(created(a)))[0]?.metadata.name as
          | string
          | undefined;
      },
      { what: 'a pod', timeoutMs: 30_000 },
    );
  const created = ({ metadata }: { metadata: { creationTimestamp: string } }) => metadata.creationTimestamp;

  async function kubelet(status: object): Promise<void> {
    const patch = JSON.stringify({ status });
    await cluster.kubectl([
      'patch',
      'pod',
      await podOf(),
      `--namespace=${NAME}`,
      '--subresource=status',
      '--type=merge',
      `--patch=${patch}`,
    ]);
  }
  const container = (parts: object) => ({
    conditions: [{ type: 'PodScheduled', status: 'True' }],
    containerStatuses: [{ name: 'app', ready: false, restartCount: 0, image: 'x', imageID: '', ...parts }],
  });

  beforeAll(async () => {
    cluster = await startCluster({ controllerManager: true });
    const files = laidDown({ platform, platformText });
    const install = [...files].filter(([path]) => path.startsWith('bootstrap/install/') && path.endsWith('.yaml'));
    const kindOf = (text: string) => String(parse(text)?.kind ?? '');
    for (const namespace of [reconcilerNamespace(platform), platform.ingress.controllerNamespace]) {
      await cluster.tryKubectl(['create', 'namespace', namespace]);
    }
    for (const [, text] of install) if (kindOf(text) === 'Namespace') await cluster.apply(text);
    for (const [path, text] of install) {
      if (/Account|Role/.test(kindOf(text)) || /\.greenroom-fence\.yaml$/.test(path)) await cluster.apply(text);
    }
    watcher = await cluster.asServiceAccount('greenroom-watch', 'greenroom-watch');
    const token = JSON.parse(readFileSync(watcher.kubeconfig, 'utf8')).users[0].user.token as string;
    const tokenFile = join(cluster.folder, 'watch-token');
    writeFileSync(tokenFile, token);

    const opened = systemClock() - 60;
    const sha = forge.repository('acme', 'shop', { 'preview.yaml': previewText('env: { A: b }') }, opened);
    const times = { createdAt: formatTime(opened), updatedAt: formatTime(opened) };
    forge.pull('acme', 'shop', { number: 7, repositoryId: 101, head: { sha, ref: 'x', repositoryId: 101 }, ...times });
    await repo.commit({ expectedHead: null, change: new Map([['greenroom.yaml', platformText]]), message: 'x' });
    service = loggedService({
      statusSecrets: parseSecrets(`main=${SECRET}`)!,
      withContext: (work) => work({ repo, forge, clock: systemClock }),
      log: ({ message }) => message !== undefined && problems.push(String(message)),
      sweepEvery: 3600,
    }).service;
    const url = await service.start();
    await says('### Preview: on its way');
    await applyCommitted();
    api = new ClusterApi({
      server: cluster.server,
      ca: readFileSync(join(cluster.folder, 'certificates', 'apiserver.crt'), 'utf8'),
      tokenFile,
    });
    const watching = new Reporter({
      api,
      cluster: 'main',
      send: sender(`${url}/status`, SECRET),
      clock: systemClock,
      log: (message) => problems.push(message),
      random: () => 0,
    });
    reporter = watching.run(stop.signal);
  });
  afterAll(async () => {
    stop.abort();
    await reporter;
    api?.close();
    await service?.stop(5);
    await cluster?.stop();
  });

  it('reads those kinds in preview namespaces, and nothing else anywhere', async () => {
    // Not by `auth can-i`, which knows kinds only that are served: here neither HTTPRoutes nor ExternalSecrets are.
    const can = async (verb: string, group: string, path: string, namespace: string): Promise<boolean> => {
      const [resource, subresource] = path.split('/');
      const resourceAttributes = { verb, group, resource, subresource, namespace };
      const review = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes },
      };
      const text = await watcher.kubectl(
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

  it.each<[string, object]>([
    [
      'The registry does not let the cluster read the image.',
      container({ state: { waiting: { reason: 'ErrImagePull', message: 'unexpected status: 403 Forbidden' } } }),
    ],
    [
      'Its registry has no image under this name and tag.',
      container({ state: { waiting: { reason: 'ImagePullBackOff', message: 'x: not found' } } }),
    ],
    [
      'It runs as root, and previews may not. Add USER 1000',
      container({
        state: {
          waiting: {
            reason: 'CreateContainerConfigError',
            message: 'container has runAsNonRoot and image will run as root',
          },
        },
      }),
    ],
    [
      'It ended with exit code 1, 3 times.',
      container({
        restartCount: 3,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 1, reason: 'Error' } },
      }),
    ],
    [
      'It used more memory than its size has',
      container({
        restartCount: 3,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
      }),
    ],
  ])('%s', async (sentence, status) => {
    await kubelet(status);
    const started = performance.now();
    await says(sentence);
    const seconds = (performance.now() - started) / 1000;
    console.log(`said after ${seconds.toFixed(1)} s`);
    expect(seconds).toBeLessThan(10);
  });

  it('is ready when the pod is and the address leads somewhere', async () => {
    await kubelet({
      ...container({ ready: true, state: { running: {} } }),
      phase: 'Running',
      conditions: [
        { type: 'PodScheduled', status: 'True' },
        { type: 'Ready', status: 'True' },
      ],
    });
    await says('its address is not set up yet');
    const ingress = JSON.stringify({ status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } });
    await cluster.kubectl([
      'patch',
      'ingress',
      NAME,
      `--namespace=${NAME}`,
      '--subresource=status',
      '--type=merge',
      `--patch=${ingress}`,
    ]);
    await says('### Preview: ready - [Open the preview]');
  });

  it('is gone only when the namespace is; one that is stuck on a finalizer is said to be', async () => {
    const held = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'held', namespace: NAME, finalizers: ['example.com/hold'] },
    };
    await cluster.apply(JSON.stringify(held));
    await cluster.kubectl(['delete', 'namespace', NAME, '--wait=false']);
    await says(/example\.com\/hold/);
    expect(comment()).toContain('### Preview: ending - it cannot be deleted');
    expect(comment()).not.toContain('was deleted');
    const free = JSON.stringify({ metadata: { finalizers: null } });
    await cluster.kubectl(['patch', 'configmap', 'held', `--namespace=${NAME}`, '--type=merge', `--patch=${free}`]);
    await says('Everything of it was deleted.');
    const left = await cluster.kubectl(['get', 'namespaces', `--selector=${PREVIEW_LABEL}`, '--output=name']);
    expect(left.trim()).toBe('');
    await delay(0);
  });
});

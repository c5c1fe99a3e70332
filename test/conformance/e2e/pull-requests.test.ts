import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { App, Chart } from 'cdk8s';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PullRequestPreviews } from '../../../lib/constructs/pull-request-previews/index.ts';
import { loadPlatform } from '../../../lib/model/files.ts';
import { eventually } from '../eventually.ts';
import { FakePulls, list } from './fake-pulls.ts';
import { Live } from './live.ts';
import type { Json } from './objects.ts';

let live: Live;
let forge: FakePulls;
const shas = new Map<number, string>();

/** A service of a pull request, as a team writes it that keeps its manifests with its code. */
const service = (name: string, version: string) => `apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${name} }, ports: [{ port: 80, targetPort: 8080 }] }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: ${name} }
spec:
  ingressClassName: nginx
  rules:
  - host: ${name}.apps.example.com
    http:
      paths: [{ path: /, pathType: Prefix, backend: { service: { name: ${name}, port: { number: 80 } } } }]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: version }
data: { version: ${version} }
`;
/** What reads the repo-server's environment where Jsonnet is evaluated, and the file that turns it on in a folder. */
const THEFT = {
  'k8s/.argocd-source.yaml': "directory: { include: '*' }\n",
  'k8s/steal.jsonnet':
    "{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'stolen' }, data: { environ: importstr '/proc/self/environ' } }\n",
};
const SETTINGS = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata: { level: debug }\n';
const QUOTA = 'apiVersion: v1\nkind: ResourceQuota\nmetadata: { name: preview }\nspec: { hard: { pods: "1000" } }\n';
const NEIGHBOUR = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: intruder, namespace: pr-shop-8 }\n';

const pulls = (...numbers: number[]) =>
  list([
    ...numbers.map((number) => ({ number, sha: shas.get(number)!, labels: ['preview'] })),
    { number: 9, sha: shas.get(9)!, labels: ['other'] },
  ]);

beforeAll(async () => {
  live = await Live.start({ helm: true });
  await live.install();
  // A compiled preview, to compare with.
  live.apps.pull({ number: 5, repository: 'docs' });
  await live.sync(5, 'docs');
  await live.refresh();

  for (const number of [7, 8, 9]) {
    const files = {
      'k8s/app.yaml': service(`pr-shop-${number}`, `v${number}`),
      'k8s/settings.yaml': SETTINGS,
      ...THEFT,
    };
    shas.set(number, live.apps.commit('shop', `change-${number}`, files));
  }
  shas.set(10, live.apps.commit('shop', 'change-10', { 'k8s/a.yaml': QUOTA, 'k8s/b.yaml': NEIGHBOUR }));
  forge = await FakePulls.start();
  forge.answer = pulls(7, 8, 10);

  const { value: platform } = loadPlatform(readFileSync(join(live.repo.clone, 'greenroom.yaml')), 'greenroom.yaml');
  const previews = new PullRequestPreviews(new Chart(new App(), 'shop'), 'shop', {
    platform: platform.spec,
    repoUrl: live.repo.url,
    repository: {
      owner: 'acme',
      name: 'shop',
      id: 4711,
      url: live.apps.url('shop'),
      path: 'k8s',
      labels: ['preview'],
      api: forge.url,
    },
  });
  await live.repo.push(previews.files, 'a fence for pull requests of shop');
  const objects = previews.apiObjects.map((object) => object.toJson());
  const isSet = ({ kind }: Json) => kind === 'ApplicationSet';
  for (const object of [...objects.filter((o) => !isSet(o)), ...objects.filter(isSet)]) {
    await live.cluster.apply(JSON.stringify(object));
  }
});
afterAll(async () => {
  forge?.stop();
  await live?.stop();
});

const names = async () =>
  (await live.get('application', '--namespace=argocd')).items
    .map((o: Json) => o.metadata.name)
    .filter((name: string) => name.startsWith('pr-shop-'))
    .sort();

const ALL = ['pr-shop-10', 'pr-shop-10-fence', 'pr-shop-7', 'pr-shop-7-fence', 'pr-shop-8', 'pr-shop-8-fence'];

const INGRESS_POLICY = 'allow-ingress';

/** Ports that the ingress controller may open connections to; undefined for all of them. */
async function openPorts(name: string): Promise<unknown> {
  const { spec } = await live.get('networkpolicy', INGRESS_POLICY, `--namespace=${name}`);
  expect(spec.ingress).toHaveLength(1);
  return spec.ingress[0].ports;
}

/** What surrounds a preview, without what is the preview's own. */
async function fenceOf(name: string, repository: string): Promise<unknown> {
  const { items } = await live.get(
    'resourcequota,limitrange,networkpolicy,rolebinding,serviceaccount',
    `--namespace=${name}`,
  );
  const namespace = await live.get('namespace', name);
  const text = JSON.stringify(
    [namespace, ...items].map(({ kind, metadata, spec, roleRef, subjects, automountServiceAccountToken }: Json) => {
      const { labels, annotations } = metadata;
      for (const key of Object.keys(annotations)) if (!key.startsWith('greenroom.dev/')) delete annotations[key];
      for (const map of [labels, annotations]) delete map['greenroom.dev/expires'];
      delete labels['greenroom.dev/repository-id'];
      delete labels['app.kubernetes.io/part-of'];
      // A fence that is made without a commit says of none.
      for (const key of ['commit', 'author']) delete annotations[`greenroom.dev/${key}`];
      const rest = kind === 'Namespace' ? {} : { spec, roleRef, subjects, automountServiceAccountToken };
      if (metadata.name === INGRESS_POLICY) for (const rule of spec.ingress) delete rule.ports;
      return { kind, name: metadata.name, labels, annotations, ...rest };
    }),
  );
  return JSON.parse(
    text
      .replaceAll(name, 'NAME')
      .replaceAll(repository, 'REPOSITORY')
      .replace(/"pull-request":"\d+"/, ''),
  );
}

describe('the pull-request generator, for teams that keep their manifests with the code', () => {
  it('makes a fence and an app for each labelled pull request, in this order', async () => {
    await eventually(async () => (await names()).length === ALL.length, { what: 'six Applications' });
    expect(await names()).toEqual(ALL);
    for (const number of [7, 8]) {
      const name = `pr-shop-${number}`;
      await eventually(() => live.exists('ingress', name, name), { what: `the app of ${name}` });
      const { spec } = await live.get('ingress', name, `--namespace=${name}`);
      expect(spec.rules[0].host).toBe(`${name}.apps.example.com`);
      const { data } = await live.get('configmap', 'version', `--namespace=${name}`);
      expect(data.version).toBe(`v${number}`);
      expect((await live.application(name)).spec.source.targetRevision).toBe(shas.get(number));
      expect(await live.exists('configmap', 'stolen', name)).toBe(false);
      expect(await live.exists('configmap', 'settings', name)).toBe(true);
    }
  });

  it('puts the same fence around them as around a compiled preview', async () => {
    await live.untilRunning('pr-docs-5');
    const compiled = JSON.stringify(await fenceOf('pr-docs-5', 'acme/docs'));
    const listed = JSON.stringify(await fenceOf('pr-shop-7', 'acme/shop'));
    expect(compiled).toContain('ResourceQuota');
    const label = (number: number) => `"greenroom.dev/pull-request":"${number}"`;
    expect(JSON.parse(listed.replaceAll(label(7), label(5)))).toEqual(JSON.parse(compiled));
  });

  it('lets the ingress controller reach all ports, since nobody compiles what listens there', async () => {
    expect(await openPorts('pr-docs-5')).toEqual([{ protocol: 'TCP', port: 8080 }]);
    expect(await openPorts('pr-shop-7')).toBeUndefined();
  });

  it('holds a pull request’s manifests to its own namespace, and its fence stays', async () => {
    const messages = await eventually(
      async () => {
        const { status } = await live.application('pr-shop-10');
        const text = JSON.stringify([status?.operationState?.syncResult?.resources, status?.conditions]);
        return text.includes('not permitted') && text;
      },
      { what: 'the quota and the neighbour’s object to be refused' },
    );
    expect(messages).toContain('ResourceQuota');
    expect(await live.exists('configmap', 'intruder', 'pr-shop-8')).toBe(false);
    const { spec } = await live.get('resourcequota', 'preview', '--namespace=pr-shop-10');
    expect(spec.hard.pods).toBe('10');
  });

  const HOOKS = 'post-delete-finalizer.argocd.argoproj.io';
  it.each<[string, (spec: Json, metadata: Json) => void]>([
    ['another folder', ({ source }) => Object.assign(source, { path: 'elsewhere' })],
    ['another repository', ({ source }) => Object.assign(source, { repoURL: 'https://git.example.com/evil.git' })],
    ['a branch', ({ source }) => Object.assign(source, { targetRevision: 'main' })],
    ['a Helm chart', ({ source }) => Object.assign(source, { helm: { releaseName: 'x' } })],
    ['Jsonnet', ({ source }) => Object.assign(source, { directory: { include: '*.jsonnet' } })],
    ['hooks of deletion', (_, metadata) => Object.assign(metadata, { finalizers: [HOOKS] })],
    ['another namespace', ({ destination }) => Object.assign(destination, { namespace: 'pr-shop-8' })],
    ['the fence’s project', (spec) => Object.assign(spec, { project: 'pull-request-fences-shop' })],
  ])('has no Application with %s', async (_, change) => {
    const { metadata, spec, ...rest } = await live.application('pr-shop-7');
    change(spec, metadata);
    const { name, namespace, finalizers } = metadata;
    const object = JSON.stringify({ ...rest, metadata: { name: `${name}1`, namespace, finalizers }, spec });
    const kept = JSON.stringify({ ...rest, metadata, spec });
    const create = await live.cluster.tryKubectl(['create', '--dry-run=server', '--filename=-'], object);
    const replace = await live.cluster.tryKubectl(['replace', '--dry-run=server', '--filename=-'], kept);
    for (const { code, stderr } of [create, replace]) {
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/greenroom-(pull-requests-shop|own-application)/);
    }
  });

  it.each([
    ['a server error', { status: 500, type: 'application/json', body: '{"message":"boom"}' }],
    ['a repository that cannot be found', { status: 404, type: 'application/json', body: '{"message":"Not Found"}' }],
    ['a revoked token', { status: 401, type: 'application/json', body: '{"message":"Bad credentials"}' }],
    ['a page in HTML', { status: 200, type: 'text/html', body: '<html>login</html>' }],
  ])('removes nothing for %s', async (_, failure) => {
    forge.answer = failure;
    const before = forge.asked;
    await live.refreshAfterFailure();
    await eventually(() => forge.asked > before + 1, { what: 'the forge to be asked for fences and apps' });
    await delay(2000);
    expect(await names()).toEqual(ALL);
  });

  it('removes everything of a pull request that closed, and nothing of another', async () => {
    forge.answer = pulls(7);
    await live.refreshAfterFailure();
    for (const name of ['pr-shop-8', 'pr-shop-10']) await live.untilGone(name);
    expect(await names()).toEqual(['pr-shop-7', 'pr-shop-7-fence']);
    expect(await live.exists('ingress', 'pr-shop-7', 'pr-shop-7')).toBe(true);
  });
});

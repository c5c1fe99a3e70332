import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ARGOCD_NAMESPACE, type ArgoCd, startArgoCd } from './argocd.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { isRunning } from './processes.ts';
import { run } from './run.ts';

let cluster: Cluster;
let argocd: ArgoCd;
let repoDir: string;

beforeAll(async () => {
  cluster = await startCluster({ controllerManager: true });
  repoDir = join(cluster.folder, 'apps.git');
  await run('git', ['init', '--quiet', '--bare', '--initial-branch=main', repoDir]);
  await push({ 'shop/settings.yaml': configMap('one') });
  argocd = await startArgoCd(cluster, { repoDir });
  await cluster.kubectl(['create', 'namespace', 'pr-shop-1']);
  for (const object of [project(), ...reconciler()]) await cluster.apply(JSON.stringify(object));
});
afterAll(() => cluster?.stop());

/** Commits files on top of main and pushes them. @returns the commit */
async function push(files: Readonly<Record<string, string>>): Promise<string> {
  const clone = join(cluster.folder, 'clone');
  const git = (...args: string[]) =>
    run('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args], { cwd: clone });
  mkdirSync(clone, { recursive: true });
  await git('init', '--quiet', '--initial-branch=main');
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(clone, path)), { recursive: true });
    writeFileSync(join(clone, path), content);
  }
  await git('add', '--all');
  await git('commit', '--quiet', '--message=change');
  await git('push', '--quiet', repoDir, 'main');
  return (await git('rev-parse', 'HEAD')).trim();
}

function configMap(value: string): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { value } });
}

const SERVER = 'https://kubernetes.default.svc';

function project(): object {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name: 'previews', namespace: ARGOCD_NAMESPACE },
    spec: {
      sourceRepos: [`file://${repoDir}`],
      destinations: [{ server: SERVER, namespace: 'pr-*' }],
      namespaceResourceWhitelist: [
        { group: '', kind: 'ConfigMap' },
        { group: '', kind: 'Service' },
      ],
      destinationServiceAccounts: [{ server: SERVER, namespace: 'pr-*', defaultServiceAccount: 'reconciler' }],
    },
  };
}

/** An account that may write ConfigMaps and nothing else. */
function reconciler(): object[] {
  const metadata = { name: 'reconciler', namespace: 'pr-shop-1' };
  const rbac = 'rbac.authorization.k8s.io';
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata,
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'create', 'patch', 'delete'] }],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'Role', name: 'reconciler' },
      subjects: [{ kind: 'ServiceAccount', ...metadata }],
    },
  ];
}

/** What an ApplicationSet's template and an Application share. */
function applicationSpec(path: string): object {
  return {
    project: 'previews',
    source: { repoURL: argocd.repoUrl, targetRevision: 'main', path },
    destination: { server: SERVER, namespace: 'pr-shop-1' },
    syncPolicy: { automated: { prune: true, selfHeal: true } },
  };
}

function application(name: string, path: string): string {
  const metadata = { name, namespace: ARGOCD_NAMESPACE, finalizers: ['resources-finalizer.argocd.argoproj.io'] };
  return JSON.stringify({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata,
    spec: applicationSpec(path),
  });
}

const valueInCluster = () =>
  cluster.kubectl(['get', 'configmap', 'settings', '--namespace=pr-shop-1', '--output=jsonpath={.data.value}']);

/** Announced again and again, because the repo-server may still hold the branch's commit from before the push. */
async function untilAnnounced(name: string): Promise<void> {
  await eventually(
    async () => {
      await argocd.announcePush();
      return argocd.applicationStatus(name);
    },
    { what: `Application ${name}`, everyMs: 1000 },
  );
}

describe('Argo CD', () => {
  it('brings a commit of a local repository into the cluster, and its removal too', async () => {
    await cluster.apply(application('shop', 'shop'));
    await argocd.untilSynced('shop');
    expect(await valueInCluster()).toBe('one');

    const second = await push({ 'shop/settings.yaml': configMap('two') });
    await eventually(
      async () => {
        await argocd.refresh('shop');
        return (await argocd.applicationStatus('shop'))?.revision === second;
      },
      { what: 'Argo CD to see the second commit', everyMs: 500 },
    );
    await argocd.untilSynced('shop', second);
    expect(await valueInCluster()).toBe('two');

    await cluster.kubectl(['delete', 'application', 'shop', `--namespace=${ARGOCD_NAMESPACE}`, '--timeout=60s']);
    expect(await argocd.applicationStatus('shop')).toBeUndefined();
    expect((await cluster.tryKubectl(['get', 'configmap', 'settings', '--namespace=pr-shop-1'])).code).toBe(1);
  });

  it('acts with the rights of the impersonated account and no others', async () => {
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } };
    await push({ 'service/service.yaml': JSON.stringify(service) });
    await cluster.apply(application('service', 'service'));
    await eventually(
      async () => {
        const said = (await argocd.applicationStatus('service'))?.messages.join('\n');
        return said?.includes('"system:serviceaccount:pr-shop-1:reconciler" cannot get resource "services"');
      },
      { what: 'the sync to fail' },
    );
    expect((await cluster.tryKubectl(['get', 'service', 'web', '--namespace=pr-shop-1'])).code).toBe(1);
  });

  it('makes Applications from the files of a repository, at once after a push was announced', async () => {
    const set = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'ApplicationSet',
      metadata: { name: 'sets', namespace: ARGOCD_NAMESPACE },
      spec: {
        goTemplate: true,
        generators: [
          // Longer than the test: what is seen within it was announced.
          {
            git: {
              repoURL: argocd.repoUrl,
              revision: 'main',
              files: [{ path: 'sets/*.json' }],
              requeueAfterSeconds: 3600,
            },
          },
        ],
        template: { metadata: { name: '{{.name}}' }, spec: applicationSpec('shop') },
      },
    };
    await push({ 'sets/a.json': JSON.stringify({ name: 'set-a' }) });
    await cluster.apply(JSON.stringify(set));
    await untilAnnounced('set-a');
    await push({ 'sets/b.json': JSON.stringify({ name: 'set-b' }) });
    await untilAnnounced('set-b');
  });

  it('stops and leaves the cluster', async () => {
    const pids = [...cluster.processes.pids].filter(([name]) => name.startsWith('argocd-')).map(([, pid]) => pid);
    expect(pids).toHaveLength(4);
    await argocd.stop();
    expect(pids.filter(isRunning)).toEqual([]);
    await cluster.kubectl(['get', 'namespaces']);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../eventually.ts';
import { sourceOf } from '../go.ts';
import { judgeModule } from '../judges.ts';
import { Live } from './live.ts';
import type { Json } from './objects.ts';

/** What somebody pushes into a preview's folder who gets past greenroom, and what must never come of it. */

let live: Live;
beforeAll(async () => {
  live = await Live.start();
  await live.install();
});
afterAll(() => live?.stop());

const folder = (name: string) => `previews/main/shop/${name}`;

/** Ready previews of these pull requests. */
async function previews(...numbers: number[]): Promise<void> {
  for (const number of numbers) {
    live.apps.pull({ number });
    await live.sync(number);
  }
  await live.refresh();
  for (const number of numbers) await live.untilRunning(`pr-shop-${number}`);
}

/** A binding of the preview's own account to everything, with these annotations. */
const takeover = (name: string, annotations: object) =>
  JSON.stringify({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: `takeover-${name}`, annotations },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'preview-reconciler', namespace: name }],
  });

const configMap = (name: string, namespace: string, annotations: object = {}) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, annotations }, data: { a: 'b' } });

async function pushed(files: Readonly<Record<string, string>>, ...applications: string[]): Promise<void> {
  await live.repo.push(new Map(Object.entries(files)), 'pushed past greenroom');
  await live.refresh(...applications);
  const head = await live.repo.head();
  for (const name of applications) {
    await eventually(
      async () => {
        const { status } = await live.application(name);
        return status.sync?.revision === head || status.conditions?.length > 0;
      },
      { what: `${name} to be compared with what was pushed` },
    );
  }
}

async function bindings(): Promise<string[]> {
  const { items } = await live.get('clusterrolebinding');
  return items.map(({ metadata }: Json) => metadata.name).filter((name: string) => name.startsWith('takeover'));
}

/** Pushes hooks of deletion into a preview, and ends it. */
async function removeWithHooks(name: string): Promise<void> {
  const hook = (value: string) => ({ 'argocd.argoproj.io/hook': value });
  await pushed(
    {
      [`${folder(name)}/app/hook.yaml`]: takeover(name, hook('PostDelete')),
      [`${folder(name)}/app/helm-hook.yaml`]: takeover(`${name}-helm`, { 'helm.sh/hook': 'post-delete' }),
      [`${folder(name)}/fence/hook.yaml`]: takeover(`${name}-fence`, hook('PostDelete')),
    },
    name,
    `${name}-fence`,
  );
  // The Applications go with the record alone; what they read is still there when their hooks are due.
  await live.repo.push(new Map([[`${folder(name)}/preview.json`, null]]), 'gone');
  await live.refresh();
}

describe('hooks of deletion, which Argo CD runs with its own rights', () => {
  /** With the role of Argo CD's own installation, which may do everything. */
  async function withOwnRole(work: () => Promise<void>): Promise<void> {
    const manifests = join(await sourceOf('github.com/argoproj/argo-cd/v3', judgeModule('argocd')), 'manifests');
    const file = 'cluster-rbac/application-controller/argocd-application-controller-clusterrole.yaml';
    await live.cluster.apply(readFileSync(join(manifests, file), 'utf8'));
    try {
      await work();
    } finally {
      const narrow = join(live.repo.clone, 'bootstrap/install/controller');
      await live.cluster.kubectl(['replace', `--filename=${narrow}`]);
    }
  }

  async function withoutGuard(work: () => Promise<void>): Promise<void> {
    const binding = 'validatingadmissionpolicybinding';
    await live.cluster.kubectl(['delete', binding, 'greenroom-own-application']);
    await delay(3000);
    try {
      await work();
    } finally {
      const file = join(live.repo.clone, `bootstrap/install/argocd/${binding}.greenroom-own-application.yaml`);
      await live.cluster.kubectl(['apply', `--filename=${file}`]);
      await delay(3000);
    }
  }

  /** An Application whose hooks cannot end waits for ever. */
  async function letGo(name: string): Promise<void> {
    for (const each of [name, `${name}-fence`]) {
      if (!(await live.exists('application', each, 'argocd'))) continue;
      const patch = ['--namespace=argocd', '--type=merge', '--patch={"metadata":{"finalizers":null}}'];
      await live.cluster.tryKubectl(['patch', 'application', each, ...patch]);
    }
  }

  it('take the cluster over where neither the guard nor the narrow role is there: the attack is real', async () => {
    await previews(6);
    await withoutGuard(() =>
      withOwnRole(async () => {
        await removeWithHooks('pr-shop-6');
        await eventually(async () => (await bindings()).length > 0, { what: 'the takeover' });
        await letGo('pr-shop-6');
      }),
    );
    for (const name of await bindings()) await live.cluster.kubectl(['delete', 'clusterrolebinding', name]);
  });

  it('do nothing, and the preview goes', async () => {
    await previews(7);
    await removeWithHooks('pr-shop-7');
    await live.untilGone('pr-shop-7');
    expect(await bindings()).toEqual([]);
  });

  it('do nothing by admission alone, where Argo CD keeps the role that it comes with', async () => {
    await previews(8);
    await withOwnRole(async () => {
      await removeWithHooks('pr-shop-8');
      await live.untilGone('pr-shop-8');
    });
    expect(await bindings()).toEqual([]);
  });

  it('do nothing by the narrow role alone, where somebody took the guard away', async () => {
    await previews(9);
    await withoutGuard(async () => {
      await removeWithHooks('pr-shop-9');
      const isDeleted = async () => (await live.application('pr-shop-9')).metadata.deletionTimestamp !== undefined;
      await eventually(isDeleted, { what: 'the Application to be deleted' });
      await delay(8000);
      await letGo('pr-shop-9');
    });
    expect(await bindings()).toEqual([]);
  });
});

describe('whatever else a folder can ask of Argo CD', () => {
  const options = (value: string) => ({ 'argocd.argoproj.io/sync-options': value });

  beforeAll(() => previews(20, 21));

  it.each([
    ['a hook before the sync', { 'argocd.argoproj.io/hook': 'PreSync' }],
    ['a hook after a failed sync', { 'argocd.argoproj.io/hook': 'SyncFail' }],
    ['a hook after the sync', { 'argocd.argoproj.io/hook': 'PostSync' }],
    ['a hook before deletion', { 'argocd.argoproj.io/hook': 'PreDelete' }],
    ['a hook of Helm before installation', { 'helm.sh/hook': 'pre-install' }],
    ['Replace', options('Replace=true')],
    ['Force', options('Force=true,Replace=true')],
    ['ServerSideApply', options('ServerSideApply=true')],
  ])('is done with the account of the preview, and not allowed: %s', async (what, annotations) => {
    const name = what.replaceAll(/\W+/g, '-').toLowerCase();
    await pushed(
      {
        [`${folder('pr-shop-20')}/app/a.yaml`]: takeover(name, annotations),
        [`${folder('pr-shop-20')}/app/b.yaml`]: configMap('intruder', 'pr-shop-21', annotations),
        [`${folder('pr-shop-20')}/app/c.yaml`]: configMap('intruder', 'kube-system', annotations),
      },
      'pr-shop-20',
    );
    await delay(4000);
    expect(await bindings()).toEqual([]);
    for (const namespace of ['pr-shop-21', 'kube-system']) {
      expect(await live.exists('configmap', 'intruder', namespace)).toBe(false);
    }
  });

  it('keeps nothing: what is to be kept goes with the namespace', async () => {
    const clean = { a: null, b: null, c: null };
    await live.repo.push(
      new Map(Object.keys(clean).map((file) => [`${folder('pr-shop-20')}/app/${file}.yaml`, null])),
      'clean',
    );
    const kept = { 'helm.sh/resource-policy': 'keep', ...options('Delete=false,Prune=false') };
    await pushed({ [`${folder('pr-shop-20')}/app/kept.yaml`]: configMap('kept', 'pr-shop-20', kept) }, 'pr-shop-20');
    await live.repo.push(new Map([[folder('pr-shop-20'), null]]), 'gone');
    await live.refresh();
    await live.untilGone('pr-shop-20');
  });

  it('leaves a neighbour alone whose objects carry a foreign tracking id', async () => {
    await previews(22);
    const foreign = { 'argocd.argoproj.io/tracking-id': 'pr-shop-22:/ConfigMap:pr-shop-21/marked' };
    await live.cluster.apply(configMap('marked', 'pr-shop-21', foreign));
    const before = (await live.get('deployment', 'pr-shop-21', '--namespace=pr-shop-21')).metadata.uid;
    await live.repo.push(new Map([[folder('pr-shop-22'), null]]), 'gone');
    await live.refresh();
    await live.untilGone('pr-shop-22');
    expect((await live.get('deployment', 'pr-shop-21', '--namespace=pr-shop-21')).metadata.uid).toBe(before);
    expect((await live.get('namespace', 'pr-shop-21')).status.phase).toBe('Active');
  });

  it('evaluates no Jsonnet, whatever a file in the folder says of its source', async () => {
    const steal = `{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'stolen', namespace: 'pr-shop-21' },
      data: { environ: importstr '/proc/self/environ' } }`;
    await pushed(
      {
        [`${folder('pr-shop-21')}/app/.argocd-source.yaml`]: "directory: { include: '*', recurse: true }\n",
        [`${folder('pr-shop-21')}/app/steal.jsonnet`]: steal,
      },
      'pr-shop-21',
    );
    await delay(4000);
    expect(await live.exists('configmap', 'stolen', 'pr-shop-21')).toBe(false);
    // The same files where Argo CD is set up otherwise: what the README asks for is what holds it.
    const patch = ['patch', 'configmap', 'argocd-cm', '--namespace=argocd', '-p', '{"data":{"jsonnet.enable":"true"}}'];
    await live.cluster.kubectl(patch);
    await live.cluster.kubectl([
      'annotate',
      'application',
      'pr-shop-21',
      '-n=argocd',
      'argocd.argoproj.io/refresh=hard',
    ]);
    await eventually(() => live.exists('configmap', 'stolen', 'pr-shop-21'), { what: 'the theft' });
  });
});

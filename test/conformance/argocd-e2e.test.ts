import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Chart } from 'cdk8s';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type CompiledPreview, type Compiler, createCompiler } from '../../lib/compile/compile.ts';
import { AppProject } from '../../lib/constructs/app-project/index.ts';
import { ApplicationSet } from '../../lib/constructs/application-set/index.ts';
import { loadPlatform, loadPreview } from '../../lib/model/files.ts';
import { init } from '../../lib/scaffold/init.ts';
import { type ArgoCd, startArgoCd } from './argocd.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { crdFiles } from './crds.ts';
import { eventually } from './eventually.ts';
import { LiveAppsRepo } from './live-apps-repo.ts';
import { tryRun } from './run.ts';

const DAY = 86_400;
const now = () => Math.floor(Date.now() / 1000);

// biome-ignore lint/suspicious/noExplicitAny: objects of the API server are read as plain data
type Json = any;

let cluster: Cluster;
let argo: ArgoCd;
let repo: LiveAppsRepo;
let compile: Compiler;

async function get(kind: string, ...args: string[]): Promise<Json> {
  return JSON.parse(await cluster.kubectl(['get', kind, ...args, '--output=json']));
}

const inNamespace = (namespace?: string) => (namespace === undefined ? [] : [`--namespace=${namespace}`]);

async function exists(kind: string, name: string, namespace?: string): Promise<boolean> {
  const place = inNamespace(namespace);
  return (await cluster.kubectl(['get', kind, name, ...place, '--ignore-not-found', '--output=name'])) !== '';
}

const application = (name: string): Promise<Json> => get('application', name, '--namespace=argocd');

/** What the webhook does on a real forge: Argo CD looks at the repository now. */
async function refresh(...applications: string[]): Promise<void> {
  await argo.announcePush();
  for (const name of applications) await argo.refresh(name);
}

/**
 * Like {@link refresh}, after a failed reconcile: the mark that a webhook leaves stays behind then, and a second webhook
 * changes nothing. Left alone, Argo CD tries again after three minutes.
 */
async function refreshAfterFailure(): Promise<void> {
  const mark = 'argocd.argoproj.io/application-set-refresh';
  for (const change of [`${mark}-`, `${mark}=true`]) {
    await cluster.kubectl(['annotate', 'applicationset', '--namespace=argocd', '--all', '--overwrite', change]);
  }
}

interface Wish {
  readonly number: number;
  readonly repository?: string;
  /** Unix seconds. @default - a day from now */
  readonly expires?: number;
  readonly manifests?: ReadonlyMap<string, string>;
}

function preview({ number, repository = 'shop', expires = now() + DAY, manifests }: Wish): CompiledPreview {
  const at = expires - DAY;
  const text = [
    'apiVersion: greenroom.dev/v1alpha1',
    'kind: Preview',
    `spec: { template: web-service, image: ghcr.io/acme/${repository}, port: 8080${manifests ? ', manifests: k8s' : ''} }`,
  ].join('\n');
  return compile({
    preview: loadPreview(text, 'preview.yaml'),
    manifests: manifests ?? null,
    identity: { repositoryId: 100 + repository.length, owner: 'acme', repository, number },
    headSha: 'a'.repeat(40),
    author: 'maker',
    labels: [],
    times: { createdAt: at, updatedAt: at, committedAt: at },
  });
}

const filesOf = (previews: readonly CompiledPreview[]) => new Map(previews.flatMap((p) => [...p.files]));
const forced = (p: CompiledPreview, part: 'app' | 'fence', text: string) =>
  new Map([...p.files, [`${p.folder}/${part}/intruder.yaml`, text]]);

async function seconds(work: () => Promise<unknown>): Promise<string> {
  const start = performance.now();
  await work();
  return ((performance.now() - start) / 1000).toFixed(1);
}

const gone = (name: string) => async () =>
  !(await exists('namespace', name)) &&
  !(await exists('application', name, 'argocd')) &&
  !(await exists('application', `${name}-fence`, 'argocd'));

const running = (name: string) => async () => {
  const { status } = await application(name);
  return status.sync.status === 'Synced' && (await exists('deployment', name, name));
};

beforeAll(async () => {
  repo = await LiveAppsRepo.create();
  cluster = await startCluster({ controllerManager: true });
  argo = await startArgoCd(cluster, { repoDir: repo.bare });
  for (const file of await crdFiles('cert-manager')) await cluster.apply(readFileSync(file, 'utf8'));
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-init-'));
  const platform = `apiVersion: greenroom.dev/v1alpha1
kind: Platform
spec:
  domain: apps.example.com
  sources: [{ owner: acme }]
  registries: [ghcr.io/acme]
  appsRepo: { url: "${repo.url}" }
`;
  await init({ dir: folder, version: '0.0.0', platform });
  compile = createCompiler({ platform: loadPlatform(platform, 'greenroom.yaml').value.spec, now: now() });
  await repo.pushFolder(folder, 'apps repo');
  rmSync(folder, { recursive: true });
});

afterAll(async () => {
  await cluster?.stop();
  repo?.remove();
});

describe('an apps repo that a real Argo CD runs', () => {
  it('is installed by an administrator once, and then applies itself with accounts of its own', async () => {
    await cluster.kubectl(['create', 'namespace', 'ingress-nginx']);
    const install = join(repo.clone, 'bootstrap', 'install');
    const took = await seconds(async () => {
      await cluster.kubectl([
        'apply',
        `--filename=${install}/clusters/main`,
        `--filename=${install}/argocd`,
        `--filename=${install}/root`,
      ]);
      for (const name of ['greenroom', 'greenroom-main']) {
        await eventually(async () => (await application(name)).status?.operationState?.phase === 'Succeeded', {
          what: `${name} to be applied`,
        });
      }
    });
    console.log(`bootstrap: applied by Argo CD after ${took} s`);
    const { items } = await get('validatingadmissionpolicy');
    for (const { metadata, status } of items) {
      expect([metadata.name, status?.typeChecking?.expressionWarnings ?? []]).toEqual([metadata.name, []]);
    }
    const foreign = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'pr-without-label' },
    });
    const fencer = '--as=system:serviceaccount:argocd:preview-fencer';
    await eventually(
      async () =>
        (await cluster.tryKubectl(['create', '--dry-run=server', fencer, '--filename=-'], foreign)).code !== 0,
      { what: 'the guard of the fencer to take effect' },
    );
  });

  it('runs three previews: everything is there as generated, and no app comes before its fence', async () => {
    const previews = [7, 8, 9].map((number) => preview({ number }));
    await repo.push(filesOf(previews), 'three previews');
    const start = performance.now();
    const since = () => ((performance.now() - start) / 1000).toFixed(1);
    await refresh();
    await eventually(() => exists('namespace', 'pr-shop-7'), { what: 'a namespace' });
    console.log(`preview: namespace ${since()} s after the commit`);
    for (const { name } of previews) await eventually(running(name), { what: `${name} to run` });
    console.log(`preview: three workloads ${since()} s after the commit`);

    for (const { files, folder, name } of previews) {
      for (const [path, text] of files) {
        if (!path.endsWith('.yaml')) continue;
        const wanted = parse(text);
        const live = (await get(wanted.kind, wanted.metadata.name, ...inNamespace(wanted.metadata.namespace))) as Json;
        expect(live.metadata, path).toMatchObject({ ...wanted.metadata });
        if (wanted.spec) expect(live.spec, path).toMatchObject(wanted.spec);
      }
      const binding = await get('rolebinding', 'preview-reconciler', `--namespace=${name}`);
      const deployment = await get('deployment', name, `--namespace=${name}`);
      expect(Date.parse(deployment.metadata.creationTimestamp)).toBeGreaterThanOrEqual(
        Date.parse(binding.metadata.creationTimestamp),
      );
      expect(folder).toBe(`previews/main/shop/${name}`);
    }
  });
});

describe('least privilege, by the API server’s own RBAC and admission', () => {
  const object = (apiVersion: string, kind: string, name: string, namespace?: string, rest: object = {}) =>
    JSON.stringify({ apiVersion, kind, metadata: { name, ...(namespace && { namespace }) }, ...rest });
  const attempt = (account: string, manifest: string, verb = 'create') =>
    cluster.tryKubectl([verb, `--as=system:serviceaccount:${account}`, '--filename=-', '--dry-run=server'], manifest);
  const configMap = (namespace: string) => object('v1', 'ConfigMap', 'x', namespace);
  const binding = (namespace: string, role: string) =>
    object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'more', namespace, {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', name: 'preview-reconciler', namespace }],
    });

  const APP = 'pr-shop-7:preview-reconciler';
  const FENCER = 'argocd:preview-fencer';

  it('the account of an app writes workloads, into its own namespace', async () => {
    expect((await attempt(APP, configMap('pr-shop-7'))).code).toBe(0);
  });

  it.each([
    ['a quota', object('v1', 'ResourceQuota', 'x', 'pr-shop-7', { spec: { hard: { pods: '99' } } })],
    ['a limit range', object('v1', 'LimitRange', 'x', 'pr-shop-7', { spec: { limits: [] } })],
    [
      'a network policy',
      object('networking.k8s.io/v1', 'NetworkPolicy', 'x', 'pr-shop-7', { spec: { podSelector: {} } }),
    ],
    ['a role binding', binding('pr-shop-7', 'preview-workloads')],
    ['a service account', object('v1', 'ServiceAccount', 'x', 'pr-shop-7')],
    ['a secret', object('v1', 'Secret', 'x', 'pr-shop-7')],
    ['a namespace', object('v1', 'Namespace', 'pr-shop-99')],
    ['a neighbour’s object', configMap('pr-shop-8')],
    ['an object of the system', configMap('kube-system')],
    ['a cluster role', object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'x', undefined, { rules: [] })],
  ])('the account of an app cannot create %s', async (_, manifest) => {
    const { code, stderr } = await attempt(APP, manifest);
    expect(code).not.toBe(0);
    expect(stderr).toContain('forbidden');
  });

  it.each(['delete', 'patch', 'update', 'get'])('the account of an app cannot %s what fences it in', async (verb) => {
    for (const kind of ['resourcequotas', 'limitranges', 'networkpolicies', 'rolebindings', 'serviceaccounts']) {
      const answer = await cluster.tryKubectl([
        'auth',
        'can-i',
        verb,
        kind,
        '--namespace=pr-shop-7',
        `--as=system:serviceaccount:${APP}`,
      ]);
      expect([kind, answer.stdout.trim()]).toEqual([kind, 'no']);
    }
  });

  it.each([
    ['a workload', object('apps/v1', 'Deployment', 'x', 'pr-shop-7')],
    ['a config map', configMap('pr-shop-7')],
    ['a binding to more than workloads', binding('pr-shop-7', 'cluster-admin')],
    ['a role of its own making', object('rbac.authorization.k8s.io/v1', 'Role', 'x', 'pr-shop-7', { rules: [] })],
    ['a namespace that is no preview', object('v1', 'Namespace', 'team-a')],
    ['a namespace of a preview without its label', object('v1', 'Namespace', 'pr-shop-98')],
    ['an object in a namespace that is no preview', object('v1', 'ResourceQuota', 'x', 'kube-system', { spec: {} })],
  ])('the fencer cannot create %s', async (_, manifest) => {
    const { code, stderr } = await attempt(FENCER, manifest);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/forbidden|may touch only previews|attempting to grant/);
  });

  it('the fencer reads no secrets, and adopts no namespace that happens to be called pr-*', async () => {
    const secrets = [
      'auth',
      'can-i',
      'get',
      'secrets',
      '--namespace=pr-shop-7',
      `--as=system:serviceaccount:${FENCER}`,
    ];
    expect((await cluster.tryKubectl(secrets)).stdout.trim()).toBe('no');
    await cluster.kubectl(['create', 'namespace', 'pr-team-own']);
    const adopting = object('v1', 'Namespace', 'pr-team-own').replace(
      '"pr-team-own"',
      '"pr-team-own","labels":{"greenroom.dev/preview":"pr-team-own"}',
    );
    expect((await attempt(FENCER, adopting, 'apply')).stderr).toContain('may touch only previews');
    const quota = object('v1', 'ResourceQuota', 'x', 'pr-team-own', { spec: {} });
    expect((await attempt(FENCER, quota)).stderr).toContain('may touch only previews');
  });

  it('the cleaner deletes namespaces of previews, and no others', async () => {
    const remove = (namespace: string) =>
      cluster.tryKubectl([
        'delete',
        'namespace',
        namespace,
        '--dry-run=server',
        '--as=system:serviceaccount:argocd:preview-cleaner',
      ]);
    expect((await remove('pr-shop-7')).code).toBe(0);
    // kube-system is kept by the API server itself.
    for (const namespace of ['ingress-nginx', 'argocd', 'pr-team-own']) {
      expect((await remove(namespace)).stderr).toContain('may only delete namespaces of previews');
    }
  });
});

describe('Applications of previews', () => {
  const APPLICATION = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'pr-shop-50', namespace: 'argocd' },
  };
  const spec = (change: object = {}, source: object = {}, destination: object = {}) => ({
    spec: {
      project: 'previews',
      source: { repoURL: repo.url, targetRevision: 'main', path: 'previews/main/shop/pr-shop-50/app', ...source },
      destination: { server: 'https://kubernetes.default.svc', namespace: 'pr-shop-50', ...destination },
      ...change,
    },
  });
  const create = (change: object, metadata: object = {}) =>
    cluster.tryKubectl(
      ['create', '--dry-run=server', '--filename=-'],
      JSON.stringify({ ...APPLICATION, metadata: { ...APPLICATION.metadata, ...metadata }, ...change }),
    );

  it('are admitted as the ApplicationSets make them', async () => {
    expect(await create(spec())).toMatchObject({ code: 0 });
    const fence = spec({ project: 'preview-fences' }, { path: 'previews/main/shop/pr-shop-50/fence' });
    expect(await create(fence, { name: 'pr-shop-50-fence' })).toMatchObject({ code: 0 });
  });

  it.each<[string, () => [object, object?]]>([
    ['another repository', () => [spec({}, { repoURL: 'https://git.example.com/evil.git' })]],
    ['another revision', () => [spec({}, { targetRevision: 'evil' })]],
    ['another preview’s folder', () => [spec({}, { path: 'previews/main/shop/pr-shop-7/app' })]],
    ['a fence with the permissions of an app', () => [spec({}, { path: 'previews/main/shop/pr-shop-50/fence' })]],
    ['an app with the permissions of the fencer', () => [spec({ project: 'preview-fences' })]],
    ['another namespace', () => [spec({}, {}, { namespace: 'kube-system' })]],
    ['another cluster', () => [spec({}, {}, { server: 'https://evil.example.com' })]],
    ['another name', () => [spec(), { name: 'mine' }]],
    ['a Helm chart', () => [spec({}, { helm: { releaseName: 'x' } })]],
    ['several sources', () => [spec({ sources: [spec().spec.source] })]],
    ['a namespace of a preview to live in', () => [spec({ project: 'default' }), { namespace: 'pr-shop-7' }]],
    [
      'manifests handed in',
      () => [{ ...spec(), operation: { sync: { manifests: ['{"apiVersion":"v1","kind":"Secret"}'] } } }],
    ],
  ])('are refused with %s', async (_, make) => {
    const { code, stderr } = await create(...make());
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/greenroom-(applications|own-application|allowed-kinds)/);
  });
});

describe('a maker’s manifest that reaches out of its fence', () => {
  const quota = `apiVersion: v1
kind: ResourceQuota
metadata: { name: preview, namespace: NAME }
spec: { hard: { pods: "1000" } }
`;
  const ATTEMPTS: readonly [string, 'app' | 'fence', string][] = [
    ['changes its quota', 'app', quota],
    [
      'hides a quota in a list',
      'app',
      `apiVersion: v1\nkind: List\nitems:\n- ${quota.trim().replaceAll('\n', '\n  ')}\n`,
    ],
    [
      'binds itself to a role',
      'app',
      `apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: intruder, namespace: NAME }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin }
subjects: [{ kind: ServiceAccount, name: preview-reconciler, namespace: NAME }]
`,
    ],
    [
      'writes to a neighbour',
      'app',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: intruder, namespace: pr-shop-8 }\n',
    ],
    [
      'writes to the system',
      'app',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: intruder, namespace: kube-system }\n',
    ],
    [
      'makes an object of the cluster',
      'app',
      `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: intruder }
rules: []
`,
    ],
    [
      'runs a privileged container',
      'app',
      `apiVersion: v1
kind: Pod
metadata: { name: intruder, namespace: NAME }
spec:
  containers: [{ name: intruder, image: ghcr.io/acme/shop, securityContext: { privileged: true } }]
`,
    ],
    [
      'opens a port on every node',
      'app',
      `apiVersion: v1
kind: Service
metadata: { name: intruder, namespace: NAME }
spec: { type: NodePort, ports: [{ port: 80 }] }
`,
    ],
    [
      'makes a fence of its own that binds to cluster-admin',
      'fence',
      `apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: intruder, namespace: NAME }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin }
subjects: [{ kind: ServiceAccount, name: preview-reconciler, namespace: NAME }]
`,
    ],
    [
      'makes a fence that adopts a namespace of the system',
      'fence',
      'apiVersion: v1\nkind: Namespace\nmetadata: { name: kube-public, labels: { greenroom.dev/preview: kube-public } }\n',
    ],
    [
      'makes a fence that adopts a neighbour’s namespace',
      'fence',
      'apiVersion: v1\nkind: Namespace\nmetadata: { name: pr-shop-8, labels: { stolen: "true" } }\n',
    ],
  ];
  const intruders = () => ATTEMPTS.map((attempt, index) => [attempt, preview({ number: 20 + index })] as const);

  it.each(ATTEMPTS.filter(([, part]) => part === 'app').map(([what, , text]) => [what, text]))(
    'is refused before it is committed when it %s',
    (_, text) => {
      const manifests = new Map([['k8s/intruder.yaml', text.replaceAll('NAME', 'pr-shop-70')]]);
      let refused: boolean;
      try {
        refused = preview({ number: 70, manifests }).denied;
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid-input' });
        refused = true;
      }
      expect(refused).toBe(true);
    },
  );

  it('is refused at admission with the sentence that it was refused with before', async () => {
    const [, , text] = ATTEMPTS.find(([what]) => what.includes('every node'))!;
    const manifest = text.replaceAll('NAME', 'pr-shop-8');
    const { findings } = preview({ number: 8, manifests: new Map([['k8s/intruder.yaml', manifest]]) });
    const sentence = findings.find((f) => f.rule === 'no-node-port')?.message;
    const account = '--as=system:serviceaccount:pr-shop-8:preview-reconciler';
    const { code, stderr } = await cluster.tryKubectl(['create', account, '--filename=-'], manifest);
    expect(code).not.toBe(0);
    expect(stderr).toContain(sentence);
  });

  it('is refused by Argo CD’s project, the impersonated account or admission, and the fence is intact', async () => {
    const all = intruders();
    const before = await get('resourcequota,networkpolicy,rolebinding', '--namespace=pr-shop-8');
    await repo.push(
      new Map(all.flatMap(([[, part, text], p]) => [...forced(p, part, text.replaceAll('NAME', p.name))])),
      'pushed past greenroom',
    );
    await refresh();
    for (const [[what, part], { name }] of all) {
      const app = part === 'fence' ? `${name}-fence` : name;
      const state = await eventually(
        async () => {
          const { status } = await application(app);
          const refused = status?.operationState?.syncResult?.resources?.filter((r: Json) => r.status === 'SyncFailed');
          return refused?.length > 0
            ? refused
            : status?.conditions?.some((c: Json) => /Error/.test(c.type)) && status.conditions;
        },
        { what: `${app}, which ${what}, to be refused`, timeoutMs: 120_000 },
      );
      const reasons = state.map((r: Json) => r.message).join('\n');
      expect(reasons, what).toMatch(
        /not permitted|is not allowed|forbidden|may touch only previews|attempting to grant|shared|part of applications|ask the platform team/i,
      );
    }
    const found = await cluster.kubectl(['get', 'configmap,rolebinding', '--all-namespaces', '--output=name']);
    expect(found).not.toContain('intruder');
    expect(await exists('clusterrole', 'intruder')).toBe(false);
    expect((await get('namespace', 'kube-public')).metadata.labels).not.toHaveProperty('greenroom.dev/preview');
    expect((await get('namespace', 'pr-shop-8')).metadata.labels).not.toHaveProperty('stolen');
    const versions = (list: Json) => list.items.map((o: Json) => [o.kind, o.metadata.name, o.metadata.generation]);
    const after = await get('resourcequota,networkpolicy,rolebinding', '--namespace=pr-shop-8');
    expect(versions(after)).toEqual(versions(before));
    for (const [[, part], { name }] of all) {
      if (part === 'fence') continue;
      const { spec } = await get('resourcequota', 'preview', `--namespace=${name}`);
      expect(spec.hard.pods).not.toBe('1000');
    }
  });

  it('goes without a trace when its pull request closes, failing operations or not', async () => {
    const all = intruders().map(([, p]) => p);
    await repo.push(new Map(all.map((p) => [p.folder, null])), 'close the intruders');
    await refresh();
    for (const { name } of all) {
      await eventually(gone(name), { what: `${name} to be gone`, timeoutMs: 180_000 });
    }
    for (const name of ['kube-public', 'pr-shop-8', 'kube-system']) {
      expect((await get('namespace', name)).status.phase).toBe('Active');
    }
  });
});

describe('closing and opening again', () => {
  it('removes everything of one preview and touches no other', async () => {
    const closing = preview({ number: 7 });
    const neighbour = (await get('deployment', 'pr-shop-8', '--namespace=pr-shop-8')).metadata.uid;
    await repo.push(new Map([[closing.folder, null]]), 'close #7');
    const took = await seconds(async () => {
      await refresh();
      await eventually(gone('pr-shop-7'), { what: 'pr-shop-7 to be gone' });
    });
    console.log(`close: gone ${took} s after the commit`);
    expect((await get('deployment', 'pr-shop-8', '--namespace=pr-shop-8')).metadata.uid).toBe(neighbour);
  });

  it('brings it back', async () => {
    await repo.push(filesOf([preview({ number: 7 })]), 'reopen #7');
    await refresh();
    await eventually(running('pr-shop-7'), { what: 'pr-shop-7 to run again' });
  });
});

describe('expiry', () => {
  /** The generated job's own command, with its account, as if it were an hour later. */
  async function runCleaner(): Promise<void> {
    const job = await get('cronjob', 'preview-cleaner', '--namespace=argocd');
    const { serviceAccountName, containers } = job.spec.jobTemplate.spec.template.spec;
    const token = await cluster.kubectl(['create', 'token', serviceAccountName, '--namespace=argocd']);
    const folder = mkdtempSync(join(tmpdir(), 'greenroom-cleaner-'));
    try {
      const config = JSON.parse(readFileSync(cluster.kubeconfig, 'utf8'));
      config.users[0].user = { token: token.trim() };
      writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(config));
      writeFileSync(join(folder, 'date'), `#!/bin/sh\necho ${now() + 3600}\n`, { mode: 0o755 });
      const [program, ...args] = containers[0].command;
      const { code, stderr } = await tryRun(program, args, {
        env: { PATH: `${folder}:${process.env.PATH}`, KUBECONFIG: join(folder, 'kubeconfig'), HOME: folder },
      });
      expect([code, stderr]).toEqual([0, '']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  it('stops healing once the time is up, so that what the cleaner ends stays ended', async () => {
    const late = preview({ number: 60, expires: now() + 15 });
    await repo.push(filesOf([late]), 'ends soon');
    await refresh();
    await eventually(running(late.name), { what: `${late.name} to run` });
    await eventually(
      async () => {
        await refresh();
        const apps = await Promise.all([application(late.name), application(`${late.name}-fence`)]);
        return apps.every((app) => app.spec.syncPolicy.automated.enabled === false);
      },
      { what: 'the ApplicationSets to notice', everyMs: 2000 },
    );
    await runCleaner();
    const left = async () => !(await exists('namespace', late.name));
    await eventually(left, { what: `${late.name} to be ended by the cleaner` });
    expect(await exists('namespace', 'pr-shop-8')).toBe(true);
    // A commit elsewhere and a hard refresh bring nothing back.
    await repo.push(new Map([['exceptions/note.txt', 'x']]), 'unrelated');
    await refresh(late.name, `${late.name}-fence`);
    await new Promise((resolve) => setTimeout(resolve, 8000));
    expect(await left()).toBe(true);
    // The sweep is the authority: it removes the folder, and the Applications go too.
    await repo.push(new Map([[late.folder, null]]), 'sweep');
    await refresh();
    await eventually(gone(late.name), { what: 'its Applications to be gone' });
  });

  it('holds with Git dead: what the cleaner ends is not restored', async () => {
    const late = preview({ number: 61, expires: now() + 15 });
    await repo.push(filesOf([late]), 'ends soon, and Git dies');
    await refresh();
    await eventually(running(late.name), { what: `${late.name} to run` });
    repo.setReachable(false);
    try {
      await eventually(() => now() > late.expires + 1, { what: 'its time to be up' });
      await refresh();
      await runCleaner();
      await eventually(async () => !(await exists('namespace', late.name)), { what: `${late.name} to be ended` });
      await new Promise((resolve) => setTimeout(resolve, 12_000));
      expect(await exists('namespace', late.name)).toBe(false);
      expect(await exists('deployment', 'pr-shop-8', 'pr-shop-8')).toBe(true);
    } finally {
      repo.setReachable(true);
    }
    await repo.push(new Map([[late.folder, null]]), 'sweep');
    await refreshAfterFailure();
    // An operation that failed while Git was away tries on for a minute before a deletion is looked at.
    await eventually(gone(late.name), { what: 'its Applications to be gone', timeoutMs: 240_000 });
  });
});

describe('the pull-request generator, for teams that keep their manifests with the code', () => {
  let forge: Server;
  let answer: { status: number; type: string; body: string };
  let asked = 0;
  const pull = (number: number, ...labels: string[]) => ({
    number,
    title: `Change ${number}`,
    state: 'open',
    head: { ref: `feature/${number}`, sha: String(number).repeat(40).slice(0, 40) },
    base: { ref: 'main' },
    labels: labels.map((name) => ({ name })),
    user: { login: 'maker' },
  });
  const say = (pulls: unknown) => ({ status: 200, type: 'application/json', body: JSON.stringify(pulls) });

  beforeAll(async () => {
    answer = say([pull(7, 'preview'), pull(8, 'preview', 'other'), pull(9)]);
    forge = createServer((_, response) => {
      asked++;
      response.writeHead(answer.status, { 'Content-Type': answer.type }).end(answer.body);
    });
    await new Promise<void>((resolve) => forge.listen(0, '127.0.0.1', resolve));
    const chart = new Chart(new App(), 'micro-apps');
    const server = 'https://kubernetes.default.svc';
    new AppProject(chart, 'project', {
      name: 'micro-apps',
      description: 'Previews from the repositories of micro apps',
      sourceRepos: [repo.url],
      destinations: [{ server, namespace: 'shop-*', serviceAccount: 'preview-reconciler' }],
      namespacedKinds: [{ group: '', kind: 'ConfigMap' }],
    });
    new ApplicationSet(chart, 'set', {
      name: 'shop',
      generator: {
        pullRequests: {
          owner: 'acme',
          repo: 'shop',
          labels: ['preview'],
          api: `http://127.0.0.1:${(forge.address() as AddressInfo).port}/`,
        },
      },
      template: {
        name: 'shop-{{.number}}',
        project: 'micro-apps',
        source: { repoUrl: repo.url, targetRevision: 'main', path: 'exceptions' },
        destination: { server, namespace: 'shop-{{.number}}' },
      },
    });
    await cluster.apply(
      chart
        .toJson()
        .map((object: unknown) => JSON.stringify(object))
        .join('\n---\n'),
    );
  });
  afterAll(() => forge?.close());

  const names = async () =>
    (await get('application', '--namespace=argocd')).items
      .map((o: Json) => o.metadata.name)
      .filter((name: string) => name.startsWith('shop-'))
      .sort();

  it('makes an Application for each labelled pull request', async () => {
    await eventually(async () => (await names()).length === 2, { what: 'two Applications' });
    expect(await names()).toEqual(['shop-7', 'shop-8']);
  });

  it.each([
    ['a server error', { status: 500, type: 'application/json', body: '{"message":"boom"}' }],
    ['a repository that cannot be found', { status: 404, type: 'application/json', body: '{"message":"Not Found"}' }],
    ['a revoked token', { status: 401, type: 'application/json', body: '{"message":"Bad credentials"}' }],
    ['a page in HTML', { status: 200, type: 'text/html', body: '<html>login</html>' }],
  ])('removes nothing for %s', async (_, failure) => {
    answer = failure;
    const before = asked;
    await refreshAfterFailure();
    await eventually(() => asked > before, { what: 'the forge to be asked' });
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(await names()).toEqual(['shop-7', 'shop-8']);
  });

  it('removes the Application of a pull request that closed', async () => {
    answer = say([pull(7, 'preview')]);
    await refreshAfterFailure();
    await eventually(async () => (await names()).length === 1, { what: 'one Application' });
    expect(await names()).toEqual(['shop-7']);
  });
});

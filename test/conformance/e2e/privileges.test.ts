import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Live } from './live.ts';

let live: Live;
beforeAll(async () => {
  live = await Live.start();
  await live.install();
  for (const number of [7, 8]) {
    live.apps.pull({ number });
    await live.sync(number);
  }
  await live.refresh();
  for (const number of [7, 8]) await live.untilRunning(`pr-shop-${number}`);
});
afterAll(() => live?.stop());

describe('least privilege, by the API server’s own RBAC and admission', () => {
  const object = (apiVersion: string, kind: string, name: string, namespace?: string, rest: object = {}) =>
    JSON.stringify({ apiVersion, kind, metadata: { name, ...(namespace && { namespace }) }, ...rest });
  const attempt = (account: string, manifest: string, verb = 'create') =>
    live.cluster.tryKubectl(
      [verb, `--as=system:serviceaccount:${account}`, '--filename=-', '--dry-run=server'],
      manifest,
    );
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
      const answer = await live.cluster.tryKubectl([
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
    // Of several guards that refuse, one answers.
    expect(stderr).toMatch(/forbidden|greenroom-fence(r)?' denied|attempting to grant/);
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
    expect((await live.cluster.tryKubectl(secrets)).stdout.trim()).toBe('no');
    await live.cluster.kubectl(['create', 'namespace', 'pr-team-own']);
    // A fence in every other way. That it was there before two guards see: it has no label, and no end that is moved.
    const { metadata } = await live.get('namespace', 'pr-shop-7');
    const own = (map: object) => JSON.parse(JSON.stringify(map).replaceAll('pr-shop-7', 'pr-team-own'));
    const annotations = Object.fromEntries(
      Object.entries(own(metadata.annotations)).filter(([key]) => key.startsWith('greenroom.dev/')),
    );
    const fence = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'pr-team-own', annotations, labels: own(metadata.labels) },
    };
    const adopted = await attempt(FENCER, JSON.stringify(fence), 'apply');
    expect(adopted.code).not.toBe(0);
    expect(adopted.stderr).toMatch(/may only change previews|a preview ends at the latest/);
    const quota = object('v1', 'ResourceQuota', 'x', 'pr-team-own', { spec: {} });
    expect((await attempt(FENCER, quota)).stderr).toContain('may only change previews');
  });

  it('the cleaner touches no namespace but those of previews', async () => {
    const remove = (namespace: string) =>
      live.cluster.tryKubectl([
        'delete',
        'namespace',
        namespace,
        '--dry-run=server',
        '--as=system:serviceaccount:greenroom-cleaner:preview-cleaner',
      ]);
    // What it may delete, and when: cleaner.test.ts.
    expect((await remove('pr-shop-7')).stderr).toContain('only in a scheduled run');
    // kube-system is kept by the API server itself.
    for (const namespace of ['ingress-nginx', 'argocd', 'pr-team-own']) {
      expect((await remove(namespace)).stderr).toContain('may only delete namespaces of previews');
    }
  });

  it('controllers of others tell in a preview’s namespace what they did, and write nothing else there', async () => {
    const who = 'ingress-nginx:ingress-nginx';
    const subjects = [{ kind: 'ServiceAccount', name: 'ingress-nginx', namespace: 'ingress-nginx' }];
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' };
    const rest = { roleRef, subjects };
    const grant = object('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'controller', undefined, rest);
    await live.cluster.apply(grant);
    const involvedObject = { kind: 'Ingress', name: 'pr-shop-7', namespace: 'pr-shop-7' };
    const event = { involvedObject, reason: 'Sync', message: 'Scheduled for sync', type: 'Normal' };
    expect(await attempt(who, object('v1', 'Event', 'x', 'pr-shop-7', event))).toMatchObject({ code: 0 });
    const modern = { regarding: involvedObject, reason: 'Issuing', note: 'x', type: 'Normal', action: 'Issue' };
    const reporting = {
      reportingController: 'cert-manager',
      reportingInstance: 'a',
      eventTime: '2026-11-24T08:00:00.000000Z',
    };
    const second = object('events.k8s.io/v1', 'Event', 'y', 'pr-shop-7', { ...modern, ...reporting });
    expect(await attempt(who, second)).toMatchObject({ code: 0 });
    const { code, stderr } = await attempt(
      who,
      object('v1', 'ResourceQuota', 'x', 'pr-shop-7', { spec: { hard: {} } }),
    );
    expect([code, stderr]).toEqual([1, expect.stringContaining('greenroom-allowed-kinds')]);
  });

  describe('certificates for addresses of previews', () => {
    const TEAM = 'team:deployer';
    const certificate = (name: string, namespace: string, spec: object) =>
      object('cert-manager.io/v1', 'Certificate', name, namespace, {
        spec: { secretName: name, issuerRef: { name: 'letsencrypt', kind: 'ClusterIssuer' }, ...spec },
      });
    beforeAll(async () => {
      // Another team's account, which may do everything but what admission refuses.
      const subjects = [{ kind: 'ServiceAccount', name: 'deployer', namespace: 'team' }];
      const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' };
      const rest = { roleRef, subjects };
      await live.cluster.apply(object('v1', 'Namespace', 'team'));
      const binding = object('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'team', undefined, rest);
      await live.cluster.apply(binding);
    });

    it.each<[string, string, object]>([
      ['all of them', 'team', { dnsNames: ['*.apps.example.com'] }],
      ['one of them', 'team', { dnsNames: ['x.example.org', 'pr-shop-7.apps.example.com'] }],
      ['one of them, in another field', 'team', { commonName: 'pr-shop-7.apps.example.com', dnsNames: [] }],
      ['a neighbour', 'pr-shop-8', { dnsNames: ['pr-shop-7.apps.example.com'] }],
    ])('no program has one of %s', async (_, namespace, spec) => {
      const { code, stderr } = await attempt(TEAM, certificate('x', namespace, spec));
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/greenroom-domain|greenroom-allowed-kinds/);
    });

    it('other addresses, the platform’s own certificate and people are left alone', async () => {
      const other = certificate('x', 'team', { dnsNames: ['grafana.apps.example.com', '*.example.org'] });
      expect(await attempt(TEAM, other)).toMatchObject({ code: 0 });
      const own = certificate('preview-wildcard-tls', 'ingress-nginx', { dnsNames: ['*.apps.example.com'] });
      expect(await attempt(TEAM, own, 'replace')).toMatchObject({ code: 0 });
      const all = certificate('x', 'team', { dnsNames: ['*.apps.example.com'] });
      const create = ['create', '--dry-run=server', '--filename=-'];
      expect(await live.cluster.tryKubectl(create, all)).toMatchObject({ code: 0 });
    });
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
      source: {
        repoURL: live.repo.url,
        targetRevision: 'main',
        path: 'previews/main/shop/pr-shop-50/app',
        directory: { include: '*.yaml' },
        ...source,
      },
      destination: { server: 'https://kubernetes.default.svc', namespace: 'pr-shop-50', ...destination },
      ...change,
    },
  });
  const create = (change: object, metadata: object = {}) =>
    live.cluster.tryKubectl(
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

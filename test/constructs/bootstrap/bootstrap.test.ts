import { Testing } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { Bootstrap } from '../../../lib/constructs/bootstrap/index.ts';
import { platformSchema } from '../../../lib/model/platform.ts';
import { ALL_RECONCILERS } from '../../../lib/reconcilers/index.ts';

const REPO = 'https://git.example.com/acme/previews.git';

// biome-ignore lint/suspicious/noExplicitAny: manifests are read as plain data
type Json = any;

function bootstrap(spec: Record<string, unknown> = {}): Map<string, Json[]> {
  const { spec: platform } = platformSchema.parse({
    apiVersion: 'greenroom.dev/v1alpha1',
    kind: 'Platform',
    spec: { domain: 'apps.example.com', sources: [{ owner: 'acme' }], registries: ['ghcr.io/acme'], ...spec },
  });
  const made = new Bootstrap(Testing.chart(), 'bootstrap', { platform, repoUrl: REPO });
  return new Map([...made.folders.keys()].map((path) => [path, made.objects(path).map((object) => object.toJson())]));
}

function find(objects: readonly Json[] | undefined, kind: string, name: string): Json {
  const found = objects?.find((o) => o.kind === kind && o.metadata.name === name);
  if (!found) throw new Error(`no ${kind} ${name}`);
  return found;
}

const TWO_CLUSTERS = {
  clusters: [
    { name: 'big', server: 'https://big.example.com', when: { sizes: ['large'] } },
    { name: 'main', server: 'https://kubernetes.default.svc' },
  ],
};

describe('Bootstrap', () => {
  it('leaves to Git what makes previews, and to an administrator all that holds them', () => {
    expect([...bootstrap(TWO_CLUSTERS).keys()].sort()).toEqual([
      'argocd',
      'install/argocd',
      'install/clusters/big',
      'install/clusters/main',
      'install/controller',
      'install/namespaces/big',
      'install/namespaces/main',
      'install/root',
    ]);
  });

  it('applies no Application before its project is there, whatever their names: Argo CD would wait for minutes', () => {
    const all = bootstrap({ clusters: [{ name: 'a', server: 'https://a.example.com' }] });
    expect(all.get('install/root')!.map((o) => o.kind)).toEqual(['Application']);
    expect(all.get('install/argocd')!.map((o) => o.kind)).not.toContain('Application');
    const projects = all.get('install/argocd')!.filter((o) => o.kind === 'AppProject');
    expect(projects).toHaveLength(4);
    expect(new Set(all.get('argocd')!.map((o) => o.kind))).toEqual(new Set(['Application', 'ApplicationSet']));
  });

  it('lets nothing that is applied from Git change a guard: they would be gone with one push', () => {
    const all = bootstrap({ policies: { engines: ['vap', 'kyverno', 'gatekeeper'] } });
    const installed = [...all].filter(([path]) => path.startsWith('install/')).flatMap(([, objects]) => objects);
    const guards = installed.filter((o) => /^(Validating|Deleting)/.test(o.kind)).map((o) => o.metadata.name);
    expect(guards).toEqual(
      expect.arrayContaining(['greenroom-fencer', 'greenroom-fence', 'greenroom-own-application']),
    );
    for (const name of ['greenroom-cluster', 'greenroom-bootstrap']) {
      const roles = installed.filter((o) => /Role$/.test(o.kind) && o.metadata.name.startsWith(name));
      expect(roles.length).toBeGreaterThan(0);
      for (const rule of roles.flatMap((role) => role.rules)) {
        if (rule.apiGroups[0] === 'argoproj.io') continue;
        const changes = rule.verbs.filter((verb: string) => ['delete', 'patch', 'update'].includes(verb));
        if (changes.length === 0) continue;
        expect(rule.resourceNames).toContain(
          rule.apiGroups[0] === 'templates.gatekeeper.sh' ? 'greenroomnohostpath' : 'greenroom-no-host-path',
        );
        for (const guard of guards) expect(rule.resourceNames).not.toContain(guard);
      }
    }
  });

  it('hands out permissions only in what an administrator installs', () => {
    for (const [path, objects] of bootstrap(TWO_CLUSTERS)) {
      const kinds = new Set(objects.map((o) => o.kind));
      const grants = ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding', 'ServiceAccount'];
      expect(grants.some((kind) => kinds.has(kind))).toBe(/^install\/(argocd|clusters|controller)/.test(path));
    }
  });

  it('gives the fencer fences, and one role that it may bind', () => {
    const role = find(bootstrap().get('install/clusters/main'), 'ClusterRole', 'preview-fencer');
    const resources = role.rules.flatMap((rule: Json) => rule.resources);
    expect(resources.sort()).toEqual([
      'clusterroles',
      'limitranges',
      'namespaces',
      'networkpolicies',
      'resourcequotas',
      'rolebindings',
      'serviceaccounts',
    ]);
    expect(role.rules.find((rule: Json) => rule.resources.includes('clusterroles'))).toMatchObject({
      verbs: ['bind'],
      resourceNames: ['preview-workloads'],
    });
  });

  it('gives the project of apps and the role of their account the same kinds', () => {
    const all = bootstrap({ ingress: { kind: 'gateway' }, knative: true });
    const role = find(all.get('install/clusters/main'), 'ClusterRole', 'preview-workloads');
    const project = find(all.get('install/argocd'), 'AppProject', 'previews');
    const inRole = role.rules.reduce((sum: number, rule: Json) => sum + rule.resources.length, 0);
    expect(project.spec.namespaceResourceWhitelist).toHaveLength(inRole);
    expect(project.spec.namespaceResourceWhitelist).toContainEqual({ group: 'serving.knative.dev', kind: 'Service' });
    expect(project.spec.namespaceResourceWhitelist).toContainEqual({
      group: 'gateway.networking.k8s.io',
      kind: 'HTTPRoute',
    });
    expect(project.spec.clusterResourceWhitelist).toEqual([]);
  });

  it('lets no kind of the fence into the app, whatever the platform allows', () => {
    const deploying = ALL_RECONCILERS.flatMap(({ pinned }) => pinned.kinds.map((each) => `${each.group}/${each.kind}`));
    const ofTheFence = ['ResourceQuota', 'rbac.authorization.k8s.io/RoleBinding', 'networking.k8s.io/NetworkPolicy'];
    for (const kind of [...ofTheFence, ...deploying]) {
      const allowed = { policies: { parameters: { allowedKinds: ['apps/Deployment', kind] } } };
      expect(() => bootstrap(allowed)).toThrow(`must be a kind of workloads; ${kind} belongs to the platform`);
    }
  });

  it('lets kinds of the platform into fences: project, account, and the guard that holds it, together', () => {
    const all = bootstrap({ fenceKinds: ['cilium.io/CiliumNetworkPolicy', 'acme.example/Policy'] });
    const project = find(all.get('install/argocd'), 'AppProject', 'preview-fences');
    expect(project.spec.namespaceResourceWhitelist).toContainEqual({ group: 'cilium.io', kind: 'CiliumNetworkPolicy' });
    const role = find(all.get('install/clusters/main'), 'ClusterRole', 'preview-fencer');
    const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update'];
    expect(role.rules).toContainEqual({ apiGroups: ['cilium.io'], resources: ['ciliumnetworkpolicies'], verbs });
    expect(role.rules).toContainEqual({ apiGroups: ['acme.example'], resources: ['policies'], verbs });
    const guard = find(all.get('install/clusters/main'), 'ValidatingAdmissionPolicy', 'greenroom-fence');
    expect(guard.spec.matchConstraints.resourceRules).toContainEqual(
      expect.objectContaining({ apiGroups: ['cilium.io'], resources: ['ciliumnetworkpolicies'] }),
    );
  });

  it('lets what reads pull secrets into fences only where there are some, held to their shape', () => {
    const rights = (all: ReturnType<typeof bootstrap>) => {
      const project = find(all.get('install/argocd'), 'AppProject', 'preview-fences');
      const role = find(all.get('install/clusters/main'), 'ClusterRole', 'preview-fencer');
      const guard = find(all.get('install/clusters/main'), 'ValidatingAdmissionPolicy', 'greenroom-fence');
      return [
        project.spec.namespaceResourceWhitelist.some(({ kind }: Json) => kind === 'ExternalSecret'),
        role.rules.some(({ resources }: Json) => resources.includes('externalsecrets')),
        guard.spec.matchConstraints.resourceRules.some(({ resources }: Json) => resources.includes('externalsecrets')),
        guard.spec.validations.some(({ message }: Json) => message.includes('imagePullSecrets')),
      ];
    };
    expect(rights(bootstrap({ imagePullSecrets: ['registry'] }))).toEqual([false, false, false, false]);
    const stored = [{ name: 'registry', secret: 'platform/registry' }];
    expect(rights(bootstrap({ imagePullSecrets: stored }))).toEqual([true, true, true, true]);
  });

  it('adds kinds that the platform allows, under the resource name that Kubernetes would guess', () => {
    const all = bootstrap({ policies: { parameters: { allowedKinds: ['example.com/Policy', 'example.com/Bus'] } } });
    const role = find(all.get('install/clusters/main'), 'ClusterRole', 'preview-workloads');
    const rule = role.rules.find((r: Json) => r.apiGroups[0] === 'example.com');
    expect(rule.resources).toEqual(['policies', 'buses']);
  });

  it('pins each account to its destinations: the fencer is one, the reconciler is the one of each namespace', () => {
    const argocd = bootstrap(TWO_CLUSTERS).get('install/argocd');
    const accounts = (name: string) =>
      find(argocd, 'AppProject', name).spec.destinationServiceAccounts.map((d: Json) => d.defaultServiceAccount);
    expect(accounts('preview-fences')).toEqual(['argocd:preview-fencer', 'argocd:preview-fencer']);
    expect(accounts('previews')).toEqual(['preview-reconciler', 'preview-reconciler']);
  });

  it('applies the policies of every engine in each cluster', () => {
    const argocd = bootstrap({ ...TWO_CLUSTERS, policies: { engines: ['vap', 'kyverno'] } }).get('argocd');
    const { spec } = find(argocd, 'Application', 'greenroom-big');
    expect(spec.sources.map((s: Json) => s.path)).toEqual(['policies/vap', 'policies/kyverno']);
    expect(spec.destination.server).toBe('https://big.example.com');
  });

  it('makes a namespace for the accounts only where Argo CD does not run', () => {
    const all = bootstrap(TWO_CLUSTERS);
    const namespaces = (name: string) => all.get(`install/namespaces/${name}`)?.map((o) => o.metadata.name);
    expect(namespaces('main')).toEqual(['greenroom-cleaner']);
    expect(namespaces('big')).toEqual(['greenroom-cleaner', 'argocd']);
  });

  describe('with Kyverno', () => {
    const kyverno = { policies: { engines: ['vap', 'kyverno'] } };

    it('ends previews by the pair of policies, and has no job with rights to delete', () => {
      const all = bootstrap(kyverno);
      const kinds = all.get('install/clusters/main')?.map((o) => `${o.kind}/${o.metadata.name}`);
      expect(kinds).toEqual(
        expect.arrayContaining([
          'ValidatingPolicy/greenroom-expired-previews',
          'DeletingPolicy/greenroom-expired-previews',
        ]),
      );
      expect(kinds).not.toContain('CronJob/preview-cleaner');
      const installed = all.get('install/clusters/main')?.map((o) => o.metadata.name);
      expect(installed).not.toContain('preview-cleaner');
      const role = find(all.get('install/clusters/main'), 'ClusterRole', 'greenroom-expired-previews');
      expect(role.metadata.labels).toMatchObject({ 'rbac.kyverno.io/aggregate-to-cleanup-controller': 'true' });
      expect(role.rules).toEqual([
        { apiGroups: [''], resources: ['namespaces'], verbs: ['delete', 'get', 'list', 'watch'] },
      ]);
    });

    it('looks at namespaces of previews only, and refuses when it cannot tell the time of their end', () => {
      const main = bootstrap(kyverno).get('install/clusters/main');
      const { spec } = find(main, 'ValidatingPolicy', 'greenroom-expired-previews');
      expect(spec).toMatchObject({
        failurePolicy: 'Fail',
        matchConstraints: {
          objectSelector: { matchExpressions: [{ key: 'greenroom.dev/preview', operator: 'Exists' }] },
          resourceRules: [{ operations: ['CREATE'], resources: ['namespaces'] }],
        },
      });
    });

    it('keeps the job where Kyverno is too old to delete by policy', () => {
      const cluster = bootstrap({ policies: { engines: ['kyverno-legacy'] } }).get('install/clusters/main');
      expect(find(cluster, 'CronJob', 'preview-cleaner')).toBeDefined();
    });
  });

  describe('for flux', () => {
    const FLUX = { ...TWO_CLUSTERS, reconciler: 'flux', policies: { engines: ['kyverno'] } };
    const named = (objects: readonly Json[] | undefined, kind: string) =>
      objects?.filter((o) => o.kind === kind).map((o) => o.metadata.name);

    it('has a folder for each cluster, and what an administrator installs there', () => {
      const all = bootstrap(FLUX);
      expect([...all.keys()].sort()).toEqual(['install/clusters/big', 'install/clusters/main']);
      const install = all.get('install/clusters/big');
      expect(named(install, 'GitRepository')).toEqual(['previews', 'previews-index']);
      expect(named(install, 'Kustomization')).toEqual(['greenroom-policies-kyverno', 'previews']);
      expect(find(install, 'GitRepository', 'previews-index').spec.ignore).toContain('!/previews/big/*/*/flux\n');
    });

    it('deletes nothing when one of its own Kustomizations is deleted, and puts policies before previews', () => {
      const install = bootstrap(FLUX).get('install/clusters/main');
      for (const { kind, spec } of install ?? []) {
        if (kind === 'Kustomization') expect(spec).toMatchObject({ prune: true, deletionPolicy: 'Orphan' });
      }
      expect(find(install, 'Kustomization', 'previews').spec).toMatchObject({
        serviceAccountName: 'preview-index',
        dependsOn: [{ name: 'greenroom-policies-kyverno' }],
      });
    });

    it('holds accounts beside Flux, and nothing of Argo CD', () => {
      for (const [path, objects] of bootstrap(FLUX)) {
        expect(JSON.stringify(objects), path).not.toMatch(/argocd:|"argocd"|argoproj\.io\/v1/);
        const accounts = objects.filter((o) => o.kind === 'ServiceAccount');
        expect(accounts.every((o) => o.metadata.namespace === 'flux-system')).toBe(true);
      }
    });

    it('says why it needs Kyverno', () => {
      expect(() => bootstrap({ reconciler: 'flux' })).toThrow(
        expect.objectContaining({
          code: 'invalid-input',
          problems: [
            expect.objectContaining({
              field: 'spec.policies.engines',
              message: expect.stringMatching(/^must contain kyverno/),
            }),
          ],
        }),
      );
    });
  });

  it('pins Applications by the rule, where Argo CD runs, whatever the platform says of the rule', () => {
    const all = bootstrap({
      appsRepo: { url: 'https://git.example.com/acme/other.git' },
      policies: { severities: { 'own-application': 'off', 'no-privileged': 'warn' } },
    });
    const { spec } = find(all.get('install/argocd'), 'ValidatingAdmissionPolicy', 'greenroom-own-application');
    expect(spec).toMatchObject({ failurePolicy: 'Fail' });
    // The repository that Argo CD clones, also where greenroom.yaml names another.
    expect(JSON.stringify(spec.variables)).toContain(REPO);
    const binding = find(all.get('install/argocd'), 'ValidatingAdmissionPolicyBinding', 'greenroom-own-application');
    expect(binding.spec.validationActions).toEqual(['Deny']);
    const names = all.get('install/argocd')?.filter((o) => o.kind === 'ValidatingAdmissionPolicy');
    expect(names?.map((o) => o.metadata.name).sort()).toEqual(['greenroom-bootstrap', 'greenroom-own-application']);
  });

  it('never has two objects of one kind and name in a folder, since they would share a file', () => {
    for (const objects of bootstrap({ ...TWO_CLUSTERS, ingress: { kind: 'gateway' } }).values()) {
      const keys = objects.map((o) => `${o.kind}.${o.metadata.name}`.toLowerCase());
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  it('keeps one wildcard certificate where the controller or the Gateway finds it', () => {
    const ingress = bootstrap().get('install/clusters/main');
    expect(find(ingress, 'Certificate', 'preview-wildcard-tls')).toMatchObject({
      metadata: { namespace: 'ingress-nginx' },
      spec: { dnsNames: ['*.apps.example.com'], issuerRef: { kind: 'ClusterIssuer', name: 'letsencrypt' } },
    });
    const gateway = bootstrap({ ingress: { kind: 'gateway', class: 'envoy', controllerNamespace: 'envoy' } });
    const made = find(gateway.get('install/clusters/main'), 'Gateway', 'previews');
    expect(made.spec.listeners[0]).toMatchObject({ hostname: '*.apps.example.com', protocol: 'HTTPS' });
    expect(made.spec.listeners[0].allowedRoutes.namespaces.from).toBe('Selector');
  });
});

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckResult } from '../../lib/cluster/check-result.ts';
import { createCompiler } from '../../lib/compile/compile.ts';
import { VERSION } from '../../lib/core/version.ts';
import { loadPlatform, loadPreview } from '../../lib/model/files.ts';
import { init } from '../../lib/scaffold/init.ts';
import { inProcess } from '../support/command.ts';
import { type ArgoCd, startArgoCd } from './argocd.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { crdFiles } from './crds.ts';
import { LiveAppsRepo } from './e2e/live-apps-repo.ts';
import { eventually } from './eventually.ts';
import { judge } from './judges.ts';
import { clusterScript } from './readme.ts';
import { tryRun } from './run.ts';

let cluster: Cluster;
let argo: ArgoCd;
let repo: LiveAppsRepo;
let dir: string;
let path: string;

const CRDS = ['cert-manager', 'external-secrets'] as const;
const now = () => Math.floor(Date.now() / 1000);

interface Diagnosis {
  readonly code: number | null;
  readonly err: string;
  readonly observations: readonly CheckResult[];
  /** All that is not well but what nobody can see. */
  readonly wrong: readonly CheckResult[];
}

async function doctor(kubeconfig = cluster.kubeconfig, ...args: string[]): Promise<Diagnosis> {
  const result = await inProcess(['doctor', dir, '--kubeconfig', kubeconfig, '--format', 'json', ...args], dir, {
    PATH: path,
    HOME: cluster.folder,
  });
  const observations: CheckResult[] = result.stdout === '' ? [] : JSON.parse(result.stdout).cluster.observations;
  const wrong = observations.filter(({ check, status }) => status !== 'ok' && check !== 'network-policies');
  return { code: result.code, err: result.stderr, observations, wrong };
}

const kubectl = (...args: string[]) => cluster.kubectl(args);
const patch = (kind: string, name: string, change: object, ...more: string[]) =>
  kubectl('patch', kind, name, '--type=merge', `--patch=${JSON.stringify(change)}`, ...more);
const inArgo = '--namespace=argocd';
const status = (...conditions: object[]) => ({ status: { conditions } });
const apply = (object: object) => cluster.apply(JSON.stringify(object));

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Runs a command of the README in the apps repo, as somebody would type it. */
async function typed(command: string) {
  const home = mkdtempSync(join(tmpdir(), 'greenroom-typed-'));
  try {
    // From the sources, like the apps repo: a build from another time lays down another command.
    const greenroom = `#!/bin/sh\nexec ${join(ROOT, 'node_modules/.bin/tsx')} ${join(ROOT, 'lib/cli/bin.ts')} "$@"\n`;
    writeFileSync(join(home, 'greenroom'), greenroom, { mode: 0o755 });
    const env = { KUBECONFIG: cluster.kubeconfig, HOME: home, PATH: `${home}:${path}`, TOKEN: 'none-is-asked-for' };
    const { code, stdout, stderr } = await tryRun('bash', ['-e', '-c', command], { cwd: dir, env });
    expect(code, `${command}\n${stdout}${stderr}`).toBe(0);
    return { stdout, stderr };
  } finally {
    rmSync(home, { recursive: true });
  }
}

const INGRESS_CLASS = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'nginx' },
  spec: { controller: 'k8s.io/ingress-nginx' },
};

/** What other projects' controllers would have written by now. */
async function settleOthers(): Promise<void> {
  await apply(INGRESS_CLASS);
  await apply({
    apiVersion: 'external-secrets.io/v1',
    kind: 'ClusterSecretStore',
    metadata: { name: 'previews' },
    spec: { provider: { fake: { data: [] } } },
  });
  const ready = status({ type: 'Ready', status: 'True' });
  await patch('clustersecretstore', 'previews', ready, '--subresource=status');
  await apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'controller', namespace: 'ingress-nginx' },
    spec: { containers: [{ name: 'controller', image: 'registry.k8s.io/ingress-nginx/controller:v1.13.0' }] },
  });
  await readyPod('True');
  await certified('True');
  await cleaned(new Date());
}
const readyPod = (is: string) =>
  patch(
    'pod',
    'controller',
    status({ type: 'Ready', status: is }),
    '--namespace=ingress-nginx',
    '--subresource=status',
  );
const certified = (is: string) =>
  patch(
    'certificate',
    'preview-wildcard-tls',
    status({
      type: 'Ready',
      status: is,
      reason: 'X',
      message: is === 'True' ? '' : 'no DNS-01 solver matches',
      lastTransitionTime: new Date().toISOString(),
    }),
    '--namespace=ingress-nginx',
    '--subresource=status',
  );
const cleaned = (time: Date) =>
  patch(
    'cronjob',
    'preview-cleaner',
    { status: { lastSuccessfulTime: time.toISOString() } },
    '--namespace=greenroom-cleaner',
    '--subresource=status',
  );

beforeAll(async () => {
  path = `${dirname(await judge('kubectl'))}:${process.env['PATH']}`;
  repo = await LiveAppsRepo.create();
  cluster = await startCluster({ controllerManager: true, users: [{ name: 'viewer' }] });
  argo = await startArgoCd(cluster, {
    repoDir: repo.bare,
    config: { 'application.sync.impersonation.enabled': 'false' },
  });
  dir = mkdtempSync(join(tmpdir(), 'greenroom-doctor-'));
  const platform = `apiVersion: greenroom.dev/v1alpha1
kind: Platform
spec:
  domain: apps.example.com
  sources: [{ owner: acme }]
  registries: [ghcr.io/acme]
  appsRepo: { url: "${repo.url}" }
`;
  await init({ dir, version: VERSION, platform });
  const at = now();
  const { files } = createCompiler({ platform: loadPlatform(platform, 'greenroom.yaml').value.spec, now: at })({
    preview: loadPreview(
      'apiVersion: greenroom.dev/v1alpha1\nkind: Preview\nspec: { template: web-service, image: ghcr.io/acme/shop, port: 8080 }\n',
      'preview.yaml',
    ),
    manifests: null,
    identity: { repositoryId: 1, owner: 'acme', repository: 'shop', number: 7 },
    headSha: 'a'.repeat(40),
    author: 'maker',
    labels: [],
    times: { createdAt: at, updatedAt: at, committedAt: at },
  });
  // Doctor looks at a folder of its own: what is pushed to break things stays out of it.
  cpSync(dir, repo.clone, { recursive: true });
  await repo.pushAll('init');
  await repo.push(files, 'open #7');
  for (const [file, text] of files) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), text);
  }
});

afterAll(async () => {
  await cluster?.stop();
  repo?.remove();
  if (dir) rmSync(dir, { recursive: true });
});

interface Damage {
  readonly break: () => Promise<unknown>;
  readonly mend: () => Promise<unknown>;
}

describe('greenroom doctor', () => {
  it('says of a cluster where nothing is installed what to install', async () => {
    const { code, wrong, err } = await doctor();
    expect(code).toBe(1);
    expect(err).toContain('context loopback');
    const checks = new Set(wrong.filter((each) => each.status === 'fail').map(({ check }) => check));
    // Of objects it says which are not there; the list is that of bootstrap/.
    expect([...checks].filter((check) => !check.startsWith('objects/')).sort()).toEqual([
      'accounts',
      'admission/ValidatingAdmissionPolicy',
      'admission/ValidatingAdmissionPolicyBinding',
      'applicationsets',
      'certificate',
      'controller',
      'controller-rights',
      'entrance',
      'expiry',
      'impersonation',
      'jsonnet',
      'kinds/cert-manager.io',
    ]);
    for (const { message, fix } of wrong) {
      expect(message).toMatch(/\.$/);
      expect(fix).toMatch(/\.$/);
    }
  });

  it('finds nothing wrong once Argo CD has applied the apps repo', async () => {
    for (const source of CRDS) {
      for (const file of await crdFiles(source)) await cluster.apply(readFileSync(file, 'utf8'));
    }
    await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ingress-nginx' } });
    // To the letter; its last step is the one that this suite is about.
    const script = clusterScript(dir);
    const [last] = script.splice(-1);
    expect(last?.text).toMatch(/^greenroom doctor /);
    for (const { text } of script) await typed(text);
    await eventually(() => kubectl('get', 'certificate', 'preview-wildcard-tls', '--namespace=ingress-nginx'), {
      what: 'Argo CD to apply policies/',
      timeoutMs: 600_000,
    });
    await eventually(() => kubectl('get', 'deployment', 'pr-shop-7', '--namespace=pr-shop-7'), {
      what: 'the preview to be there',
      timeoutMs: 600_000,
    });
    await settleOthers();
    const { wrong, code } = await eventually(
      async () => {
        const found = await doctor();
        if (found.wrong.length > 0) throw new Error(JSON.stringify(found.wrong));
        return found;
      },
      { what: 'doctor to find nothing wrong', timeoutMs: 300_000, everyMs: 2000 },
    );
    expect([wrong, code]).toEqual([[], 0]);
    // From here on nobody heals what is broken on purpose.
    await cluster.processes.end('argocd-application-controller');
    expect((await typed(last!.text)).stderr).toMatch(/^healthy: \d+ ok/m);
  });

  const spec = (change: object) => ({ spec: change });
  const vap = 'validatingadmissionpolicy';
  const GRANT = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'too-much' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
    subjects: [{ kind: 'ServiceAccount', name: 'preview-reconciler', namespace: 'pr-shop-7' }],
  };
  const GROUP = { kind: 'Group', apiGroup: 'rbac.authorization.k8s.io' };
  const END = 'greenroom.dev/expires';
  const PSA = 'pod-security.kubernetes.io/enforce';
  /** An account that is bound to everything. */
  const grant = (name: string, namespace: string): Damage => ({
    break: () =>
      apply({
        ...GRANT,
        roleRef: { ...GRANT.roleRef, name: 'cluster-admin' },
        subjects: [{ kind: 'ServiceAccount', name, namespace }],
      }),
    mend: () => kubectl('delete', 'clusterrolebinding', 'too-much'),
  });
  const setting = (key: string, value: string | null) =>
    patch('configmap', 'argocd-cm', { data: { [key]: value } }, inArgo);
  /** As Argo CD's own installation has it, and no scheduler gives its pod a node. */
  const REPO_SERVER = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'argocd-repo-server',
      namespace: 'argocd',
      labels: { 'app.kubernetes.io/name': 'argocd-repo-server' },
    },
    spec: {
      selector: { matchLabels: { app: 'x' } },
      template: {
        metadata: { labels: { app: 'x' } },
        spec: { containers: [{ name: 'argocd-repo-server', image: 'quay.io/argoproj/argocd:v3.2.11' }] },
      },
    },
  };
  const GENERATOR = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'ApplicationSet',
    metadata: { name: 'shop', namespace: 'argocd' },
    spec: {
      generators: [
        {
          pullRequest: {
            github: { owner: 'acme', repo: 'shop' },
            continueOnRepoNotFoundError: true,
            requeueAfterSeconds: 3600,
          },
        },
      ],
      template: {
        metadata: { name: 'shop-{{number}}' },
        spec: { project: 'micro-apps', destination: {}, source: { repoURL: 'https://git.example.com/x.git' } },
      },
    },
  };
  const schemaOf = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/syncPolicy/properties';
  const saved = new Map<string, string>();
  /** Takes an object away, and puts it back as it was. */
  const without = (kind: string, name: string, ...more: string[]) => ({
    keep: async () => {
      const object = JSON.parse(await kubectl('get', kind, name, ...more, '--output=json'));
      const { metadata, status: _, ...rest } = object;
      const { uid: __, resourceVersion: ___, managedFields: ____, ...kept } = metadata;
      saved.set(`${kind}/${name}`, JSON.stringify({ ...rest, metadata: kept }));
    },
    async break() {
      await this.keep();
      await kubectl('delete', kind, name, ...more, '--wait=true');
    },
    put: (verb: 'create' | 'replace') => kubectlWith(verb, saved.get(`${kind}/${name}`) as string),
    mend: () => kubectlWith('create', saved.get(`${kind}/${name}`) as string),
  });
  /** A fence is the fencer's to write: the rules of its namespace hold an administrator too. */
  const kubectlWith = (verb: string, object: string) => {
    const isFence = JSON.parse(object).metadata.namespace?.startsWith('pr-') === true;
    const as = isFence ? ['--as=system:serviceaccount:argocd:preview-fencer'] : [];
    return cluster.kubectl([verb, ...as, '--filename=-'], object);
  };

  const refreshSets = async () => {
    const mark = 'argocd.argoproj.io/application-set-refresh';
    for (const change of [`${mark}-`, `${mark}=true`]) {
      await kubectl('annotate', 'applicationset', inArgo, '--all', '--overwrite', change);
    }
  };
  const publicNode = async () => {
    await apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'public' } });
    const addresses = [
      { type: 'InternalIP', address: '10.0.3.4' },
      { type: 'ExternalIP', address: '203.0.113.9' },
    ];
    await patch('node', 'public', { status: { addresses } }, '--subresource=status');
  };

  const ALL = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
  const NONE = { matchLabels: { nobody: 'has-this' } };
  const NAMESPACES: Readonly<Record<string, string>> = {
    appproject: 'argocd',
    application: 'argocd',
    applicationset: 'argocd',
    cronjob: 'greenroom-cleaner',
  };
  const json = (kind: string, name: string, patches: object[], ...more: string[]) =>
    kubectl('patch', kind, name, ...more, '--type=json', `--patch=${JSON.stringify(patches)}`);
  const installed = (folder: string, file: string) =>
    kubectl('replace', `--filename=${join(dir, 'bootstrap/install', folder, `${file}.yaml`)}`);

  it.each<[string, string, RegExp, Damage]>([
    [
      'impersonation is off',
      'impersonation',
      /^Impersonation is off/,
      {
        break: () =>
          patch('configmap', 'argocd-cm', { data: { 'application.sync.impersonation.enabled': 'false' } }, inArgo),
        mend: () =>
          patch('configmap', 'argocd-cm', { data: { 'application.sync.impersonation.enabled': 'true' } }, inArgo),
      },
    ],
    [
      'a repository that is not found for a moment would delete everything',
      'generators',
      /^shop: with continueOnRepoNotFoundError/,
      { break: () => apply(GENERATOR), mend: () => kubectl('delete', 'applicationset', 'shop', inArgo) },
    ],
    [
      'an ApplicationSet that never removes',
      'generators',
      /^previews-main: its syncPolicy keeps/,
      {
        break: () =>
          patch('applicationset', 'previews-main', spec({ syncPolicy: { applicationsSync: 'create-only' } }), inArgo),
        mend: () =>
          patch('applicationset', 'previews-main', spec({ syncPolicy: { applicationsSync: 'sync' } }), inArgo),
      },
    ],
    [
      'an ApplicationSet whose Applications leave everything behind',
      'generators',
      /^previews-main: its syncPolicy keeps/,
      {
        break: () =>
          patch('applicationset', 'previews-main', spec({ syncPolicy: { preserveResourcesOnDeletion: true } }), inArgo),
        mend: () =>
          patch('applicationset', 'previews-main', spec({ syncPolicy: { preserveResourcesOnDeletion: null } }), inArgo),
      },
    ],
    [
      'a controller that never removes',
      'generators',
      /runs with the policy create-update/,
      {
        break: () =>
          patch(
            'configmap',
            'argocd-cmd-params-cm',
            { data: { 'applicationsetcontroller.policy': 'create-update' } },
            inArgo,
          ),
        mend: () =>
          patch('configmap', 'argocd-cmd-params-cm', { data: { 'applicationsetcontroller.policy': null } }, inArgo),
      },
    ],
    [
      'a policy is gone',
      'admission/ValidatingAdmissionPolicy',
      /^1 of \d+ are missing in the cluster: greenroom-no-privileged/,
      without(vap, 'greenroom-no-privileged'),
    ],
    [
      'a policy fails open',
      'admission/ValidatingAdmissionPolicy',
      /^greenroom-fencer allow requests that they cannot evaluate/,
      {
        break: () => patch(vap, 'greenroom-fencer', spec({ failurePolicy: 'Ignore' })),
        mend: () => patch(vap, 'greenroom-fencer', spec({ failurePolicy: 'Fail' })),
      },
    ],
    [
      'a binding is gone',
      'admission/ValidatingAdmissionPolicyBinding',
      /^1 of \d+ are missing in the cluster: greenroom-own-application/,
      without(`${vap}binding`, 'greenroom-own-application'),
    ],
    [
      'a binding only warns',
      'admission/ValidatingAdmissionPolicyBinding',
      /^greenroom-no-privileged deny nothing/,
      {
        break: () => patch(`${vap}binding`, 'greenroom-no-privileged', spec({ validationActions: ['Warn'] })),
        mend: () => patch(`${vap}binding`, 'greenroom-no-privileged', spec({ validationActions: ['Deny'] })),
      },
    ],
    [
      'a preview’s account may do more',
      'accounts',
      /^preview-reconciler may create deployments.apps in kube-system, but must not/,
      { break: () => apply(GRANT), mend: () => kubectl('delete', 'clusterrolebinding', 'too-much') },
    ],
    [
      'the fencer cannot do its work',
      'accounts',
      /^preview-fencer may not create namespaces, which it needs to do/,
      without('clusterrolebinding', 'preview-fencer'),
    ],
    [
      'the cleaner is suspended',
      'expiry',
      /preview-cleaner in greenroom-cleaner is suspended/,
      {
        break: () => patch('cronjob', 'preview-cleaner', spec({ suspend: true }), '--namespace=greenroom-cleaner'),
        mend: () => patch('cronjob', 'preview-cleaner', spec({ suspend: false }), '--namespace=greenroom-cleaner'),
      },
    ],
    [
      'the cleaner has not succeeded for long',
      'expiry',
      /last ran successfully at 2026-01-01/,
      { break: () => cleaned(new Date('2026-01-01')), mend: () => cleaned(new Date()) },
    ],
    ['there is no ingress class', 'entrance', /^There is no IngressClass nginx/, without('ingressclass', 'nginx')],
    [
      'the ingress controller is down',
      'controller',
      /^No pod in ingress-nginx is ready/,
      { break: () => readyPod('False'), mend: () => readyPod('True') },
    ],
    [
      'the certificate is not ready',
      'certificate',
      /is not ready: no DNS-01 solver matches\.$/,
      { break: () => certified('False'), mend: () => certified('True') },
    ],
    [
      'the store of secrets is not there',
      'secrets',
      /^There is no ClusterSecretStore previews: previews with secrets do not start\.$/,
      {
        break: () => kubectl('delete', 'clustersecretstore', 'previews'),
        mend: () => settleOthers(),
      },
    ],
    [
      'Jsonnet is on',
      'jsonnet',
      /^Jsonnet is on/,
      {
        break: () => patch('configmap', 'argocd-cm', { data: { 'jsonnet.enable': null } }, inArgo),
        mend: () => patch('configmap', 'argocd-cm', { data: { 'jsonnet.enable': 'false' } }, inArgo),
      },
    ],
    [
      'Argo CD’s controller has all permissions',
      'controller-rights',
      /^Argo CD's controller has all permissions/,
      {
        break: () =>
          json('clusterrole', 'argocd-application-controller', [{ op: 'replace', path: '/rules', value: ALL }]),
        mend: () => installed('controller', 'clusterrole.argocd-application-controller'),
      },
    ],
    ...(
      [
        ['a policy lets everything pass', vap, 'greenroom-no-privileged', '/spec/validations/0/expression', 'true'],
        ['a guard matches nobody', vap, 'greenroom-fencer', '/spec/matchConditions/0/expression', 'false'],
        ['a guard looks away', vap, 'greenroom-fence', '/spec/matchConstraints/namespaceSelector', NONE],
        [
          'a binding is for another namespace',
          `${vap}binding`,
          'greenroom-fence',
          '/spec/matchResources',
          { namespaceSelector: NONE },
        ],
        ['a project takes any source', 'appproject', 'previews', '/spec/sourceRepos/-', '*'],
        [
          'a project applies with another account',
          'appproject',
          'previews',
          '/spec/destinationServiceAccounts/0/defaultServiceAccount',
          'kube-system:x',
        ],
        [
          'a role may read secrets',
          'clusterrole',
          'preview-workloads',
          '/rules/-',
          { apiGroups: [''], resources: ['secrets'], verbs: ['get'] },
        ],
        [
          'the cleaner has another command',
          'cronjob',
          'preview-cleaner',
          '/spec/jobTemplate/spec/template/spec/containers/0/command',
          ['true'],
        ],
        [
          'an ApplicationSet is of another project',
          'applicationset',
          'previews-main',
          '/spec/template/spec/project',
          'default',
        ],
        [
          'the root Application is not synced by itself',
          'application',
          'greenroom',
          '/spec/syncPolicy/automated',
          null,
        ],
        [
          'the policies are read from another branch',
          'application',
          'greenroom-main',
          '/spec/sources/0/targetRevision',
          'old',
        ],
      ] as [string, string, string, string, unknown][]
    ).map(([what, kind, name, path, value]): [string, string, RegExp, Damage] => {
      const place = NAMESPACES[kind] === undefined ? [] : [`--namespace=${NAMESPACES[kind]}`];
      const whole = without(kind, name, ...place);
      const op =
        value === null
          ? 'remove'
          : path.endsWith('/-') || /namespaceSelector|matchResources/.test(path)
            ? 'add'
            : 'replace';
      return [
        what,
        'objects/',
        new RegExp(`${name}( in \\S+)? is not what greenroom writes: `),
        {
          break: async () => {
            await whole.keep();
            await json(kind, name, [value === null ? { op, path } : { op, path, value }], ...place);
          },
          mend: async () => {
            await whole.put('replace');
            await settleOthers();
          },
        },
      ];
    }),
    [
      'a project is gone',
      'objects/',
      /^There is no AppProject previews in argocd\.$/,
      without('appproject', 'previews', inArgo),
    ],
    [
      'the root Application is gone',
      'objects/',
      /^There is no Application greenroom in argocd\.$/,
      without('application', 'greenroom', inArgo),
    ],
    [
      'a live preview has no default-deny',
      'fences',
      /^There is no NetworkPolicy default-deny in pr-shop-7\.$/,
      without('networkpolicy', 'default-deny', '--namespace=pr-shop-7'),
    ],
    [
      'a live preview has no quota',
      'fences',
      /^There is no ResourceQuota preview in pr-shop-7\.$/,
      without('resourcequota', 'preview', '--namespace=pr-shop-7'),
    ],
    [
      'a namespace only looks like a preview',
      'fences',
      /^pr-mine: named like a preview/,
      {
        break: () => apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'pr-mine' } }),
        mend: () => kubectl('delete', 'namespace', 'pr-mine'),
      },
    ],
    [
      'accounts of one preview may do everything',
      'accounts',
      /^ClusterRoleBinding everything gives cluster-admin to accounts of previews\.$/,
      {
        break: () =>
          apply({
            ...GRANT,
            metadata: { name: 'everything' },
            roleRef: { ...GRANT.roleRef, name: 'cluster-admin' },
            subjects: [{ kind: 'ServiceAccount', name: 'preview-app', namespace: 'pr-shop-7' }],
          }),
        mend: () => kubectl('delete', 'clusterrolebinding', 'everything'),
      },
    ],
    [
      'a namespace is of no folder',
      'fences',
      /^pr-ghost: this checkout of the apps repo has no folder for it\.$/,
      {
        break: async () => {
          const { apiVersion, kind, metadata } = JSON.parse(
            await kubectl('get', 'namespace', 'pr-shop-7', '--output=json'),
          );
          const labels = { ...metadata.labels, 'greenroom.dev/preview': 'pr-ghost' };
          delete labels['kubernetes.io/metadata.name'];
          const annotations = Object.fromEntries(
            Object.entries(metadata.annotations).filter(([key]) => key.startsWith('greenroom.dev/')),
          );
          const ghost = { apiVersion, kind, metadata: { name: 'pr-ghost', labels, annotations } };
          await cluster.kubectl(
            ['create', '--as=system:serviceaccount:argocd:preview-fencer', '--filename=-'],
            JSON.stringify(ghost),
          );
        },
        mend: () => kubectl('delete', 'namespace', 'pr-ghost'),
      },
    ],
    [
      'a node has an address that no range covers',
      'cluster-cidrs',
      /^network\.clusterCidrs does not cover a node \(203\.0\.113\.9\/32\)/,
      { break: publicNode, mend: () => kubectl('delete', 'node', 'public') },
    ],
    [
      'Argo CD cannot read the apps repo',
      'applicationsets',
      /^ApplicationSet (previews|preview-fences)-main is stuck and neither creates nor removes previews: /,
      {
        break: async () => {
          repo.setReachable(false);
          await refreshSets();
        },
        mend: async () => {
          repo.setReachable(true);
          await refreshSets();
        },
      },
    ],
    [
      'every service account may edit',
      'accounts',
      /^ClusterRoleBinding too-much gives edit to accounts of previews\.$/,
      {
        break: () => apply({ ...GRANT, subjects: [{ ...GROUP, name: 'system:serviceaccounts' }] }),
        mend: () => kubectl('delete', 'clusterrolebinding', 'too-much'),
      },
    ],
    [
      'the cleaner may read secrets',
      'accounts',
      /^preview-cleaner may get secrets in kube-system, but must not/,
      grant('preview-cleaner', 'greenroom-cleaner'),
    ],
    [
      'what applies bootstrap/argocd may do everything',
      'controller-rights',
      /^greenroom-bootstrap, which applies what is pushed into bootstrap\/argocd, may create clusterrolebindings\.$/,
      grant('greenroom-bootstrap', 'argocd'),
    ],
    [
      'somebody may make pods where the cleaner runs',
      'accounts',
      /^RoleBinding deployer gives edit in greenroom-cleaner: everybody who can create pods there can end every preview\.$/,
      {
        break: () =>
          apply({
            ...GRANT,
            kind: 'RoleBinding',
            metadata: { name: 'deployer', namespace: 'greenroom-cleaner' },
            subjects: [{ kind: 'User', name: 'ci', apiGroup: 'rbac.authorization.k8s.io' }],
          }),
        mend: () => kubectl('delete', 'rolebinding', 'deployer', '--namespace=greenroom-cleaner'),
      },
    ],
    [
      'a preview ends in ten years',
      'fences',
      /^pr-shop-7: ends later than ttl\.max \(72h\) from now/,
      {
        break: async () => {
          saved.set(
            'end',
            JSON.parse(await kubectl('get', 'namespace', 'pr-shop-7', '--output=json')).metadata.labels[END],
          );
          await kubectl('label', 'namespace', 'pr-shop-7', '--overwrite', `${END}=${now() + 315_360_000}`);
        },
        mend: () => kubectl('label', 'namespace', 'pr-shop-7', '--overwrite', `${END}=${saved.get('end')}`),
      },
    ],
    [
      'the namespace of the cleaner lets privileged pods in',
      'objects/',
      /^Namespace greenroom-cleaner is not what greenroom writes: metadata\.labels\.pod-security\.kubernetes\.io\/enforce differs\.$/,
      {
        break: () => kubectl('label', 'namespace', 'greenroom-cleaner', '--overwrite', `${PSA}=privileged`),
        mend: () => kubectl('label', 'namespace', 'greenroom-cleaner', '--overwrite', `${PSA}=restricted`),
      },
    ],
    [
      'Argo CD leaves network policies out',
      'filtered-kinds',
      /^Argo CD silently ignores NetworkPolicy of every preview\.$/,
      {
        break: () => setting('resource.exclusions', "- apiGroups: ['networking*']\n  kinds: [NetworkPolicy]\n"),
        mend: () => setting('resource.exclusions', null),
      },
    ],
    [
      'Argo CD looks at some kinds only',
      'filtered-kinds',
      /^Argo CD silently ignores LimitRange, ResourceQuota, NetworkPolicy and 1 more of every preview/,
      {
        break: () =>
          setting(
            'resource.inclusions',
            "- apiGroups: ['', apps, networking.k8s.io]\n  kinds: [Namespace, Service, ServiceAccount, Deployment, Ingress]\n",
          ),
        mend: () => setting('resource.inclusions', null),
      },
    ],
    [
      'a second ApplicationSet makes previews',
      'applicationsets',
      /^ApplicationSet copy makes Applications in greenroom's projects and is not greenroom's\.$/,
      {
        break: async () => {
          const {
            apiVersion,
            kind,
            spec: own,
          } = JSON.parse(await kubectl('get', 'applicationset', 'previews-main', inArgo, '--output=json'));
          await apply({
            apiVersion,
            kind,
            metadata: { name: 'copy', namespace: 'argocd' },
            spec: { ...own, generators: [] },
          });
        },
        mend: () => kubectl('delete', 'applicationset', 'copy', inArgo),
      },
    ],
    [
      'Argo CD was told to leave the root Application alone',
      'applications',
      /^Argo CD ignores greenroom because of the annotation /,
      {
        break: () => kubectl('annotate', 'application', 'greenroom', inArgo, 'argocd.argoproj.io/skip-reconcile=true'),
        mend: () => kubectl('annotate', 'application', 'greenroom', inArgo, 'argocd.argoproj.io/skip-reconcile-'),
      },
    ],
    [
      'a link leads out of the apps repo',
      'applications',
      /^Argo CD cannot compare pr-shop-7 with Git: .*out-of-bounds symlinks/,
      {
        break: () =>
          patch(
            'application',
            'pr-shop-7',
            status({
              type: 'ComparisonError',
              message: 'Failed to load target state: repository contains out-of-bounds symlinks. file: evil',
            }),
            inArgo,
          ),
        mend: () => patch('application', 'pr-shop-7', status(), inArgo),
      },
    ],
    [
      'Argo CD’s repo-server does not run',
      'argocd',
      /^argocd-repo-server in argocd has no pod that is ready: previews are neither created nor removed\.$/,
      { break: () => apply(REPO_SERVER), mend: () => kubectl('delete', 'deployment', 'argocd-repo-server', inArgo) },
    ],
    [
      'the store of secrets serves other namespaces only',
      'secrets',
      /^ClusterSecretStore previews gives nothing to namespaces of previews: its conditions name others\.$/,
      {
        break: () => patch('clustersecretstore', 'previews', spec({ conditions: [{ namespaces: ['team-a'] }] })),
        mend: () => patch('clustersecretstore', 'previews', spec({ conditions: null })),
      },
    ],
    [
      'a .gitmodules broke Argo CD’s checkout',
      'applicationsets',
      /^ApplicationSet (previews|preview-fences)-main is stuck and neither creates nor removes previews: .*\.gitmodules/,
      {
        break: async () => {
          await repo.push(new Map([['.gitmodules', '[submodule "x"\n']]), 'submodules');
          await refreshSets();
        },
        mend: async () => {
          // It breaks a fetch in every checkout that holds it, the working copy here too.
          rmSync(join(repo.clone, '.gitmodules'));
          await repo.push(new Map([['.gitmodules', null]]), 'no submodules');
          await refreshSets();
          const { wrong } = await doctor();
          expect(wrong[0]?.fix).toContain('kubectl rollout restart deployment argocd-repo-server -n argocd');
          await argo.replaceRepoServer();
          await refreshSets();
        },
      },
    ],
    [
      'Argo CD’s definitions are old',
      'argocd-version',
      /^Argo CD's Applications have no spec\.syncPolicy\.retry\.refresh/,
      {
        break: () =>
          kubectl(
            'patch',
            'customresourcedefinition',
            'applications.argoproj.io',
            '--type=json',
            `--patch=${JSON.stringify([{ op: 'remove', path: `${schemaOf}/retry/properties/refresh` }])}`,
          ),
        mend: () =>
          kubectl(
            'patch',
            'customresourcedefinition',
            'applications.argoproj.io',
            '--type=json',
            `--patch=${JSON.stringify([{ op: 'add', path: `${schemaOf}/retry/properties/refresh`, value: { type: 'boolean' } }])}`,
          ),
      },
    ],
    [
      'an ApplicationSet is stuck',
      'applicationsets',
      /^ApplicationSet (previews|preview-fences)-main is stuck and neither creates nor removes previews: /,
      {
        break: async () => {
          await repo.push(
            new Map([['previews/main/shop/pr-shop-9/preview.json', '{"name": "pr-shop-9"}\n']]),
            'broken',
          );
          await argo.announcePush();
        },
        mend: async () => {
          await repo.push(new Map([['previews/main/shop/pr-shop-9', null]]), 'mended');
          await refreshSets();
        },
      },
    ],
  ])('says that %s, and is content when it is mended', async (_, check, sentence, damage) => {
    await damage.break();
    try {
      const found = await eventually(
        async () => {
          const each = await doctor();
          return each.wrong.length > 0 && each;
        },
        { what: 'doctor to notice', timeoutMs: 120_000, everyMs: 1000 },
      );
      // What only some previews need, or what nothing reaches yet, is no failure.
      expect(found.code).toBe(['secrets', 'cluster-cidrs'].includes(check) ? 0 : 1);
      // Besides the cause it may say which object is not what greenroom writes, and nothing else.
      const isObject = (name: string) => name.startsWith('objects/');
      const checks = found.wrong.map((each) => each.check);
      expect(checks.some((each) => each === check || (isObject(check) && isObject(each)))).toBe(true);
      // An ApplicationSet that was changed by hand says itself that it is in trouble.
      const others = checks.filter((each) => each !== check && !isObject(each) && each !== 'applicationsets');
      expect(others).toEqual([]);
      expect(found.wrong.filter(({ message }) => sentence.test(message))).not.toEqual([]);
    } finally {
      await damage.mend();
    }
    await eventually(async () => (await doctor()).wrong.length === 0, {
      what: 'doctor to be content',
      timeoutMs: 120_000,
      everyMs: 1000,
    });
  });

  it('has init close the addresses of the cluster in a new greenroom.yaml', async () => {
    await publicNode();
    const fresh = mkdtempSync(join(tmpdir(), 'greenroom-init-'));
    try {
      const args = ['init', fresh, '--domain', 'apps.example.com', '--owner', 'acme'];
      const env = { PATH: path, HOME: cluster.folder };
      const { code, stderr } = await inProcess([...args, '--kubeconfig', cluster.kubeconfig], fresh, env);
      expect([code, stderr]).toEqual([0, expect.stringContaining('Next: ')]);
      const { value } = loadPlatform(readFileSync(join(fresh, 'greenroom.yaml')), 'greenroom.yaml');
      expect(value.spec.network.clusterCidrs).toEqual([
        '10.0.0.0/8',
        '100.64.0.0/10',
        '172.16.0.0/12',
        '192.168.0.0/16',
        '203.0.113.9/32',
      ]);
    } finally {
      rmSync(fresh, { recursive: true });
      await kubectl('delete', 'node', 'public');
    }
  });

  it('does not call well what it may not look at', async () => {
    const { code, wrong } = await doctor(cluster.as('viewer').kubeconfig);
    expect(code).toBe(4);
    expect(new Set(wrong.map((each) => each.status))).toEqual(new Set(['unknown']));
    for (const { message } of wrong) expect(message).toMatch(/^could not read .*: .*cannot/);
    expect(wrong.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['impersonation', 'generators', 'accounts', 'expiry', 'certificate']),
    );
  });

  it('says in one sentence that a cluster does not answer', async () => {
    await cluster.processes.end('kube-apiserver');
    const { code, err, observations } = await doctor();
    expect(code).toBe(4);
    expect(observations).toEqual([]);
    expect(err.trimEnd().split('\n').at(-1)).toMatch(/^greenroom: the cluster does not answer: .*refused/);
  });
});

import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createCompiler } from '../../lib/compile/compile.ts';
import { RECONCILER_NAMES } from '../../lib/model/platform.ts';
import { reconcilerNamespace } from '../../lib/reconcilers/index.ts';
import { compileInput } from '../support/inputs.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { crdFiles } from './crds.ts';
import { eventually } from './eventually.ts';
import { configuration, laidDown } from './generated/configurations.ts';

// biome-ignore lint/suspicious/noExplicitAny: manifests are read as plain data
type Json = any;

const now = () => Math.floor(Date.now() / 1000);

describe.each(RECONCILER_NAMES)('the fencer, with %s', (reconciler) => {
  const { platform, platformText } = configuration({
    reconciler,
    policies: { engines: ['kyverno'] },
    imagePullSecrets: [{ name: 'registry', secret: 'platform/registry#config' }],
  });
  const namespace = reconcilerNamespace(platform);
  const as = `--as=system:serviceaccount:${namespace}:preview-fencer`;
  let cluster: Cluster;

  /** The objects of a fence, the Namespace first. */
  function fence(number: number): Json[] {
    const at = now();
    const input = compileInput(undefined, {
      identity: { repositoryId: 42, owner: 'acme', repository: 'shop', number },
      times: { createdAt: at, updatedAt: at, committedAt: at },
    });
    const { files } = createCompiler({ platform, now: at })(input);
    const objects = [...files].filter(([path]) => path.includes('/fence/')).map(([, text]) => parse(text));
    const rank = ({ kind }: Json) => (kind === 'Namespace' ? 0 : 1);
    return objects.sort((a, b) => rank(a) - rank(b));
  }

  const write = (verb: string, object: Json, ...more: string[]) =>
    cluster.tryKubectl([verb, as, '--filename=-', ...more], JSON.stringify(object));

  beforeAll(async () => {
    cluster = await startCluster({ controllerManager: true });
    const files = laidDown({ platform, platformText });
    const wanted = (path: string, kind: string) =>
      path.startsWith('bootstrap/install/clusters/main/')
        ? /Account|Role/.test(kind) || /\.greenroom-fence\.yaml$/.test(path)
        : false;
    for (const file of await crdFiles('external-secrets')) {
      if (file.endsWith('external-secrets.io_externalsecrets.yaml')) await cluster.apply(readFileSync(file, 'utf8'));
    }
    await cluster.kubectl(['wait', '--for=condition=Established', 'crd', 'externalsecrets.external-secrets.io']);
    await cluster.kubectl(['create', 'namespace', namespace]);
    await cluster.kubectl(['create', 'namespace', platform.ingress.controllerNamespace]);
    for (const [path, text] of files) {
      if (/\.yaml$/.test(path) && wanted(path, parse(text)?.kind ?? '')) await cluster.apply(text);
    }
    const open = { ...fence(1)[0], metadata: { ...fence(1)[0].metadata, finalizers: ['example.com/x'] } };
    await eventually(async () => (await write('create', open, '--dry-run=server')).code !== 0, { what: 'the guard' });
    await delay(1000);
    for (const object of fence(7)) {
      const { code, stderr } = await write('apply', object);
      expect(code, `${object.kind} ${object.metadata.name}: ${stderr}`).toBe(0);
    }
  });
  afterAll(() => cluster?.stop());

  it('writes a fence as greenroom makes it, and writes it again for the next push', async () => {
    for (const object of fence(7)) expect(await write('apply', object)).toMatchObject({ code: 0 });
  });

  const pod = { podSelector: {}, policyTypes: ['Egress'], egress: [{}] };
  const changes: [what: string, kind: string, name: string, change: (object: Json) => void, message: RegExp][] = [
    ...(['enforce', 'warn', 'audit'] as const).map((mode): (typeof changes)[number] => [
      `Pod Security privileged (${mode})`,
      'Namespace',
      'pr-shop-7',
      (o) => Object.assign(o.metadata.labels, { [`pod-security.kubernetes.io/${mode}`]: 'privileged' }),
      /Pod Security "restricted"/,
    ]),
    [
      'an older version of Pod Security',
      'Namespace',
      'pr-shop-7',
      (o) => Object.assign(o.metadata.labels, { 'pod-security.kubernetes.io/enforce-version': 'v1.20' }),
      /Pod Security "restricted"/,
    ],
    [
      'no end',
      'Namespace',
      'pr-shop-7',
      (o) => delete o.metadata.labels['greenroom.dev/expires'],
      /must name its pull request and its end/,
    ],
    [
      'an end in ten years',
      'Namespace',
      'pr-shop-7',
      (o) => {
        const at = now() + 315_360_000;
        o.metadata.labels['greenroom.dev/expires'] = String(at);
        o.metadata.annotations['greenroom.dev/expires'] = new Date(at * 1000).toISOString();
      },
      /ends at the latest/,
    ],
    [
      'two different ends',
      'Namespace',
      'pr-shop-7',
      (o) => Object.assign(o.metadata.annotations, { 'greenroom.dev/expires': '2099-01-01T00:00:00Z' }),
      /ends at the latest/,
    ],
    [
      'no pull request',
      'Namespace',
      'pr-shop-7',
      (o) => delete o.metadata.labels['greenroom.dev/pull-request'],
      /must name its pull request and its end/,
    ],
    [
      'a label for Gatekeeper to look away',
      'Namespace',
      'pr-shop-7',
      (o) => Object.assign(o.metadata.labels, { 'admission.gatekeeper.sh/ignore': 'yes' }),
      /switch off policies/,
    ],
    [
      'an annotation that keeps it',
      'Namespace',
      'pr-shop-7',
      (o) =>
        Object.assign(o.metadata.annotations, {
          'argocd.argoproj.io/sync-options': 'Delete=false',
          'kustomize.toolkit.fluxcd.io/prune': 'disabled',
        }),
      /may only have annotations/,
    ],
    [
      'a hook',
      'ResourceQuota',
      'preview',
      (o) => Object.assign(o.metadata.annotations, { 'argocd.argoproj.io/hook': 'PostDelete' }),
      /may only have annotations/,
    ],
    [
      'a finalizer',
      'Namespace',
      'pr-shop-7',
      (o) => Object.assign(o.metadata, { finalizers: ['example.com/x'] }),
      /no finalizers/,
    ],
    [
      'an owner',
      'ServiceAccount',
      'preview-app',
      (o) => Object.assign(o.metadata, { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u' }] }),
      /no finalizers and no owners/,
    ],
    [
      'a hundredfold quota',
      'ResourceQuota',
      'preview',
      (o) => Object.assign(o.spec.hard, { pods: '1000' }),
      /quota of a preview must not exceed/,
    ],
    [
      'a quota without memory',
      'ResourceQuota',
      'preview',
      (o) => delete o.spec.hard['limits.memory'],
      /quota of a preview must not exceed/,
    ],
    [
      'wide limits',
      'LimitRange',
      'preview',
      (o) => {
        for (const bound of ['default', 'max']) Object.assign(o.spec.limits[0][bound], { memory: '900Gi' });
      },
      /limits of a preview must not exceed/,
    ],
    [
      'an open default-deny',
      'NetworkPolicy',
      'default-deny',
      (o) => Object.assign(o, { spec: pod }),
      /must be as in greenroom.yaml/,
    ],
    [
      'egress to everywhere',
      'NetworkPolicy',
      'allow-dns',
      (o) => Object.assign(o.metadata, { name: 'mine' }) && Object.assign(o, { spec: pod }),
      /must be as in greenroom.yaml/,
    ],
    [
      'a role in the cloud',
      'ServiceAccount',
      'preview-app',
      (o) => Object.assign(o.metadata.annotations, { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/admin' }),
      /may only have annotations/,
    ],
    [
      'a token',
      'ServiceAccount',
      'preview-app',
      (o) => Object.assign(o, { automountServiceAccountToken: true }),
      /must mount no token/,
    ],
    [
      'a binding for everybody',
      'RoleBinding',
      'preview-reconciler',
      (o) =>
        Object.assign(o, {
          subjects: [{ kind: 'Group', name: 'system:authenticated', apiGroup: 'rbac.authorization.k8s.io' }],
        }),
      /the binding of a preview/,
    ],
    [
      'a second binding',
      'RoleBinding',
      'preview-reconciler',
      (o) => Object.assign(o.metadata, { name: 'more' }),
      /the binding of a preview/,
    ],
  ];

  const pull = (what: string, change: (object: Json) => void): (typeof changes)[number] => [
    what,
    'ExternalSecret',
    'registry',
    change,
    /must be in imagePullSecrets/,
  ];
  changes.push(
    pull("a pull secret with a neighbour's reference", (o) =>
      Object.assign(o.spec.data[0].remoteRef, { key: 'acme/bank/db' }),
    ),
    pull('a pull secret with another property', (o) => Object.assign(o.spec.data[0].remoteRef, { property: 'other' })),
    pull('a pull secret with one reference more', (o) =>
      o.spec.data.push({ secretKey: 'more', remoteRef: { key: 'acme/bank/db' } }),
    ),
    pull('a pull secret of a generator', (o) =>
      Object.assign(o.spec.data[0], { sourceRef: { storeRef: { kind: 'ClusterSecretStore', name: 'other' } } }),
    ),
    pull('a pull secret of another store', (o) => Object.assign(o.spec.secretStoreRef, { name: 'other' })),
    pull('a pull secret that reads a whole prefix', (o) =>
      Object.assign(o.spec, { dataFrom: [{ find: { name: { regexp: '.*' } } }] }),
    ),
    pull('a pull secret with a template over other secrets', (o) =>
      Object.assign(o.spec.target.template, { templateFrom: [{ secret: { name: 'x', items: [{ key: 'x' }] } }] }),
    ),
    pull('a pull secret of another type', (o) =>
      Object.assign(o.spec.target.template, { type: 'kubernetes.io/service-account-token' }),
    ),
    pull('a pull secret that merges into another Secret', (o) =>
      Object.assign(o.spec.target, { name: 'other', creationPolicy: 'Merge' }),
    ),
    pull('a second pull secret', (o) => Object.assign(o.metadata, { name: 'more' })),
  );

  it.each(changes)('cannot write %s', async (_, kind, name, change, message) => {
    const found = fence(7).find((o) => o.kind === kind && o.metadata.name === name);
    const fresh = fence(8).find((o) => o.kind === kind && (o.metadata.name === name || kind === 'Namespace'));
    for (const [verb, object] of [['apply', found], ...(kind === 'Namespace' ? [['create', fresh]] : [])] as [
      string,
      Json,
    ][]) {
      change(object);
      const { code, stderr } = await write(verb, object, '--dry-run=server');
      expect([verb, code]).not.toEqual([verb, 0]);
      expect(stderr).toMatch(message);
    }
  });

  it.each([
    ['resourcequota', 'preview'],
    ['limitrange', 'preview'],
    ['networkpolicy', 'default-deny'],
  ])('cannot take the %s %s away from a preview that runs', async (kind, name) => {
    const { code, stderr } = await cluster.tryKubectl([
      'delete',
      as,
      kind,
      name,
      '--namespace=pr-shop-7',
      '--dry-run=server',
    ]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('stay until its namespace is deleted');
  });

  it('can remove the namespace, and all of it goes', async () => {
    expect(await cluster.tryKubectl(['delete', as, 'namespace', 'pr-shop-7', '--wait=false'])).toMatchObject({
      code: 0,
    });
    await eventually(async () => (await cluster.tryKubectl(['get', 'namespace', 'pr-shop-7'])).code !== 0, {
      what: 'the namespace to be gone',
    });
  });
});

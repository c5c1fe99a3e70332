import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createCompiler } from '../../lib/compile/compile.ts';
import { compileInput, previewText } from '../support/inputs.ts';
import { OPERATOR, operatedPostgres } from '../support/operator.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { configuration, laidDown } from './generated/configurations.ts';
import { type Answer, ApiServer } from './policies/api-server.ts';

// biome-ignore lint/suspicious/noExplicitAny: manifests are read as plain data
type Json = any;

/**
 * The kind of CloudNativePG, with some of its defaults and its `scale`. The operator itself cannot be built from the Go
 * proxy. Its account does here what its sources say that it does for a Cluster.
 */
const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'clusters.postgresql.cnpg.io' },
  spec: {
    group: 'postgresql.cnpg.io',
    names: { kind: 'Cluster', plural: 'clusters', singular: 'cluster', listKind: 'ClusterList' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.instances', statusReplicasPath: '.status.instances' },
        },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                'x-kubernetes-preserve-unknown-fields': true,
                properties: {
                  instances: { type: 'integer', default: 1, minimum: 1 },
                  logLevel: { type: 'string', default: 'info' },
                  postgresUID: { type: 'integer', default: 26 },
                  smartShutdownTimeout: { type: 'integer', default: 180 },
                  primaryUpdateMethod: { type: 'string', default: 'restart' },
                  monitoring: {
                    type: 'object',
                    properties: {
                      disableDefaultQueries: { type: 'boolean', default: false },
                      enablePodMonitor: { type: 'boolean', default: false },
                    },
                  },
                  storage: {
                    type: 'object',
                    properties: {
                      size: { type: 'string' },
                      resizeInUseVolumes: { type: 'boolean', default: true },
                    },
                  },
                },
              },
              status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
        },
      },
    ],
  },
};

const now = () => Math.floor(Date.now() / 1000);
const NAMESPACE = 'pr-shop-7';
const NAME = 'pr-shop-7-db';
const FENCER = 'system:serviceaccount:argocd:preview-fencer';
const RECONCILER = `system:serviceaccount:${NAMESPACE}:preview-reconciler`;
/** An account of another tool that may do everything. */
const STRANGER = 'system:serviceaccount:tools:robot';
const INSTANCE = `system:serviceaccount:${NAMESPACE}:${NAME}`;

describe('a service that an operator runs', () => {
  const { platform, platformText } = configuration(parse(operatedPostgres()));
  let cluster: Cluster;
  let api: ApiServer;
  let owner: Json;

  const created = now();
  const { files } = createCompiler({ platform, now: created })(
    compileInput(previewText('resources: { db: { type: postgres } }'), {
      times: { createdAt: created, updatedAt: created, committedAt: created },
    }),
  );
  const rank = ({ kind }: Json) => (kind === 'Namespace' ? 0 : 1);
  const texts = [...files].filter(([path]) => path.includes('/fence/')).map(([, text]) => text);
  /** The objects of the fence, the Namespace first. */
  const fence = (): Json[] => texts.map((text) => parse(text)).sort((a, b) => rank(a) - rank(b));
  const groupsOf = (as: string) => [
    'system:serviceaccounts',
    `system:serviceaccounts:${as.split(':')[2]}`,
    'system:authenticated',
  ];
  /** Creates an object in somebody's name. */
  const create = async (as: string, object: Json, query = '') =>
    api.send('POST', `${await api.path(object)}${query}`, object, { user: as, groups: groupsOf(as) });
  /** The same without keeping it: all of admission runs. */
  const attempt = (as: string, object: Json) => create(as, object, '?dryRun=All');
  const at = (resource: string) =>
    `${resource.startsWith('clusters/') ? '/apis/postgresql.cnpg.io/v1' : '/api/v1'}/namespaces/${NAMESPACE}/${resource}`;
  const send = (method: string, as: string, path: string, body?: object) =>
    api.send(method, path, body, { user: as, groups: groupsOf(as) });
  const said = ({ status, body }: Answer) => `${status} ${body?.message ?? body}`;
  const writeFence = () => {
    const groups = groupsOf(FENCER).map((group) => `--as-group=${group}`);
    const items = { apiVersion: 'v1', kind: 'List', items: fence() };
    return cluster.tryKubectl(['apply', `--as=${FENCER}`, ...groups, '--filename=-'], JSON.stringify(items));
  };
  const clusterObject = () => fence().find(({ kind }) => kind === 'Cluster');

  const made = (apiVersion: string, kind: string, name: string, body: object = {}, labels: object = {}): Json => ({
    apiVersion,
    kind,
    metadata: {
      name,
      namespace: NAMESPACE,
      labels: { 'cnpg.io/cluster': NAME, ...labels },
      annotations: { 'cnpg.io/operatorVersion': '1.28.0' },
      ownerReferences: [owner],
    },
    ...body,
  });
  const secret = (name: string, type = 'Opaque') => made('v1', 'Secret', name, { type, stringData: { uri: 'x' } });
  const service = (name: string) =>
    made('v1', 'Service', name, { spec: { selector: { 'cnpg.io/cluster': NAME }, ports: [{ port: 5432 }] } });
  /** A pod as the operator makes it: it mounts the token of its account, and a claim. */
  const podSpec = () => ({
    serviceAccountName: NAME,
    securityContext: { runAsNonRoot: true, runAsUser: 26, fsGroup: 26, seccompProfile: { type: 'RuntimeDefault' } },
    terminationGracePeriodSeconds: 60,
    restartPolicy: 'Never',
    containers: [
      {
        name: 'postgres',
        image: 'ghcr.io/cloudnative-pg/postgresql:17.6',
        command: ['/controller/manager', 'instance', 'run'],
        resources: clusterObject().spec.resources,
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [{ name: 'pgdata', mountPath: '/var/lib/postgresql/data' }],
      },
    ],
    volumes: [{ name: 'pgdata', persistentVolumeClaim: { claimName: `${NAME}-1` } }],
  });
  const template = () => ({ metadata: { labels: { 'cnpg.io/cluster': NAME } }, spec: podSpec() });
  const rules = [
    { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'watch'], resourceNames: [`${NAME}-app`] },
    { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
    { apiGroups: ['postgresql.cnpg.io'], resources: ['clusters'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: ['postgresql.cnpg.io'], resources: ['clusters/status'], verbs: ['get', 'patch', 'update', 'watch'] },
  ];
  const RBAC = 'rbac.authorization.k8s.io';
  const role = (name: string, own: object[] = rules) => made(`${RBAC}/v1`, 'Role', name, { rules: own });
  const binding = (name: string, kind: string, target: string, subject: object) =>
    made(`${RBAC}/v1`, 'RoleBinding', name, {
      roleRef: { apiGroup: RBAC, kind, name: target },
      subjects: [{ kind: 'ServiceAccount', name: NAME, namespace: NAMESPACE, ...subject }],
    });
  /** What the operator writes, in its order. */
  const work = (): Json[] => [
    ...['ca', 'server', 'replication', 'app'].map((part) => secret(`${NAME}-${part}`)),
    ...['rw', 'ro', 'r'].map((part) => service(`${NAME}-${part}`)),
    made('v1', 'ServiceAccount', NAME),
    role(NAME),
    binding(NAME, 'Role', NAME, {}),
    made('v1', 'PersistentVolumeClaim', `${NAME}-1`, {
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    }),
    made('batch/v1', 'Job', `${NAME}-1-initdb`, { spec: { template: template() } }),
    made('v1', 'Pod', `${NAME}-1`, { spec: podSpec() }),
  ];

  const laid = [...laidDown({ platform, platformText })];
  const install = async (folder: RegExp) => {
    const items = laid
      .filter(([path]) => folder.test(path) && path.endsWith('.yaml'))
      .map(([, text]) => parse(text))
      .filter((object) => /Account|Role|ValidatingAdmission/.test(object?.kind ?? ''));
    await cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  };

  beforeAll(async () => {
    cluster = await startCluster({ controllerManager: true });
    const { users } = JSON.parse(readFileSync(cluster.kubeconfig, 'utf8'));
    api = new ApiServer({ server: cluster.server, token: users[0].user.token });
    await cluster.apply(JSON.stringify(DEFINITION));
    await cluster.kubectl(['wait', '--for=condition=Established', 'crd', DEFINITION.metadata.name]);
    for (const name of ['argocd', 'ingress-nginx', 'cnpg-system', 'tools', 'greenroom-cleaner']) {
      await cluster.kubectl(['create', 'namespace', name]);
    }
    // As much as they can have, so that whatever they may not do is refused at admission.
    for (const user of [OPERATOR, STRANGER]) {
      await cluster.kubectl([
        'create',
        'clusterrolebinding',
        user.replaceAll(':', '-'),
        '--clusterrole=cluster-admin',
        `--user=${user}`,
      ]);
    }
    await install(/^bootstrap\/install\/clusters\/main\//);
    const early = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'pr-early-1', labels: {} } };
    await eventually(async () => /denied/.test(said(await attempt(FENCER, early))), { what: 'the guards' });
    const [namespace] = fence();
    expect(said(await create(FENCER, namespace))).toMatch(/^201/);
    await eventually(async () => (await writeFence()).code === 0, { what: 'the fence' });
    const uid = await cluster.kubectl([
      'get',
      'cluster',
      NAME,
      `--namespace=${NAMESPACE}`,
      '-o=jsonpath={.metadata.uid}',
    ]);
    owner = { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: NAME, uid, controller: true };
  });
  afterAll(async () => {
    api?.close();
    await cluster?.stop();
  });

  it('is written by the fencer, with what the definition fills in', async () => {
    const stored = JSON.parse(await cluster.kubectl(['get', 'cluster', NAME, `--namespace=${NAMESPACE}`, '-o=json']));
    expect(stored.spec).toMatchObject({ logLevel: 'info', postgresUID: 26, storage: { resizeInUseVolumes: true } });
    expect(await writeFence()).toMatchObject({ code: 0 });
  });

  const GUARD = /greenroom-operators.*denied/;
  const refused: [what: string, object: () => Json, message: RegExp][] = [
    ['what nothing owns', () => ({ ...secret('free'), metadata: { name: 'free', namespace: NAMESPACE } }), GUARD],
    [
      'what another object owns',
      () => {
        const object = secret('other');
        object.metadata.ownerReferences = [{ ...owner, apiVersion: 'v1', kind: 'ConfigMap' }];
        return object;
      },
      GUARD,
    ],
    [
      'what a Cluster of another name owns',
      () => {
        const object = secret('other');
        object.metadata.ownerReferences = [{ ...owner, name: 'pr-shop-77-db' }];
        return object;
      },
      GUARD,
    ],
    ['a kind that is not of its class', () => made('v1', 'ConfigMap', 'queries', { data: {} }), GUARD],
    [
      'a network policy',
      () => made('networking.k8s.io/v1', 'NetworkPolicy', 'open', { spec: { podSelector: {}, egress: [{}] } }),
      GUARD,
    ],
    [
      'another object of its kind',
      () => ({ ...clusterObject(), metadata: { name: `${NAME}-2`, namespace: NAMESPACE } }),
      /greenroom-operator(-object)?s.*denied/,
    ],
    [
      'a binding to a role of the cluster',
      () => binding('more', 'ClusterRole', 'cluster-admin', {}),
      /a Role of that preview only/,
    ],
    [
      "a binding for the app's account",
      () => binding('more', 'Role', NAME, { name: 'preview-app' }),
      /accounts of its own making/,
    ],
    [
      'a binding for an account elsewhere',
      () => binding('more', 'Role', NAME, { namespace: 'tools' }),
      /accounts of its own making/,
    ],
    [
      'a Role for everything',
      () => role('more', [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]),
      /must name its verbs/,
    ],
    [
      'a Role that binds others',
      () => role('more', [{ apiGroups: [RBAC], resources: ['roles'], verbs: ['bind'] }]),
      /must name its verbs/,
    ],
    [
      "a token of the reconciler's account",
      () => {
        const object = secret('token', 'kubernetes.io/service-account-token');
        object.metadata.annotations = { 'kubernetes.io/service-account.name': 'preview-reconciler' };
        return object;
      },
      /no token of an account/,
    ],
    [
      'a load balancer',
      () => {
        const object = service('out');
        object.spec.type = 'LoadBalancer';
        return object;
      },
      /no-load-balancer|exceeded quota/,
    ],
  ];
  it.each(refused)('lets the account of its operator write nothing else: not %s', async (_, object, message) => {
    const answer = await attempt(OPERATOR, object());
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(said(answer)).toMatch(message);
  });

  it('lets the account of its operator take over nothing of the fence or the app', async () => {
    const mine = { metadata: { ownerReferences: [owner] } };
    const bindings = `/apis/${RBAC}/v1/namespaces/${NAMESPACE}/rolebindings/preview-reconciler`;
    const policies = `/apis/networking.k8s.io/v1/namespaces/${NAMESPACE}/networkpolicies/default-deny`;
    for (const path of [at('serviceaccounts/default'), bindings]) {
      expect(said(await send('PATCH', OPERATOR, path, mine)), path).toMatch(GUARD);
    }
    for (const path of [policies, at('resourcequotas/preview'), at(`clusters/${NAME}`)]) {
      expect(said(await send('DELETE', OPERATOR, `${path}?dryRun=All`)), path).toMatch(GUARD);
    }
  });

  it('lets nobody but the fencer change the object, not by its scale either', async () => {
    for (const as of [OPERATOR, STRANGER]) {
      const patch = (change: object, part = '') => send('PATCH', as, at(`clusters/${NAME}${part}`), change);
      for (const answer of [
        await patch({ spec: { instances: 3 } }),
        await patch({ metadata: { finalizers: ['example.com/hold'] } }),
        await patch({ spec: { replicas: 3 } }, '/scale'),
      ]) {
        expect(said(answer)).toMatch(/greenroom-operator(-object)?s.*denied/);
      }
    }
    const order = { metadata: { annotations: { 'cnpg.io/podPatch': '[]' } } };
    expect(said(await send('PATCH', STRANGER, at(`clusters/${NAME}`), order))).toMatch(/operator-objects.*denied/);
  });

  const another = () => {
    const object = clusterObject();
    return { ...object, metadata: { ...object.metadata, name: `${NAME}-2` } };
  };
  it('lets the fencer write an object for each resource of a preview', async () => {
    expect(said(await attempt(FENCER, another()))).toMatch(/^201/);
  });

  const shapes: [what: string, change: (object: Json) => void][] = [
    ['three instances', (o) => Object.assign(o.spec, { instances: 3 })],
    ['a larger disk', (o) => Object.assign(o.spec.storage, { size: '100Gi' })],
    ['another image', (o) => Object.assign(o.spec, { imageName: 'ghcr.io/evil/postgres:1' })],
    ['no resources', (o) => delete o.spec.resources],
    ["a stranger's backup", (o) => Object.assign(o.spec.bootstrap, { recovery: { source: 'bank' } })],
    ['another cluster to copy from', (o) => Object.assign(o.spec, { externalClusters: [{ name: 'bank' }] })],
    ['a load balancer', (o) => Object.assign(o.spec, { managed: { services: { additional: [] } } })],
    ['a choice of machine', (o) => Object.assign(o.spec, { affinity: { nodeSelector: { gpu: 'true' } } })],
    [
      'libraries beside the parameters',
      (o) => Object.assign(o.spec, { postgresql: { shared_preload_libraries: ['x'] } }),
    ],
    ['a name of another preview', (o) => Object.assign(o.metadata, { name: 'pr-shop-77-db' })],
  ];
  it.each(shapes)('holds the fencer to greenroom.yaml: not %s', async (_, change) => {
    const object = another();
    change(object);
    expect(said(await attempt(FENCER, object))).toMatch(/must be as a class of services in greenroom\.yaml/);
  });

  it.each([
    ['an annotation for the operator', { annotations: { 'cnpg.io/podPatch': '[]' } }, /may only have annotations/],
    ['a finalizer', { finalizers: ['example.com/hold'] }, /no finalizers/],
  ])('holds the fencer to greenroom.yaml: no %s', async (_, metadata, message) => {
    const object = another();
    object.metadata = { ...object.metadata, ...metadata };
    expect(said(await attempt(FENCER, object))).toMatch(message);
  });

  it('lets the fencer open the API server for these pods alone', async () => {
    const policy = fence().find(({ metadata }) => metadata.name === 'allow-service-postgres');
    policy.spec.podSelector = { matchExpressions: null };
    const path = `${await api.path(policy)}/${policy.metadata.name}?dryRun=All`;
    expect(said(await send('PATCH', FENCER, path, policy))).toMatch(/must be as in greenroom\.yaml/);
  });

  // The guards stand alone so far. The rules about makers come on top.
  it('is in force with the rules', async () => {
    await install(/^policies\//);
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x', namespace: NAMESPACE } };
    await eventually(async () => /allowed-kinds/.test(said(await attempt(STRANGER, secret))), { what: 'the rules' });
  });

  it('lets the account of its operator do its work, under Pod Security restricted and the quota', async () => {
    for (const object of work()) {
      expect(said(await create(OPERATOR, object)), `${object.kind} ${object.metadata.name}`).toMatch(/^201/);
    }
    // The pods of its jobs are made by Kubernetes.
    const pods = at('pods?labelSelector=batch.kubernetes.io%2Fjob-name');
    await eventually(async () => (await api.send('GET', pods)).body.items.length > 0, { what: 'the pod of the job' });
    const patch = async (as: string, path: string, change: object) =>
      expect(said(await send('PATCH', as, at(path), change)), `${as} ${path}`).toMatch(/^200/);
    await patch(OPERATOR, `pods/${NAME}-1`, { metadata: { labels: { 'cnpg.io/instanceRole': 'primary' } } });
    await patch(OPERATOR, `clusters/${NAME}`, { metadata: { annotations: { 'cnpg.io/seen': 'yes' } } });
    // The account of its pods tells how they are.
    for (const as of [OPERATOR, INSTANCE]) await patch(as, `clusters/${NAME}/status`, { status: { phase: as } });
    expect((await send('DELETE', OPERATOR, at(`secrets/${NAME}-replication`))).status).toBe(200);
  });

  it.each<(typeof refused)[number]>([
    [
      "a pod of the reconciler's account",
      () => made('v1', 'Pod', 'thief', { spec: { ...podSpec(), serviceAccountName: 'preview-reconciler' } }),
      /no-service-account-token.*denied/,
    ],
    [
      'a pod that gains privileges',
      () => {
        const spec = podSpec();
        Object.assign(spec.containers[0]!.securityContext, { allowPrivilegeEscalation: true });
        return made('v1', 'Pod', 'root', { spec });
      },
      /violates PodSecurity "restricted/,
    ],
  ])('holds its pods to what holds all pods: not %s', async (_, object, message) => {
    const answer = await attempt(OPERATOR, object());
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(said(answer)).toMatch(message);
  });

  it('is written again by the next push, whatever its operator noted at it', async () => {
    expect(await writeFence()).toMatchObject({ code: 0 });
  });

  it('lets no other account do what its operator may', async () => {
    const objects = [
      secret('stolen'),
      made('v1', 'ServiceAccount', 'stolen'),
      binding('stolen', 'Role', NAME, {}),
      made('v1', 'Pod', 'stolen', { spec: podSpec() }),
      { ...clusterObject(), metadata: { ...clusterObject().metadata, name: 'pr-shop-7-more' } },
    ];
    for (const object of objects) {
      expect(said(await attempt(STRANGER, object)), object.kind).toMatch(/greenroom-[a-z-]+.*denied/);
      // The maker's side has no rights in the first place.
      expect(said(await attempt(RECONCILER, object)), object.kind).toMatch(/^403 .*forbidden/);
    }
  });

  it('keeps the label of its pods, which opens the API server, for them', async () => {
    const labels = { app: 'mine', 'cnpg.io/cluster': NAME };
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'mine', namespace: NAMESPACE },
      spec: {
        selector: { matchLabels: { app: 'mine' } },
        template: { metadata: { labels }, spec: { ...podSpec(), restartPolicy: 'Always' } },
      },
    };
    expect(said(await attempt(RECONCILER, deployment))).toMatch(/denied/);
    const plain = structuredClone(deployment) as Json;
    plain.spec.template.metadata.labels = { app: 'mine' };
    expect(said(await attempt(RECONCILER, plain))).toMatch(/denied/);
  });

  it('ends with its preview, and nothing of it is left', async () => {
    const left = [
      'get',
      'cluster,secret,serviceaccount,role,rolebinding,pvc,job,pod,service',
      '--all-namespaces',
      '-o=name',
    ];
    expect(await cluster.kubectl(left)).toContain(NAME);
    const namespace = `/api/v1/namespaces/${NAMESPACE}`;
    expect((await send('DELETE', FENCER, namespace)).status).toBe(200);
    await eventually(async () => (await api.send('GET', namespace)).status === 404, {
      what: 'the namespace to be gone',
    });
    expect(await cluster.kubectl(left)).not.toContain(NAME);
  });
});

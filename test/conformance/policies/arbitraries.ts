import * as fc from 'fast-check';
import type { Manifest } from './api-server.ts';

/**
 * Objects around the rules: of the kinds that they judge, put together from fields that they look at, with values on
 * both sides of each line and just off it. Types are right, since nothing else gets past an API server; what is
 * missing, empty or doubled is left to chance.
 */
type Data = Record<string, unknown>;

/** Each field is there or not; most are not, so that objects fail for one reason more often than for ten. */
function some(fields: Record<string, fc.Arbitrary<unknown>>, chance = 4): fc.Arbitrary<Data> {
  const entries = Object.entries(fields).map(([key, value]) =>
    fc.oneof({ weight: chance, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: value.map((v) => [[key, v]]) }),
  );
  return fc.tuple(...entries).map((parts) => Object.fromEntries(parts.flat() as [string, unknown][]));
}

const oneOf = (...values: unknown[]) => fc.constantFrom(...values);
const bool = fc.boolean();
const list = (item: fc.Arbitrary<unknown>, maxLength = 2) => fc.array(item, { maxLength });

const DIGEST = `sha256:${'3f'.repeat(32)}`;
const image = oneOf(
  'ghcr.io/acme/shop',
  'ghcr.io/acme/shop:pr-7',
  `ghcr.io/acme/shop@${DIGEST}`,
  `ghcr.io/acme/shop:pr-7@${DIGEST}`,
  'ghcr.io/acme',
  'ghcr.io/acme-evil/shop',
  'ghcr.io.evil.com/acme/shop',
  'nginx',
  'GHCR.IO/acme/shop',
  'ghcr.io/acme/../evil/x',
  'localhost:5000/acme/shop',
);
const quantity = (...more: string[]) =>
  oneOf('0', '1', '2', '2001m', '100m', '1Gi', '2Gi', '2049Mi', '128Mi', '1e3', ...more);
const resources = some(
  {
    limits: some({ cpu: quantity('0m'), memory: quantity(), 'ephemeral-storage': quantity('8Gi') }, 1),
    requests: some({ cpu: quantity('10m'), memory: quantity('1Ki') }, 1),
  },
  1,
);

const profile = some(
  { type: oneOf('RuntimeDefault', 'Unconfined', 'Localhost'), localhostProfile: oneOf('x.json') },
  0,
).map((p) =>
  p['type'] === 'Localhost' ? { ...p, localhostProfile: 'x.json' } : { type: p['type'] ?? 'RuntimeDefault' },
);
const selinux = some(
  { type: oneOf('container_t', 'spc_t', 'container_init_t', ''), user: oneOf('', 'x'), role: oneOf('', 'x') },
  2,
);
const windows = some({ hostProcess: bool, runAsUserName: oneOf('x') }, 1);

const capabilities = some(
  {
    drop: list(oneOf('ALL', 'NET_RAW', 'all')),
    add: list(oneOf('NET_BIND_SERVICE', 'SYS_ADMIN', 'ALL', 'CHOWN')),
  },
  1,
);

const handler = some(
  {
    httpGet: some({ path: oneOf('/'), host: oneOf('', '169.254.169.254', 'localhost') }, 0).map((g) => ({
      port: 80,
      ...g,
    })),
  },
  0,
);
const tcp = oneOf({ tcpSocket: { port: 80 } }, { tcpSocket: { port: 80, host: '10.0.0.1' } });
const probe = fc.oneof(handler, tcp);

const env = fc.record({
  name: oneOf('LOG_LEVEL', 'API_KEY', 'DB_PASSWORD', 'dbPassword', 'PGPASSWORD', 'tokenizer', 'X'),
  value: oneOf(
    '',
    'debug',
    'hunter2',
    'true',
    '4096',
    '$(A)x$(B)',
    'PASSWORD=hunter2',
    'say "token": "abcdef"',
    'AKIAIOSFODNN7EXAMPLE',
    'https://user:pw@host/',
    '$(OTHER)',
    'https://host/',
  ),
});

const container = some({
  image,
  resources,
  securityContext: some({
    privileged: bool,
    allowPrivilegeEscalation: bool,
    runAsNonRoot: bool,
    runAsUser: oneOf(0, 1, 1000),
    readOnlyRootFilesystem: bool,
    procMount: oneOf('Default', 'Unmasked'),
    capabilities,
    seccompProfile: profile,
    appArmorProfile: profile,
    seLinuxOptions: selinux,
    windowsOptions: windows,
  }),
  ports: list(
    some({ hostPort: oneOf(0, 8080), hostIP: oneOf('127.0.0.1') }, 2).map((p) => ({ containerPort: 8080, ...p })),
    1,
  ),
  env: list(env),
  args: list(
    oneOf(
      '--x',
      '--password',
      'hunter2',
      '--api-key=abcdef',
      '--token=$(TOKEN)',
      '--token=ghp_0123456789abcdefghijABCDEFGHIJ012345',
    ),
  ),
});

/** What makes a container pass every rule, so that what is drawn on top of it decides. */
const DECENT: Data = {
  image: `ghcr.io/acme/shop@${DIGEST}`,
  resources: { limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
};
const DECENT_CONTEXT = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };

const decent = fc.tuple(fc.boolean(), container).map(([good, drawn]) => {
  if (!good) return { image: 'ghcr.io/acme/shop', ...drawn };
  const context = { ...DECENT_CONTEXT, ...(drawn['securityContext'] as Data | undefined) };
  return { ...DECENT, ...drawn, securityContext: context };
});

const named = (prefix: string) => (containers: unknown[]) =>
  containers.map((c, i) => ({ ...(c as Data), name: `${prefix}${i}` }));
const running = decent.chain((c) =>
  some(
    {
      livenessProbe: probe,
      readinessProbe: probe,
      startupProbe: probe,
      lifecycle: some({ preStop: probe, postStart: probe }, 1),
    },
    6,
  ).map((p): Data => ({ ...c, ...p })),
);

const volume = fc.oneof(
  oneOf(
    { emptyDir: {} },
    { emptyDir: { medium: 'Memory' } },
    { emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
    { emptyDir: { sizeLimit: '8Gi' } },
    { configMap: { name: 'x' } },
    { secret: { secretName: 'x' } },
    { hostPath: { path: '/' } },
    { hostPath: { path: '/var/run/docker.sock', type: 'Socket' } },
    { nfs: { server: '10.0.0.1', path: '/' } },
    { downwardAPI: { items: [] } },
    { persistentVolumeClaim: { claimName: 'x' } },
    { csi: { driver: 'secrets-store.csi.k8s.io' } },
    {
      ephemeral: {
        volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
      },
    },
    { projected: { sources: [{ configMap: { name: 'x' } }] } },
    { projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
    { image: { reference: 'ghcr.io/acme/data' } },
    { image: { reference: 'docker.io/evil/data' } },
    { gitRepo: { repository: 'https://example.com/x.git' } },
  ),
);

const podSecurity = some({
  runAsNonRoot: bool,
  runAsUser: oneOf(0, 1, 1000),
  seccompProfile: profile,
  appArmorProfile: profile,
  seLinuxOptions: selinux,
  windowsOptions: windows,
  sysctls: list(
    oneOf(
      { name: 'kernel.shm_rmid_forced', value: '1' },
      { name: 'net.ipv4.ip_local_port_range', value: '1 2' },
      { name: 'kernel.msgmax', value: '1' },
    ),
  ),
});

const affinity = some(
  {
    nodeAffinity: oneOf({
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'gpu', operator: 'Exists' }] }],
      },
    }),
    podAntiAffinity: oneOf(
      { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname' }] },
      {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', namespaceSelector: {} } },
        ],
      },
    ),
  },
  1,
);

/** Where a pod runs, as whom, how it ends and whom it asks. */
const scheduling: Record<string, fc.Arbitrary<unknown>> = {
  serviceAccountName: oneOf('default', 'preview-app', 'preview-reconciler'),
  priorityClassName: oneOf('', 'high'),
  nodeSelector: oneOf({}, { 'kubernetes.io/arch': 'amd64' }, { gpu: 'yes' }),
  schedulerName: oneOf('default-scheduler', 'mine'),
  tolerations: oneOf([], [{ operator: 'Exists' }], [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists' }]),
  terminationGracePeriodSeconds: oneOf(0, 30, 120, 121),
  dnsConfig: oneOf({ options: [{ name: 'ndots', value: '2' }] }, { nameservers: ['203.0.113.53'] }),
  hostAliases: oneOf([], [{ ip: '203.0.113.7', hostnames: ['x.example.com'] }]),
  affinity,
};

const podSpec = fc
  .tuple(
    fc.array(running, { minLength: 1, maxLength: 2 }).map(named('c')),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(decent, { maxLength: 2 }).map(named('i')) },
    ),
    some({
      hostNetwork: bool,
      hostPID: bool,
      hostIPC: bool,
      hostUsers: bool,
      automountServiceAccountToken: bool,
      securityContext: podSecurity,
      volumes: list(volume).map((vs) => vs.map((v, i) => ({ name: `v${i}`, ...(v as Data) }))),
      os: oneOf({ name: 'linux' }, { name: 'windows' }),
      // Without requests beside them, pod-level limits are bad input before any rule is asked.
      resources: oneOf('200m', '1', '2', '3').map((cpu) => ({ limits: { cpu }, requests: { cpu: '200m' } })),
      ...scheduling,
    }),
    fc.boolean(),
  )
  .map(([containers, initContainers, rest, good]): Data => {
    const context = {
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
      ...(rest['securityContext'] as Data | undefined),
    };
    return {
      ...(good ? { automountServiceAccountToken: false } : {}),
      ...rest,
      ...(good ? { securityContext: context } : {}),
      containers,
      ...(initContainers.length > 0 ? { initContainers } : {}),
    };
  })
  .map(windowsFit);

/** What an API server refuses on a Windows pod before any policy is asked. */
function windowsFit(spec: Data): Data {
  if ((spec['os'] as Data | undefined)?.['name'] !== 'windows') return spec;
  const { hostPID, hostIPC, hostUsers, hostNetwork, resources: _, ...rest } = spec;
  const context = (given: unknown, ...keys: string[]) =>
    Object.fromEntries(Object.entries((given ?? {}) as Data).filter(([key]) => keys.includes(key)));
  const containers = (given: unknown) =>
    (given as Data[]).map((c) => ({
      ...c,
      securityContext: context(c['securityContext'], 'runAsNonRoot', 'windowsOptions'),
    }));
  return {
    ...rest,
    securityContext: context(spec['securityContext'], 'runAsNonRoot', 'windowsOptions'),
    containers: containers(spec['containers']),
    ...(spec['initContainers'] === undefined ? {} : { initContainers: containers(spec['initContainers']) }),
  };
}

const EVIDENCE = {
  'evidence.greenroom.dev/signature': DIGEST,
  'evidence.greenroom.dev/sbom': DIGEST,
  'evidence.greenroom.dev/vulnerabilities': `${DIGEST}=low`,
};

const podMetadata = fc
  .tuple(
    fc.boolean(),
    some({
      'container.apparmor.security.beta.kubernetes.io/c0': oneOf('runtime/default', 'unconfined', 'localhost/x'),
      'evidence.greenroom.dev/signature': oneOf(`sha256:00,${DIGEST}`, 'sha256:00', ''),
      'evidence.greenroom.dev/sbom': oneOf(DIGEST.toUpperCase(), ''),
      'evidence.greenroom.dev/vulnerabilities': oneOf(`${DIGEST}=critical`, `${DIGEST}=none`, DIGEST),
    }),
  )
  .map(([proven, annotations]): Data => ({ annotations: { ...(proven ? EVIDENCE : {}), ...annotations } }));

const template = fc
  .tuple(podMetadata, podSpec)
  .map(([metadata, spec]) => ({ metadata: { ...metadata, labels: { app: 'x' } }, spec }));
const selector = { matchLabels: { app: 'x' } };
const once = (t: { metadata: Data; spec: Data }) => ({ ...t, spec: { ...t.spec, restartPolicy: 'Never' } });

const workload = fc.oneof(
  fc.tuple(podMetadata, podSpec).map(([metadata, spec]) => of('v1', 'Pod', metadata, { spec })),
  template.map((t) => of('apps/v1', 'Deployment', {}, { spec: { selector, template: t } })),
  template.map((t) => of('apps/v1', 'StatefulSet', {}, { spec: { selector, serviceName: 'x', template: t } })),
  template.map((t) => of('apps/v1', 'DaemonSet', {}, { spec: { selector, template: t } })),
  template.map((t) => of('apps/v1', 'ReplicaSet', {}, { spec: { selector, template: t } })),
  template.map((t) => of('v1', 'ReplicationController', {}, { spec: { selector: selector.matchLabels, template: t } })),
  template.map((t) => of('v1', 'PodTemplate', {}, { template: t })),
  template.map((t) => of('batch/v1', 'Job', {}, { spec: { template: once(t) } })),
  template.map((t) =>
    of('batch/v1', 'CronJob', {}, { spec: { schedule: '@daily', jobTemplate: { spec: { template: once(t) } } } }),
  ),
);

const service = some(
  {
    type: oneOf('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'),
    externalIPs: list(oneOf('203.0.113.7')),
    allocateLoadBalancerNodePorts: bool,
    loadBalancerIP: oneOf('203.0.113.7'),
    externalTrafficPolicy: oneOf('Local', 'Cluster'),
  },
  2,
).chain((spec) =>
  list(some({ nodePort: oneOf(0, 30080) }, 2), 1).map((ports) => {
    const type = (spec['type'] as string | undefined) ?? 'ClusterIP';
    const { allocateLoadBalancerNodePorts, loadBalancerIP, externalTrafficPolicy, ...rest } = spec;
    return of(
      'v1',
      'Service',
      {},
      {
        spec: {
          ...rest,
          ...(type === 'ExternalName' ? { externalName: 'example.com' } : {}),
          ...(type === 'LoadBalancer' ? { allocateLoadBalancerNodePorts: allocateLoadBalancerNodePorts ?? true } : {}),
          ports: [...ports.map((p) => ({ ...(p as Data), port: 80 })), { port: 81, name: 'b' }].map((p, i) => ({
            name: `p${i}`,
            ...p,
          })),
        },
      },
    );
  }),
);

const host = oneOf('pr-shop-7.apps.example.com', 'pr-shop-8.apps.example.com', '*.apps.example.com', undefined);
const backend = { service: { name: 'x', port: { number: 80 } } };
const ingress = fc
  .tuple(
    fc.array(
      fc.tuple(
        host,
        fc.array(
          fc.tuple(
            oneOf('/', '/api', '/a;b', '/{x}', '/a b', '/_$'),
            oneOf('Prefix', 'Exact', 'ImplementationSpecific'),
          ),
          { maxLength: 2 },
        ),
      ),
      { maxLength: 2 },
    ),
    some(
      {
        tls: oneOf([], [{ hosts: ['pr-shop-7.apps.example.com'] }], [{ hosts: ['evil.example.com'], secretName: 'x' }]),
        defaultBackend: oneOf(backend),
        ingressClassName: oneOf('nginx', 'nginx', 'internal'),
      },
      2,
    ),
    some(
      {
        'nginx.ingress.kubernetes.io/configuration-snippet': oneOf('x'),
        'kubernetes.io/ingress.class': oneOf('nginx'),
        'argocd.argoproj.io/tracking-id': oneOf('x'),
      },
      3,
    ),
  )
  .map(([rules, rest, annotations]) =>
    of(
      'networking.k8s.io/v1',
      'Ingress',
      { annotations },
      {
        spec: {
          ...rest,
          rules: rules.map(([name, paths]) => ({
            ...(name === undefined ? {} : { host: name }),
            ...(paths.length > 0
              ? { http: { paths: paths.map(([path, pathType]) => ({ path, pathType, backend })) } }
              : {}),
          })),
        },
      },
    ),
  );

const texts = some(
  {
    LOG: oneOf('x', ''),
    PASSWORD: oneOf('x', ''),
    key: oneOf('-----BEGIN RSA PRIVATE KEY-----', 'AKIAIOSFODNN7EXAMPLE', 'plain'),
  },
  1,
);
const configMap = texts.map((data) => of('v1', 'ConfigMap', {}, { data }));
const secret = some({ stringData: texts, type: oneOf('Opaque') }, 1).map((body) => of('v1', 'Secret', {}, body));
const budget = some({ minAvailable: oneOf(1, '50%'), maxUnavailable: oneOf(0, 1, '0%', '10%') }, 1)
  .filter((spec) => Object.keys(spec).length < 2)
  .map((spec) => of('policy/v1', 'PodDisruptionBudget', {}, { spec: { ...spec, selector } }));
const account = some({ automountServiceAccountToken: bool }, 1).map((body) => of('v1', 'ServiceAccount', {}, body));

function of(apiVersion: string, kind: string, metadata: Data, body: Data): Manifest {
  return { apiVersion, kind, metadata: { ...metadata, namespace: 'pr-shop-7' }, ...body };
}

const metadata = some(
  {
    finalizers: list(oneOf('foregroundDeletion', 'example.com/hold')),
    annotations: oneOf(
      { 'argocd.argoproj.io/hook': 'Sync' },
      { 'argocd.argoproj.io/tracking-id': 'x' },
      { 'external-dns.alpha.kubernetes.io/hostname': 'x' },
      { 'app.kubernetes.io/name': 'x' },
    ),
    labels: oneOf(
      { 'greenroom.dev/preview': 'pr-shop-8' },
      { 'greenroom.dev/preview': 'pr-shop-7' },
      { a: 'b' },
      { 'app.kubernetes.io/instance': 'x' },
    ),
  },
  8,
);

/** An object in the namespace `pr-shop-7`, without a name. */
export const objects: fc.Arbitrary<Manifest> = fc
  .tuple(
    fc.oneof(
      { weight: 8, arbitrary: workload },
      { weight: 2, arbitrary: service },
      { weight: 2, arbitrary: ingress },
      { weight: 1, arbitrary: configMap },
      { weight: 1, arbitrary: secret },
      { weight: 1, arbitrary: account },
      { weight: 1, arbitrary: budget },
    ),
    metadata,
  )
  .map(([object, more]) => ({ ...object, metadata: { ...object.metadata, ...more } }));

import { isRecord } from '../core/json.ts';
import { formatPath } from './paths.ts';

/** The types of the fields that rules read, as in Kubernetes. Fields that are not listed can have any type. */
type Shape = 'text' | 'number' | 'flag' | 'amount' | 'any' | ListShape | MapShape | FieldsShape;
interface ListShape {
  readonly list: Shape;
}
/** Any keys. */
interface MapShape {
  readonly map: Shape;
}
interface FieldsShape {
  readonly fields: Readonly<Record<string, Shape>>;
}

/** A field with another type than in Kubernetes. */
export interface WrongType {
  readonly field: string;
  /** What it must be, e.g. `a list`. */
  readonly wanted: string;
}

const list = (of: Shape): ListShape => ({ list: of });
const map = (of: Shape): MapShape => ({ map: of });
const fields = (of: Readonly<Record<string, Shape>>): FieldsShape => ({ fields: of });

const METADATA = fields({
  name: 'text',
  namespace: 'text',
  labels: map('text'),
  annotations: map('text'),
  finalizers: list('text'),
  ownerReferences: list(fields({})),
});

const HANDLER = fields({
  httpGet: fields({ host: 'text', path: 'text', httpHeaders: list(fields({ name: 'text', value: 'text' })) }),
  tcpSocket: fields({ host: 'text' }),
  exec: fields({ command: list('text') }),
  sleep: fields({ seconds: 'number' }),
  terminationGracePeriodSeconds: 'number',
});
const TYPED = fields({ type: 'text' });

/** Fields that pods and containers have in common. */
const SECURITY = {
  runAsNonRoot: 'flag',
  runAsUser: 'number',
  seccompProfile: TYPED,
  appArmorProfile: TYPED,
  seLinuxOptions: fields({ type: 'text', user: 'text', role: 'text' }),
  windowsOptions: fields({ hostProcess: 'flag' }),
} as const;

const RESOURCES = fields({ limits: map('amount'), requests: map('amount') });

const CONTAINER = fields({
  image: 'text',
  command: list('text'),
  args: list('text'),
  env: list(fields({ name: 'text', value: 'text' })),
  ports: list(fields({ containerPort: 'number', hostPort: 'number' })),
  resources: RESOURCES,
  livenessProbe: HANDLER,
  readinessProbe: HANDLER,
  startupProbe: HANDLER,
  lifecycle: fields({ postStart: HANDLER, preStop: HANDLER }),
  securityContext: fields({
    ...SECURITY,
    privileged: 'flag',
    allowPrivilegeEscalation: 'flag',
    procMount: 'text',
    capabilities: fields({ add: list('text'), drop: list('text') }),
  }),
});

const POD_AFFINITY = fields({
  requiredDuringSchedulingIgnoredDuringExecution: list(fields({ namespaces: list('text') })),
  preferredDuringSchedulingIgnoredDuringExecution: list(
    fields({ podAffinityTerm: fields({ namespaces: list('text') }) }),
  ),
});
const NODE_TERM = fields({
  matchExpressions: list(fields({ key: 'text', operator: 'text', values: list('text') })),
  matchFields: list('any'),
});
const AFFINITY = fields({
  nodeAffinity: fields({
    requiredDuringSchedulingIgnoredDuringExecution: fields({ nodeSelectorTerms: list(NODE_TERM) }),
    preferredDuringSchedulingIgnoredDuringExecution: list(fields({ preference: NODE_TERM })),
  }),
  podAffinity: POD_AFFINITY,
  podAntiAffinity: POD_AFFINITY,
});

const POD_SPEC: Readonly<Record<string, Shape>> = {
  containers: list(CONTAINER),
  initContainers: list(CONTAINER),
  ephemeralContainers: list(CONTAINER),
  volumes: list(
    fields({
      image: fields({ reference: 'text' }),
      projected: fields({ sources: list(fields({})) }),
      csi: fields({ driver: 'text' }),
      ephemeral: fields({ volumeClaimTemplate: fields({ metadata: METADATA, spec: fields({}) }) }),
      persistentVolumeClaim: fields({ claimName: 'text' }),
      emptyDir: fields({ medium: 'text', sizeLimit: 'amount' }),
      hostPath: fields({}),
    }),
  ),
  hostNetwork: 'flag',
  hostPID: 'flag',
  hostIPC: 'flag',
  hostUsers: 'flag',
  automountServiceAccountToken: 'flag',
  serviceAccountName: 'text',
  serviceAccount: 'text',
  priorityClassName: 'text',
  priority: 'number',
  preemptionPolicy: 'text',
  nodeName: 'text',
  nodeSelector: map('text'),
  schedulerName: 'text',
  runtimeClassName: 'text',
  tolerations: list(fields({ key: 'text' })),
  affinity: AFFINITY,
  terminationGracePeriodSeconds: 'number',
  dnsPolicy: 'text',
  dnsConfig: fields({ nameservers: list('text') }),
  hostAliases: list('any'),
  resourceClaims: list('any'),
  os: fields({ name: 'text' }),
  resources: RESOURCES,
  securityContext: fields({ ...SECURITY, sysctls: list(fields({ name: 'text' })) }),
};

const TEMPLATE = fields({ metadata: METADATA, spec: fields(POD_SPEC) });

const HEADERS = list(fields({ name: 'text' }));
const FILTER = fields({
  type: 'text',
  requestHeaderModifier: fields({ set: HEADERS, add: HEADERS, remove: list('text') }),
});

const SOURCE = fields({
  repoURL: 'text',
  targetRevision: 'text',
  path: 'text',
  directory: fields({ include: 'text', exclude: 'text', jsonnet: fields({}) }),
});

/**
 * The specs of Services, Ingresses, routes, ExternalSecrets, Applications and Kustomizations together. Fields with the
 * same name have the same type in all of them.
 */
const SPEC = fields({
  ...POD_SPEC,
  template: TEMPLATE,
  jobTemplate: fields({ metadata: METADATA, spec: fields({ template: TEMPLATE }) }),
  type: 'text',
  ports: list(fields({ nodePort: 'number' })),
  externalIPs: list('text'),
  externalName: 'text',
  minAvailable: 'amount',
  maxUnavailable: 'amount',
  ingressClassName: 'text',
  parentRefs: list(fields({ kind: 'text', group: 'text', name: 'text', namespace: 'text', sectionName: 'text' })),
  volumeClaimTemplates: list(fields({ metadata: METADATA, spec: fields({}) })),
  encryptedData: map('text'),
  secretTemplate: METADATA,
  infrastructure: METADATA,
  hostnames: list('text'),
  tls: list(fields({ hosts: list('text') })),
  rules: list(
    fields({
      host: 'text',
      http: fields({ paths: list(fields({ path: 'text', pathType: 'text', backend: fields({}) })) }),
      matches: list(fields({ path: fields({ type: 'text', value: 'text' }) })),
      filters: list(FILTER),
      backendRefs: list(fields({ filters: list('any'), kind: 'text', group: 'text', name: 'text', namespace: 'text' })),
    }),
  ),
  secretStoreRef: fields({ kind: 'text', name: 'text' }),
  target: fields({ template: fields({ metadata: METADATA }), creationPolicy: 'text' }),
  dataFrom: list('any'),
  data: list(fields({ remoteRef: fields({ key: 'text' }) })),
  project: 'text',
  syncPolicy: fields({ syncOptions: list('text') }),
  path: 'text',
  targetNamespace: 'text',
  serviceAccountName: 'text',
  source: SOURCE,
  sources: list(SOURCE),
  destination: fields({ server: 'text', name: 'text', namespace: 'text' }),
  sourceRef: fields({ kind: 'text', name: 'text', namespace: 'text' }),
});

const OPERATION = fields({
  initiatedBy: fields({ automated: 'flag' }),
  sync: fields({ revision: 'text', source: SOURCE, syncOptions: list('text') }),
});

const RECIPIENT = list(
  fields({
    recipient: 'text',
    fp: 'text',
    arn: 'text',
    resource_id: 'text',
    vault_url: 'text',
    name: 'text',
    version: 'text',
    vault_address: 'text',
    engine_path: 'text',
    key_name: 'text',
  }),
);
const GROUP = {
  age: RECIPIENT,
  pgp: RECIPIENT,
  kms: RECIPIENT,
  gcp_kms: RECIPIENT,
  azure_kv: RECIPIENT,
  hc_vault: RECIPIENT,
} as const;
/** What sops adds to a Secret. */
const SOPS = fields({ ...GROUP, key_groups: list(fields(GROUP)), mac: 'text', mac_only_encrypted: 'flag' });

const OBJECT = fields({
  sops: SOPS,
  metadata: METADATA,
  spec: SPEC,
  template: TEMPLATE,
  type: 'text',
  operation: OPERATION,
});
const STRINGS = map('text');

/** The first field of an object with another type than in Kubernetes. */
export function wrongType(object: unknown): WrongType | undefined {
  if (!isRecord(object) || !isRecord(object['metadata'])) return { field: 'metadata', wanted: NOUNS.map };
  return (
    findIn(object, OBJECT, []) ??
    (object['kind'] === 'ConfigMap' || object['kind'] === 'Secret'
      ? first(['data', 'stringData', 'binaryData'], (key) => findIn(object[key], STRINGS, [key]))
      : undefined)
  );
}

const NOUNS = {
  text: 'a text (put it in quotes)',
  number: 'a number',
  flag: 'true or false',
  amount: 'an amount such as 500m or 256Mi',
  list: 'a list',
  map: 'a group of settings',
};

function findIn(value: unknown, shape: Shape, path: readonly (string | number)[]): WrongType | undefined {
  if (shape === 'any' || value === undefined) return undefined;
  if (typeof shape === 'string') return isPlain(value, shape) ? undefined : wrong(path, NOUNS[shape]);
  if ('list' in shape) {
    if (!Array.isArray(value)) return wrong(path, NOUNS.list);
    return first(value.keys(), (i) =>
      value[i] === null ? wrong([...path, i], NOUNS.map) : findIn(value[i], shape.list, [...path, i]),
    );
  }
  if (!isRecord(value)) return wrong(path, NOUNS.map);
  const keys = 'map' in shape ? Object.keys(value) : Object.keys(shape.fields);
  return first(keys, (key) =>
    Object.hasOwn(value, key)
      ? findIn(value[key], 'map' in shape ? shape.map : (shape.fields[key] as Shape), [...path, key])
      : undefined,
  );
}

function isPlain(value: unknown, shape: 'text' | 'number' | 'flag' | 'amount'): boolean {
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  if (shape === 'flag') return typeof value === 'boolean';
  if (shape === 'number') return isNumber;
  return typeof value === 'string' || (shape === 'amount' && isNumber);
}

function wrong(path: readonly (string | number)[], wanted: string): WrongType {
  return { field: formatPath(path), wanted };
}

function first<T>(items: Iterable<T>, find: (item: T) => WrongType | undefined): WrongType | undefined {
  for (const item of items) {
    const found = find(item);
    if (found) return found;
  }
  return undefined;
}

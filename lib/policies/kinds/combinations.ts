import { isRecord, type JsonRecord, valueAt } from '../../core/json.ts';
import type { Path, ServerProblem } from '../problem.ts';

/** Types that need exactly one of these fields. */
const ONE_OF: Readonly<Record<string, readonly string[]>> = {
  DownwardAPIVolumeFile: ['fieldRef', 'resourceFieldRef'],
  EnvFromSource: ['configMapRef', 'secretRef'],
  EnvVarSource: ['configMapKeyRef', 'fieldRef', 'fileKeyRef', 'resourceFieldRef', 'secretKeyRef'],
  IngressBackend: ['resource', 'service'],
  LifecycleHandler: ['exec', 'httpGet', 'sleep', 'tcpSocket'],
  PodFailurePolicyRule: ['onExitCodes', 'onPodConditions'],
  Probe: ['exec', 'grpc', 'httpGet', 'tcpSocket'],
  ServiceBackendPort: ['name', 'number'],
  VolumeProjection: [
    ...['clusterTrustBundle', 'configMap', 'downwardAPI', 'podCertificate', 'secret', 'serviceAccountToken'],
  ],
};

/** Fields that the API server wants although its description says that they are optional; a list needs an item. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  ConfigMapEnvSource: ['name'],
  ConfigMapKeySelector: ['name'],
  ConfigMapProjection: ['name'],
  ConfigMapVolumeSource: ['name'],
  CrossVersionObjectReference: ['apiVersion'],
  ExecAction: ['command'],
  HTTPIngressRuleValue: ['paths'],
  IngressServiceBackend: ['port'],
  JobSpec: ['template'],
  PersistentVolumeClaim: ['metadata', 'spec'],
  PersistentVolumeClaimSpec: ['accessModes', 'resources'],
  PodDNSConfigOption: ['name'],
  PodFailurePolicyOnExitCodesRequirement: ['values'],
  SecretEnvSource: ['name'],
  SecretKeySelector: ['name'],
  SecretProjection: ['name'],
  SecretVolumeSource: ['secretName'],
  VolumeResourceRequirements: ['requests'],
  'apps/v1 DaemonSet': ['spec'],
  'apps/v1 Deployment': ['spec'],
  'apps/v1 ReplicaSet': ['spec'],
  'apps/v1 StatefulSet': ['spec'],
  'batch/v1 Job': ['spec'],
  'networking.k8s.io/v1 Ingress': ['spec'],
  'v1 PersistentVolumeClaim': ['spec'],
  'v1 Pod': ['spec'],
  'v1 Service': ['spec'],
};

const BY_CLUSTER = 'is written by the cluster, as in an export of kubectl get';
const NEWER = 'is not served by every cluster yet';
const BY_OTHERS = 'waits for a controller that previews do not have, so the pod would never start';

/** Fields that makers have no reason to set, and whose outcome nobody knows before the cluster sees them. */
const UNSET: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Container: { restartPolicyRules: NEWER },
  EnvVarSource: { fileKeyRef: NEWER },
  JobSpec: {
    managedBy: 'hands the job to a controller that previews do not have',
    manualSelector: 'makes a job own pods of others',
    selector: BY_CLUSTER,
  },
  Lifecycle: { stopSignal: NEWER },
  ObjectMeta: {
    deletionGracePeriodSeconds: BY_CLUSTER,
    deletionTimestamp: BY_CLUSTER,
    generateName: 'makes another object at each sync; objects in Git have a name',
    generation: BY_CLUSTER,
    resourceVersion: BY_CLUSTER,
    selfLink: BY_CLUSTER,
    uid: BY_CLUSTER,
  },
  PodSecurityContext: { seLinuxChangePolicy: NEWER },
  PodSpec: {
    hostnameOverride: NEWER,
    overhead: BY_CLUSTER,
    readinessGates: BY_OTHERS,
    schedulingGates: BY_OTHERS,
    schedulingGroup: NEWER,
  },
  ServiceSpec: {
    ipFamilies: "depends on the cluster's network, which fills it in",
  },
  VolumeProjection: { clusterTrustBundle: NEWER, podCertificate: NEWER },
};

/** Lists whose items must differ in these fields. */
const UNIQUE: Readonly<Record<string, readonly string[]>> = {
  'Container.ports': ['name'],
  'Container.resizePolicy': ['resourceName'],
  'PodSecurityContext.sysctls': ['name'],
  'PodSpec.topologySpreadConstraints': ['topologyKey', 'whenUnsatisfiable'],
  'StatefulSetSpec.volumeClaimTemplates': ['metadata.name'],
};

const isMissing = (value: unknown): boolean => value === undefined || value === null;
const isLacking = (value: unknown): boolean =>
  isMissing(value) || value === '' || (Array.isArray(value) && value.length === 0);

/** Fields that must not be missing. */
export function neededBy(type: string): readonly string[] {
  return Object.hasOwn(NEEDED, type) ? NEEDED[type]! : [];
}

/** Problems of the fields of one map with each other. */
export function combinationProblems(type: string, value: JsonRecord, path: Path): ServerProblem[] {
  const unset = Object.hasOwn(UNSET, type) ? UNSET[type]! : {};
  const needed = neededBy(type).filter((field) => isLacking(value[field]));
  const removed = Object.keys(unset).filter((field) => !isMissing(value[field]));
  if (removed.length > 0) {
    return removed.map((field) => ({ path: [...path, field], message: `${unset[field]}: remove it` }));
  }
  return [
    ...needed.map((field) => ({ path, message: `needs ${field}, which is missing or empty` })),
    ...choiceProblems(type, value, path),
    ...Object.keys(value).flatMap((field) => repeated(`${type}.${field}`, value[field], [...path, field])),
  ];
}

function choiceProblems(type: string, value: JsonRecord, path: Path): ServerProblem[] {
  if (!Object.hasOwn(ONE_OF, type)) return [];
  const choices = ONE_OF[type]!;
  const chosen = choices.filter((choice) => !isLacking(value[choice]));
  if (chosen.length === 1) return [];
  const found = chosen.length === 0 ? 'none' : chosen.join(' and ');
  return [{ path, message: `must contain one of ${choices.join(', ')}; found ${found}` }];
}

function repeated(name: string, list: unknown, path: Path): ServerProblem[] {
  if (!Object.hasOwn(UNIQUE, name) || !Array.isArray(list)) return [];
  const seen = new Set<string>();
  return list.flatMap((item: unknown, i): ServerProblem[] => {
    const values = UNIQUE[name]!.map((field) => valueAt(item, field.split('.')));
    if (!isRecord(item) || values.some(isMissing)) return [];
    const key = JSON.stringify(values);
    const isTwice = seen.has(key);
    seen.add(key);
    return isTwice ? [{ path: [...path, i], message: `repeats ${values.join(' and ')} of an item before it` }] : [];
  });
}

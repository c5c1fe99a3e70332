import { isRecord, type JsonRecord } from '../../core/json.ts';
import { Quantity } from '../quantity.ts';

/** Allowed values of a field, beyond its type. The message lists them. */
export type Test = readonly [allowed: string, fits: (value: unknown) => boolean];

const oneOf = (...values: readonly string[]): Test => [
  `one of ${values.join(', ')}`,
  (value) => values.includes(String(value)),
];
const between = (low: number, high: number): Test => [
  high === Number.POSITIVE_INFINITY ? `at least ${low}` : `from ${low} to ${high}`,
  (value) => typeof value !== 'number' || (value >= low && value <= high),
];
export const like = (allowed: string, pattern: RegExp): Test => [allowed, (value) => pattern.test(String(value))];

const LABEL = like(
  'at most 63 lower-case letters, digits and dashes, with a letter or digit at both ends',
  /^(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
);
const PORT = between(1, 65535);
const PORT_NAME = like(
  'at most 15 lower-case letters, digits and single dashes, with a letter among them',
  /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/,
);
const PORT_OR_NAME: Test = [
  'a port from 1 to 65535 or the name of one',
  (value) => (typeof value === 'number' ? value >= 1 && value <= 65535 : PORT_NAME[1](value)),
];
const MODE = between(0, 511);
const RELATIVE = like('a path without .. that begins with no slash', /^(?!\/)(?!(.*\/)?\.\.(\/|$)).*$/);
const AMOUNT: Test = ['an amount such as 500m or 256Mi', (value) => Quantity.parse(String(value)) !== undefined];
const COUNT_OR_SHARE: Test = [
  'a number from 0 or a share such as 25%',
  (value) => (typeof value === 'number' ? value >= 0 : /^[0-9]+%$/.test(String(value))),
];
const PROTOCOL = oneOf('TCP', 'UDP', 'SCTP');
const COUNT = between(0, Number.POSITIVE_INFINITY);
const FROM_ONE = between(1, Number.POSITIVE_INFINITY);
const SCHEDULE = like(
  'a cron schedule of five parts, such as */5 * * * *',
  /^(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|@every \S+|[0-9*/,?A-Za-z-]+( +[0-9*/,?A-Za-z-]+){4})$/,
);

/** Source: Kubernetes, pkg/apis/{core,apps,batch,autoscaling,networking}/validation */
const TESTS: Readonly<Record<string, Test>> = {
  'Container.name': LABEL,
  'ConfigMapVolumeSource.defaultMode': MODE,
  'Container.terminationMessagePolicy': oneOf('FallbackToLogsOnError', 'File'),
  'Container.imagePullPolicy': oneOf('Always', 'IfNotPresent', 'Never'),
  'ContainerPort.containerPort': PORT,
  'ContainerPort.name': PORT_NAME,
  'ContainerPort.protocol': PROTOCOL,
  'CronJobSpec.concurrencyPolicy': oneOf('Allow', 'Forbid', 'Replace'),
  'CronJobSpec.failedJobsHistoryLimit': COUNT,
  'CronJobSpec.schedule': SCHEDULE,
  'CronJobSpec.startingDeadlineSeconds': COUNT,
  'CronJobSpec.successfulJobsHistoryLimit': COUNT,
  'DeploymentSpec.minReadySeconds': COUNT,
  'DeploymentSpec.progressDeadlineSeconds': COUNT,
  'DeploymentSpec.revisionHistoryLimit': COUNT,
  'DeploymentSpec.replicas': COUNT,
  'DeploymentStrategy.type': oneOf('Recreate', 'RollingUpdate'),
  'EmptyDirVolumeSource.sizeLimit': AMOUNT,
  'EnvVar.name': like('a name without =', /^[^=]+$/),
  'GRPCAction.port': PORT,
  'HTTPGetAction.port': PORT_OR_NAME,
  'HTTPGetAction.scheme': oneOf('HTTP', 'HTTPS'),
  'HTTPIngressPath.path': like('a path that begins with a slash', /^(\/.*)?$/),
  'HTTPIngressPath.pathType': oneOf('Exact', 'Prefix', 'ImplementationSpecific'),
  'HorizontalPodAutoscalerSpec.maxReplicas': FROM_ONE,
  'HorizontalPodAutoscalerSpec.minReplicas': FROM_ONE,
  'IngressRule.host': like('a lower-case host without a port', /^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/),
  'JobSpec.activeDeadlineSeconds': COUNT,
  'JobSpec.backoffLimit': COUNT,
  'JobSpec.completionMode': oneOf('Indexed', 'NonIndexed'),
  'JobSpec.completions': COUNT,
  'JobSpec.parallelism': COUNT,
  'JobSpec.ttlSecondsAfterFinished': COUNT,
  'KeyToPath.mode': MODE,
  'KeyToPath.path': RELATIVE,
  'LabelSelectorRequirement.operator': oneOf('DoesNotExist', 'Exists', 'In', 'NotIn'),
  'PodDisruptionBudgetSpec.maxUnavailable': COUNT_OR_SHARE,
  'PodDisruptionBudgetSpec.minAvailable': COUNT_OR_SHARE,
  'PodSecurityContext.fsGroup': COUNT,
  'PodSecurityContext.fsGroupChangePolicy': oneOf('Always', 'OnRootMismatch'),
  'PodSecurityContext.runAsGroup': COUNT,
  'PodSecurityContext.runAsUser': COUNT,
  'PodSpec.activeDeadlineSeconds': FROM_ONE,
  'PodSpec.dnsPolicy': oneOf('ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'),
  'PodSpec.hostname': LABEL,
  'PodSpec.subdomain': LABEL,
  'PodSpec.restartPolicy': oneOf('Always', 'OnFailure', 'Never'),
  'PodSpec.terminationGracePeriodSeconds': COUNT,
  'Probe.periodSeconds': COUNT,
  'Probe.timeoutSeconds': COUNT,
  'Probe.initialDelaySeconds': COUNT,
  'Probe.failureThreshold': COUNT,
  'Probe.successThreshold': COUNT,
  'ProjectedVolumeSource.defaultMode': MODE,
  'RollingUpdateDeployment.maxSurge': COUNT_OR_SHARE,
  'RollingUpdateDeployment.maxUnavailable': COUNT_OR_SHARE,
  'SecretVolumeSource.defaultMode': MODE,
  'SecurityContext.runAsGroup': COUNT,
  'SecurityContext.runAsUser': COUNT,
  'ServicePort.name': LABEL,
  'ServicePort.port': PORT,
  'ServicePort.protocol': PROTOCOL,
  'ServicePort.targetPort': PORT_OR_NAME,
  'ServiceSpec.externalTrafficPolicy': oneOf('Cluster', 'Local'),
  'ServiceSpec.internalTrafficPolicy': oneOf('Cluster', 'Local'),
  'ServiceSpec.ipFamilyPolicy': oneOf('PreferDualStack', 'RequireDualStack', 'SingleStack'),
  'ServiceSpec.sessionAffinity': oneOf('None', 'ClientIP'),
  'ServiceSpec.type': oneOf('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'),
  'StatefulSetSpec.podManagementPolicy': oneOf('OrderedReady', 'Parallel'),
  'StatefulSetSpec.replicas': COUNT,
  'StatefulSetUpdateStrategy.type': oneOf('RollingUpdate', 'OnDelete'),
  'TCPSocketAction.port': PORT_OR_NAME,
  'TopologySpreadConstraint.maxSkew': FROM_ONE,
  'TopologySpreadConstraint.minDomains': FROM_ONE,
  'TopologySpreadConstraint.whenUnsatisfiable': oneOf('DoNotSchedule', 'ScheduleAnyway'),
  'Volume.name': LABEL,
  'VolumeMount.mountPropagation': oneOf('Bidirectional', 'HostToContainer', 'None'),
  'VolumeMount.subPath': RELATIVE,
  'VolumeMount.mountPath': like('a path without a colon', /^[^:]+$/),
};

/** Types that need exactly one of these fields. */
const ONE_OF: Readonly<Record<string, readonly string[]>> = {
  'EnvVar.valueFrom': ['configMapKeyRef', 'fieldRef', 'fileKeyRef', 'resourceFieldRef', 'secretKeyRef'],
  'Container.livenessProbe': ['exec', 'grpc', 'httpGet', 'tcpSocket'],
  'Container.readinessProbe': ['exec', 'grpc', 'httpGet', 'tcpSocket'],
  'Container.startupProbe': ['exec', 'grpc', 'httpGet', 'tcpSocket'],
  'HTTPIngressPath.backend': ['resource', 'service'],
  'IngressSpec.defaultBackend': ['resource', 'service'],
  'Lifecycle.postStart': ['exec', 'httpGet', 'sleep', 'tcpSocket'],
  'Lifecycle.preStop': ['exec', 'httpGet', 'sleep', 'tcpSocket'],
};

/** Why the API server refuses a value of the right type; undefined if it does not. */
export function valueProblem(type: string, field: string, value: unknown): string | undefined {
  const name = `${type}.${field}`;
  const test = Object.hasOwn(TESTS, name) ? TESTS[name] : undefined;
  if (test !== undefined && !test[1](value)) return `must be ${test[0]}; found ${String(value)}`;
  const choices = Object.hasOwn(ONE_OF, name) && isRecord(value) ? ONE_OF[name]! : undefined;
  if (choices === undefined) return type === 'ObjectMeta' && isRecord(value) ? keysProblem(field, value) : undefined;
  const chosen = choices.filter((choice) => isRecord(value) && (value[choice] ?? null) !== null);
  const found = chosen.length === 0 ? 'none' : chosen.join(' and ');
  return chosen.length === 1 ? undefined : `must hold one of ${choices.join(', ')}; found ${found}`;
}

const KEY = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

function keysProblem(field: string, map: JsonRecord): string | undefined {
  if (field !== 'labels' && field !== 'annotations') return undefined;
  // Prefixes in upper case are left to the rule allowed-keys.
  const key = Object.keys(map).find((name) => !KEY.test(name.toLowerCase()));
  if (key !== undefined) return `holds the key ${key}, which Kubernetes takes for no name: use letters, digits, - _ .`;
  if (field === 'annotations') return undefined;
  const wrong = Object.entries(map).find(
    ([, value]) => !String(value).includes('${') && !LABEL_VALUE.test(String(value)),
  );
  if (wrong === undefined) return undefined;
  return `holds ${wrong[0]}: ${String(wrong[1])}; a label is at most 63 letters, digits, - _ . with a letter or digit at both ends`;
}

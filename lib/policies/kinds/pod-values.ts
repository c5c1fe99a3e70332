import { isRecord } from '../../core/json.ts';
import {
  AMOUNT,
  between,
  COUNT,
  DATA_KEY,
  FILLED,
  FROM_ONE,
  ID,
  LABEL,
  like,
  MODE,
  NAME,
  oneOf,
  orEmpty,
  PORT,
  PORT_NAME,
  PORT_OR_NAME,
  PROTOCOL,
  QUALIFIED,
  RELATIVE,
  type Test,
  VARIABLE,
} from './tests.ts';

const OWN_FIELDS = ['metadata.name', 'metadata.namespace', 'metadata.uid', 'metadata.labels', 'metadata.annotations'];
const SUBSCRIPT = /^metadata\.(labels|annotations)\['[^']+'\]$/;
const POD_FIELDS = ['spec.nodeName', 'spec.serviceAccountName', 'status.hostIP', 'status.hostIPs', 'status.podIP'];

/** A reference to a field of the pod. */
const fieldOf = (allowed: string, paths: readonly string[]): Test => [
  `{ fieldPath: PATH } with ${allowed}`,
  (value) =>
    !isRecord(value) ||
    (['', 'v1'].includes(String(value['apiVersion'] ?? '')) &&
      (paths.includes(String(value['fieldPath'])) || SUBSCRIPT.test(String(value['fieldPath'])))),
];

const AMOUNTS: readonly (readonly [names: RegExp, divisors: RegExp])[] = [
  [/^(limits|requests)\.cpu$/, /^(1|1m|0)$/],
  [/^(limits|requests)\.(memory|ephemeral-storage|hugepages-.+)$/, /^(0|1([kMGTPE]|[KMGTPE]i)?)$/],
];
const RESOURCE: Test = [
  'a limit or request (limits.cpu, requests.memory ...) with a divisor of that unit, such as 1m or 1Mi',
  (value) =>
    !isRecord(value) ||
    AMOUNTS.some(
      ([names, divisors]) => names.test(String(value['resource'])) && divisors.test(String(value['divisor'] ?? '0')),
    ),
];

const PROBE = {
  'Probe.failureThreshold': COUNT,
  'Probe.initialDelaySeconds': COUNT,
  'Probe.periodSeconds': COUNT,
  'Probe.successThreshold': COUNT,
  'Probe.terminationGracePeriodSeconds': FROM_ONE,
  'Probe.timeoutSeconds': COUNT,
  'GRPCAction.port': PORT,
  'HTTPGetAction.port': PORT_OR_NAME,
  'HTTPGetAction.scheme': orEmpty(oneOf('HTTP', 'HTTPS')),
  'HTTPHeader.name': like('the name of a header, such as X-Forwarded-For', /^[-A-Za-z0-9]+$/),
  'SleepAction.seconds': COUNT,
  'TCPSocketAction.port': PORT_OR_NAME,
};

const VOLUMES = {
  'ConfigMapProjection.name': NAME,
  'ConfigMapVolumeSource.defaultMode': MODE,
  'ConfigMapVolumeSource.name': NAME,
  'DownwardAPIVolumeFile.fieldRef': fieldOf(`${OWN_FIELDS.join(', ')} or one label or annotation`, OWN_FIELDS),
  'DownwardAPIVolumeFile.mode': MODE,
  'DownwardAPIVolumeFile.path': RELATIVE,
  'DownwardAPIVolumeFile.resourceFieldRef': RESOURCE,
  'DownwardAPIVolumeSource.defaultMode': MODE,
  'EmptyDirVolumeSource.medium': like('empty or Memory', /^(|Memory|HugePages(-\d+[KMG]i)?)$/),
  'EmptyDirVolumeSource.sizeLimit': AMOUNT,
  'ImageVolumeSource.pullPolicy': orEmpty(oneOf('Always', 'IfNotPresent', 'Never')),
  'KeyToPath.key': FILLED,
  'KeyToPath.mode': MODE,
  'KeyToPath.path': RELATIVE,
  'PersistentVolumeClaimVolumeSource.claimName': FILLED,
  'ProjectedVolumeSource.defaultMode': MODE,
  'SecretProjection.name': NAME,
  'SecretVolumeSource.defaultMode': MODE,
  'SecretVolumeSource.secretName': NAME,
  'ServiceAccountTokenProjection.expirationSeconds': between(600, 2 ** 32),
  'ServiceAccountTokenProjection.path': RELATIVE,
  'Volume.name': LABEL,
  'VolumeDevice.devicePath': like('an absolute path without ..', /^(?!(.*\/)?\.\.(\/|$)).+$/s),
  'VolumeMount.mountPath': like('a path without a colon', /^[^:]+$/),
  'VolumeMount.mountPropagation': oneOf('Bidirectional', 'HostToContainer', 'None'),
  'VolumeMount.recursiveReadOnly': oneOf('Disabled', 'Enabled', 'IfPossible'),
  'VolumeMount.subPath': orEmpty(RELATIVE),
  'VolumeMount.subPathExpr': orEmpty(RELATIVE),
};

const CONTAINERS = {
  'ConfigMapEnvSource.name': NAME,
  'ConfigMapKeySelector.key': DATA_KEY,
  'ConfigMapKeySelector.name': NAME,
  'Container.imagePullPolicy': orEmpty(oneOf('Always', 'IfNotPresent', 'Never')),
  'Container.name': LABEL,
  'Container.restartPolicy': oneOf('Always', 'Never', 'OnFailure'),
  'Container.terminationMessagePolicy': orEmpty(oneOf('FallbackToLogsOnError', 'File')),
  'ContainerPort.containerPort': PORT,
  'ContainerPort.hostPort': between(0, 65535),
  'ContainerPort.name': orEmpty(PORT_NAME),
  'ContainerPort.protocol': orEmpty(PROTOCOL),
  'ContainerResizePolicy.resourceName': oneOf('cpu', 'memory'),
  'ContainerResizePolicy.restartPolicy': oneOf('NotRequired', 'RestartContainer'),
  'EnvFromSource.prefix': orEmpty(VARIABLE),
  'EnvVar.name': VARIABLE,
  'EnvVarSource.fieldRef': fieldOf(
    `metadata.name, metadata.namespace, metadata.uid, ${POD_FIELDS.join(', ')}, status.podIPs or one label or annotation`,
    [...OWN_FIELDS.slice(0, 3), ...POD_FIELDS, 'status.podIPs'],
  ),
  'EnvVarSource.resourceFieldRef': RESOURCE,
  'SecretEnvSource.name': NAME,
  'SecretKeySelector.key': DATA_KEY,
  'SecretKeySelector.name': NAME,
  'SecurityContext.runAsGroup': ID,
  'SecurityContext.runAsUser': ID,
};

/**
 * Values of the fields of pods.
 *
 * Source: Kubernetes, pkg/apis/core/validation
 */
export const POD_VALUES: Readonly<Record<string, Test>> = {
  ...PROBE,
  ...VOLUMES,
  ...CONTAINERS,
  'HostAlias.ip': like('an IP address', /^[0-9a-fA-F.:]*[.:][0-9a-fA-F.:]+$/),
  'NodeSelectorRequirement.operator': oneOf('DoesNotExist', 'Exists', 'Gt', 'In', 'Lt', 'NotIn'),
  'PodAffinityTerm.topologyKey': QUALIFIED,
  'PodDNSConfigOption.name': FILLED,
  'PodOS.name': oneOf('linux', 'windows'),
  'PodSecurityContext.fsGroup': ID,
  'PodSecurityContext.fsGroupChangePolicy': oneOf('Always', 'OnRootMismatch'),
  'PodSecurityContext.runAsGroup': ID,
  'PodSecurityContext.runAsUser': ID,
  'PodSecurityContext.supplementalGroups': ID,
  'PodSecurityContext.supplementalGroupsPolicy': oneOf('Merge', 'Strict'),
  'PodSpec.activeDeadlineSeconds': between(1, 2_147_483_647),
  'PodSpec.dnsPolicy': orEmpty(oneOf('ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None')),
  'PodSpec.hostname': orEmpty(LABEL),
  'PodSpec.runtimeClassName': NAME,
  'PodSpec.restartPolicy': orEmpty(oneOf('Always', 'OnFailure', 'Never')),
  'PodSpec.subdomain': orEmpty(LABEL),
  'PodSpec.terminationGracePeriodSeconds': COUNT,
  'PreferredSchedulingTerm.weight': between(1, 100),
  'Toleration.effect': orEmpty(oneOf('NoExecute', 'NoSchedule', 'PreferNoSchedule')),
  'Toleration.operator': orEmpty(oneOf('Equal', 'Exists')),
  'TopologySpreadConstraint.maxSkew': FROM_ONE,
  'TopologySpreadConstraint.minDomains': FROM_ONE,
  'TopologySpreadConstraint.nodeAffinityPolicy': oneOf('Honor', 'Ignore'),
  'TopologySpreadConstraint.nodeTaintsPolicy': oneOf('Honor', 'Ignore'),
  'TopologySpreadConstraint.topologyKey': QUALIFIED,
  'TopologySpreadConstraint.whenUnsatisfiable': oneOf('DoNotSchedule', 'ScheduleAnyway'),
  'WeightedPodAffinityTerm.weight': between(1, 100),
};

import { isRecord, type JsonRecord } from '../../core/json.ts';
import { isSchedule } from './cron.ts';
import { POD_VALUES } from './pod-values.ts';
import {
  between,
  COUNT,
  COUNT_OR_SHARE,
  FILLED,
  FROM_ONE,
  LABEL,
  like,
  NAME,
  NO_LESS,
  oneOf,
  orEmpty,
  PORT,
  PORT_NAME,
  PORT_OR_NAME,
  PROTOCOL,
  QUALIFIED,
  SOME,
  type Test,
} from './tests.ts';

/** Source: Kubernetes, pkg/apis/{core,apps,batch,autoscaling,networking}/validation */
const VALUES: Readonly<Record<string, Test>> = {
  ...POD_VALUES,
  'ClientIPConfig.timeoutSeconds': between(1, 86_400),
  'CronJobSpec.concurrencyPolicy': orEmpty(oneOf('Allow', 'Forbid', 'Replace')),
  'CronJobSpec.failedJobsHistoryLimit': COUNT,
  'CronJobSpec.schedule': ['a cron schedule of five parts, such as */5 * * * *', (value) => isSchedule(String(value))],
  'CronJobSpec.startingDeadlineSeconds': COUNT,
  'CronJobSpec.successfulJobsHistoryLimit': COUNT,
  'CronJobSpec.timeZone': ['a time zone such as Europe/Berlin or Etc/UTC', (value) => isTimeZone(String(value))],
  'CrossVersionObjectReference.apiVersion': like('a version with its group, such as apps/v1', /^[^/]+\/[^/]+$/),
  'CrossVersionObjectReference.kind': like('a kind, such as Deployment', /^[^/%]+$/),
  'CrossVersionObjectReference.name': like('the name of an object', /^(?!\.\.?$)[^/%]+$/),
  'DeploymentSpec.minReadySeconds': COUNT,
  'DeploymentSpec.progressDeadlineSeconds': COUNT,
  'DeploymentSpec.replicas': COUNT,
  'DeploymentSpec.revisionHistoryLimit': COUNT,
  'DeploymentStrategy.type': orEmpty(oneOf('Recreate', 'RollingUpdate')),
  'HPAScalingPolicy.periodSeconds': between(1, 1800),
  'HPAScalingPolicy.type': oneOf('Pods', 'Percent'),
  'HPAScalingPolicy.value': FROM_ONE,
  'HPAScalingRules.selectPolicy': oneOf('Disabled', 'Max', 'Min'),
  'HPAScalingRules.stabilizationWindowSeconds': between(0, 3600),
  'HPAScalingRules.tolerance': NO_LESS,
  'HTTPIngressPath.path': like(
    'a path that begins with a slash, without //, /./, /../ and %2f',
    /^(|\/(?!(.*\/)?\.{0,2}\/)(?!(.*\/)?\.{1,2}$)(?!.*%2[fF]).*)$/s,
  ),
  'HTTPIngressPath.pathType': oneOf('Exact', 'Prefix', 'ImplementationSpecific'),
  'HorizontalPodAutoscalerSpec.maxReplicas': FROM_ONE,
  'HorizontalPodAutoscalerSpec.minReplicas': FROM_ONE,
  'IngressRule.host': orEmpty(like('a lower-case host without a port', /^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)),
  'IngressServiceBackend.name': LABEL,
  'IngressTLS.secretName': orEmpty(NAME),
  'JobSpec.activeDeadlineSeconds': COUNT,
  'JobSpec.backoffLimit': COUNT,
  'JobSpec.backoffLimitPerIndex': COUNT,
  'JobSpec.completionMode': oneOf('Indexed', 'NonIndexed'),
  'JobSpec.completions': COUNT,
  'JobSpec.maxFailedIndexes': COUNT,
  'JobSpec.parallelism': COUNT,
  'JobSpec.podReplacementPolicy': oneOf('Failed', 'TerminatingOrFailed'),
  'JobSpec.ttlSecondsAfterFinished': COUNT,
  'LabelSelectorRequirement.key': QUALIFIED,
  'LabelSelectorRequirement.operator': oneOf('DoesNotExist', 'Exists', 'In', 'NotIn'),
  'MetricIdentifier.name': FILLED,
  'MetricSpec.type': oneOf('ContainerResource', 'External', 'Object', 'Pods', 'Resource'),
  'MetricTarget.averageUtilization': FROM_ONE,
  'MetricTarget.averageValue': SOME,
  'MetricTarget.type': oneOf('AverageValue', 'Utilization', 'Value'),
  'MetricTarget.value': SOME,
  'PersistentVolumeClaimSpec.accessModes': oneOf('ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'),
  'PersistentVolumeClaimSpec.storageClassName': orEmpty(NAME),
  'PersistentVolumeClaimSpec.volumeAttributesClassName': orEmpty(NAME),
  'PersistentVolumeClaimSpec.volumeMode': oneOf('Block', 'Filesystem'),
  'PodDisruptionBudgetSpec.maxUnavailable': COUNT_OR_SHARE,
  'PodDisruptionBudgetSpec.minAvailable': COUNT_OR_SHARE,
  'PodDisruptionBudgetSpec.unhealthyPodEvictionPolicy': oneOf('AlwaysAllow', 'IfHealthyBudget'),
  'PodFailurePolicyOnExitCodesRequirement.operator': oneOf('In', 'NotIn'),
  'PodFailurePolicyOnPodConditionsPattern.status': oneOf('True', 'False', 'Unknown'),
  'PodFailurePolicyOnPodConditionsPattern.type': QUALIFIED,
  'PodFailurePolicyRule.action': oneOf('Count', 'FailIndex', 'FailJob', 'Ignore'),
  'ResourceMetricSource.name': FILLED,
  'RollingUpdateDeployment.maxSurge': COUNT_OR_SHARE,
  'RollingUpdateDeployment.maxUnavailable': COUNT_OR_SHARE,
  'RollingUpdateStatefulSetStrategy.partition': COUNT,
  'ServiceBackendPort.name': orEmpty(PORT_NAME),
  'ServiceBackendPort.number': PORT,
  'ServicePort.appProtocol': QUALIFIED,
  'ServicePort.name': orEmpty(LABEL),
  'ServicePort.port': PORT,
  'ServicePort.protocol': orEmpty(PROTOCOL),
  'ServicePort.targetPort': orEmpty(PORT_OR_NAME),
  'ServiceSpec.externalTrafficPolicy': orEmpty(oneOf('Cluster', 'Local')),
  'ServiceSpec.internalTrafficPolicy': oneOf('Cluster', 'Local'),
  'ServiceSpec.ipFamilyPolicy': oneOf('PreferDualStack', 'SingleStack'),
  'ServiceSpec.sessionAffinity': orEmpty(oneOf('None', 'ClientIP')),
  'ServiceSpec.trafficDistribution': oneOf('PreferClose', 'PreferSameNode', 'PreferSameZone'),
  'ServiceSpec.type': orEmpty(oneOf('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName')),
  'StatefulSetOrdinals.start': COUNT,
  'StatefulSetPersistentVolumeClaimRetentionPolicy.whenDeleted': orEmpty(oneOf('Delete', 'Retain')),
  'StatefulSetPersistentVolumeClaimRetentionPolicy.whenScaled': orEmpty(oneOf('Delete', 'Retain')),
  'StatefulSetSpec.minReadySeconds': COUNT,
  'StatefulSetSpec.podManagementPolicy': orEmpty(oneOf('OrderedReady', 'Parallel')),
  'StatefulSetSpec.replicas': COUNT,
  'StatefulSetSpec.revisionHistoryLimit': COUNT,
  'StatefulSetSpec.serviceName': orEmpty(LABEL),
  'StatefulSetUpdateStrategy.type': orEmpty(oneOf('RollingUpdate', 'OnDelete')),
  'VolumeResourceRequirements.limits': NO_LESS,
  'VolumeResourceRequirements.requests': SOME,
};

/** Maps of labels, besides annotations: their values are labels too. */
const LABELS = new Set([
  'LabelSelector.matchLabels',
  'ObjectMeta.labels',
  'PodSpec.nodeSelector',
  'ServiceSpec.selector',
]);

function isTimeZone(text: string): boolean {
  if (!/^[A-Z][A-Za-z0-9_+-]*(\/[A-Z][A-Za-z0-9_+-]*)*$/.test(text) || text === 'Local') return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }) !== undefined;
  } catch {
    return false;
  }
}

/** Why the API server refuses a value of the right type; undefined if it does not. */
export function valueProblem(type: string, field: string, value: unknown, fieldType: string): string | undefined {
  const name = `${type}.${field}`;
  if (LABELS.has(name) || name === 'ObjectMeta.annotations')
    return isRecord(value) ? keysProblem(name, value) : undefined;
  const test = Object.hasOwn(VALUES, name) ? VALUES[name] : undefined;
  if (test === undefined) return undefined;
  const wrong = partsOf(value, fieldType).find((part) => part !== null && !isOpen(part) && !test[1](part));
  return wrong === undefined ? undefined : `must be ${test[0]}; found ${shown(wrong)}`;
}

/** The final text is unknown while it contains placeholders. */
export const isOpen = (value: unknown): boolean => typeof value === 'string' && value.includes('${');

function partsOf(value: unknown, fieldType: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return fieldType.startsWith('{}') && isRecord(value) ? Object.values(value) : [value];
}

function shown(value: unknown): string {
  if (isRecord(value)) return JSON.stringify(value).slice(0, 80);
  return value === '' ? 'an empty text' : String(value).slice(0, 80);
}

const KEY = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

function keysProblem(name: string, map: JsonRecord): string | undefined {
  // Prefixes in upper case are left to the rule allowed-keys.
  const key = Object.keys(map).find((one) => !KEY.test(one.toLowerCase()));
  if (key !== undefined) {
    return `has the invalid key ${JSON.stringify(key.slice(0, 80))}; a key has at most 63 letters, digits, - _ . with a letter or digit at both ends`;
  }
  if (!LABELS.has(name)) return undefined;
  const wrong = Object.entries(map).find(([, value]) => !isOpen(value) && !LABEL_VALUE.test(String(value)));
  if (wrong === undefined) return undefined;
  return `contains ${wrong[0]}: ${String(wrong[1]).slice(0, 80)}; a label is at most 63 letters, digits, - _ . with a letter or digit at both ends`;
}

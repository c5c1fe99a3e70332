import { isRecord, type JsonRecord, valueAt } from '../../core/json.ts';
import type { Path, ServerProblem } from '../problem.ts';
import { LABEL } from './tests.ts';

/** Problems of the fields of one map with each other, by the map's type. */
type Relation = (value: JsonRecord, path: Path) => ServerProblem[];

const isBlank = (value: unknown): boolean => value === undefined || value === null || value === '';

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === 0 || (Array.isArray(value) && value.length === 0);

/** A problem of one field, if it is so. */
const when = (isSo: boolean, path: Path, message: string): ServerProblem[] => (isSo ? [{ path, message }] : []);

/** Fields of a Service with a load balancer. */
const BALANCED = [
  'allocateLoadBalancerNodePorts',
  'healthCheckNodePort',
  'loadBalancerClass',
  'loadBalancerSourceRanges',
];

/** Of a Service and its ports. */
const service: Relation = (spec, path) => {
  const { clusterIP, clusterIPs, ports } = spec;
  const type = isBlank(spec['type']) ? 'ClusterIP' : spec['type'];
  const isHeadless = clusterIP === 'None';
  const isOwn = (value: unknown) => isBlank(value) || value === 'None';
  const needsPorts = type !== 'ExternalName' && !isHeadless && (!Array.isArray(ports) || ports.length === 0);
  const address = 'is an address that the cluster gives out: remove it (None is allowed)';
  return [
    ...BALANCED.filter((field) => type !== 'LoadBalancer' && !isEmpty(spec[field])).map((field) => ({
      path: [...path, field],
      message: 'is only allowed with the type LoadBalancer, which previews do not get: remove it',
    })),
    ...when(needsPorts, path, 'needs ports, which is missing or empty'),
    ...when(!isOwn(clusterIP), [...path, 'clusterIP'], address),
    ...when(
      Array.isArray(clusterIPs) && clusterIPs.length > 0 && !(isHeadless && clusterIPs.every(isOwn)),
      [...path, 'clusterIPs'],
      address,
    ),
    ...when(
      !isBlank(spec['externalTrafficPolicy']) && type === 'ClusterIP',
      [...path, 'externalTrafficPolicy'],
      'is only allowed with the type NodePort or LoadBalancer, which previews do not get: remove it',
    ),
  ];
};

/** Of a job that counts its pods. */
const job: Relation = (spec, path) => {
  const isIndexed = spec['completionMode'] === 'Indexed';
  const rules = valueAt(spec, ['podFailurePolicy', 'rules']);
  const ofIndexes = ['backoffLimitPerIndex', 'maxFailedIndexes', 'successPolicy'];
  const containers = ['containers', 'initContainers'].flatMap((list) => {
    const items = valueAt(spec, ['template', 'spec', list]);
    return Array.isArray(items) ? items.map((item) => valueAt(item, ['name'])) : [];
  });
  return [
    ...ofIndexes.flatMap((field) =>
      when(!isBlank(spec[field]) && !isIndexed, [...path, field], 'is only allowed with completionMode: Indexed'),
    ),
    ...when(isIndexed && isBlank(spec['completions']), path, 'needs completions with completionMode: Indexed'),
    ...when(
      !isBlank(spec['maxFailedIndexes']) && isBlank(spec['backoffLimitPerIndex']),
      [...path, 'maxFailedIndexes'],
      'is only allowed with backoffLimitPerIndex',
    ),
    ...when(
      isRecord(spec['podFailurePolicy']) && spec['podReplacementPolicy'] === 'TerminatingOrFailed',
      [...path, 'podReplacementPolicy'],
      'must be Failed with podFailurePolicy',
    ),
    ...when(
      isRecord(spec['podFailurePolicy']) && valueAt(spec, ['template', 'spec', 'restartPolicy']) === 'OnFailure',
      [...path, 'podFailurePolicy'],
      'is only allowed with restartPolicy: Never',
    ),
    ...(Array.isArray(rules) ? rules : []).flatMap((rule: unknown, i): ServerProblem[] => {
      const at = [...path, 'podFailurePolicy', 'rules', i];
      const codes = valueAt(rule, ['onExitCodes', 'values']);
      const name = valueAt(rule, ['onExitCodes', 'containerName']) ?? containers[0];
      const isInOrder = !Array.isArray(codes) || codes.every((code, k) => k === 0 || codes[k - 1] < code);
      return [
        ...when(!isInOrder, [...at, 'onExitCodes', 'values'], 'must be in order, each number once'),
        ...when(
          Array.isArray(codes) && codes.includes(0) && valueAt(rule, ['onExitCodes', 'operator']) === 'In',
          [...at, 'onExitCodes', 'values'],
          'must not hold 0, which means success',
        ),
        ...when(
          !containers.includes(name),
          [...at, 'onExitCodes', 'containerName'],
          `must be a container of the job (${containers.map(String).join(', ')}); found ${String(name)}`,
        ),
        ...when(
          valueAt(rule, ['action']) === 'FailIndex' && isBlank(spec['backoffLimitPerIndex']),
          [...at, 'action'],
          'can only be FailIndex with backoffLimitPerIndex',
        ),
      ];
    }),
  ];
};

const SOURCES: Readonly<Record<string, string>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
};
const TARGETS: Readonly<Record<string, string>> = {
  AverageValue: 'averageValue',
  Utilization: 'averageUtilization',
  Value: 'value',
};
/** What the target of each kind of metric can be. */
const MEASURED: Readonly<Record<string, readonly string[]>> = {
  containerResource: ['averageUtilization', 'averageValue'],
  external: ['averageValue', 'value'],
  object: ['averageValue', 'value'],
  pods: ['averageValue'],
  resource: ['averageUtilization', 'averageValue'],
};

/** The source of a metric, and its target, are those that its type names. */
const metric: Relation = (spec, path) => {
  const source = SOURCES[String(spec['type'])];
  if (source === undefined) return [];
  const others = Object.values(SOURCES).filter((name) => name !== source && !isBlank(spec[name]));
  const at = [...path, source, 'target'];
  const target = valueAt(spec, [source, 'target']);
  const allowed = MEASURED[source]!;
  const set = isRecord(target) ? allowed.filter((name) => !isBlank(target[name])) : [];
  const wanted = isRecord(target) ? TARGETS[String(target['type'])] : undefined;
  return [
    ...when(!isRecord(spec[source]), path, `needs ${source}, since its type is ${String(spec['type'])}`),
    ...others.map((name) => ({
      path: [...path, name],
      message: `does not belong to the type ${String(spec['type'])}: remove it`,
    })),
    ...when(
      isRecord(target) && set.length !== 1,
      at,
      `must contain one of ${allowed.join(', ')}; found ${set.length === 0 ? 'none' : set.join(' and ')}`,
    ),
    ...when(
      wanted !== undefined && set.length === 1 && set[0] !== wanted,
      [...at, 'type'],
      `must fit what is set, ${set.join()}; found ${isRecord(target) ? String(target['type']) : ''}`,
    ),
  ];
};

/** A requirement has values where its operator compares them. */
const requirement: Relation = ({ operator, values }, path) => {
  const isListed = Array.isArray(values) && values.length > 0;
  const at = [...path, 'values'];
  return [
    ...when(['In', 'NotIn'].includes(String(operator)) && !isListed, path, `needs values with ${String(operator)}`),
    ...when(
      ['Exists', 'DoesNotExist'].includes(String(operator)) && isListed,
      at,
      `must be empty with ${String(operator)}`,
    ),
  ];
};

const claim: Relation = (spec, path) => {
  const requests = valueAt(spec, ['resources', 'requests']);
  return when(
    isRecord(requests) && isBlank(requests['storage']),
    [...path, 'resources', 'requests'],
    'needs storage, which is missing',
  );
};

/** A claim that a workload makes for each of its pods. */
const claimTemplate: Relation = ({ metadata }, path) => {
  const name = valueAt(metadata, ['name']);
  return when(
    typeof name !== 'string' || !LABEL[1](name),
    [...path, 'metadata'],
    `needs a name of ${LABEL[0]}; found ${isBlank(name) ? 'none' : String(name)}`,
  );
};

const RELATIONS: Readonly<Record<string, Relation>> = {
  HPAScalingRules: ({ policies }, path) =>
    when(Array.isArray(policies) && policies.length === 0, [...path, 'policies'], 'must not be empty; remove it'),
  HTTPIngressPath: (rule, path) =>
    when(
      isBlank(rule['path']) && rule['pathType'] !== 'ImplementationSpecific',
      path,
      'needs path, which is missing: / leads everything to it',
    ),
  IngressSpec: ({ defaultBackend, rules }, path) =>
    when(
      isBlank(defaultBackend) && (!Array.isArray(rules) || rules.length === 0),
      path,
      'needs rules, which is missing or empty',
    ),
  JobSpec: job,
  LabelSelectorRequirement: requirement,
  MetricSpec: metric,
  NodeSelectorRequirement: requirement,
  DeploymentSpec: ({ minReadySeconds, progressDeadlineSeconds }, path) =>
    when(
      Number(progressDeadlineSeconds ?? 600) <= Number(minReadySeconds ?? 0),
      [...path, 'progressDeadlineSeconds'],
      `must be above minReadySeconds, which is ${String(minReadySeconds ?? 0)}; found ${String(progressDeadlineSeconds ?? 600)}`,
    ),
  PersistentVolumeClaim: claimTemplate,
  PersistentVolumeClaimSpec: claim,
  PodAffinityTerm: ({ matchLabelKeys, mismatchLabelKeys, labelSelector }, path) =>
    when(
      [matchLabelKeys, mismatchLabelKeys].some((keys) => Array.isArray(keys) && keys.length > 0) &&
        !isRecord(labelSelector),
      path,
      'needs labelSelector with matchLabelKeys or mismatchLabelKeys',
    ),
  ResourceRequirements: ({ claims }, path) =>
    when(
      Array.isArray(claims) && claims.length > 0,
      [...path, 'claims'],
      'names devices, which previews do not get: remove it',
    ),
  SeccompProfile: ({ type, localhostProfile }, path) =>
    when(
      localhostProfile !== undefined && localhostProfile !== null && type !== 'Localhost',
      [...path, 'localhostProfile'],
      'is only allowed with the type Localhost',
    ),
  ServiceSpec: service,
  TopologySpreadConstraint: ({ minDomains, whenUnsatisfiable, matchLabelKeys, labelSelector }, path) => [
    ...when(
      !isBlank(minDomains) && whenUnsatisfiable !== 'DoNotSchedule',
      [...path, 'minDomains'],
      'is only allowed with whenUnsatisfiable: DoNotSchedule',
    ),
    ...when(
      Array.isArray(matchLabelKeys) && matchLabelKeys.length > 0 && !isRecord(labelSelector),
      [...path, 'matchLabelKeys'],
      'is only allowed with labelSelector',
    ),
  ],
  VolumeMount: ({ subPath, subPathExpr, readOnly, recursiveReadOnly }, path) => [
    ...when(
      !isBlank(subPath) && !isBlank(subPathExpr),
      [...path, 'subPathExpr'],
      'cannot be used with subPath; keep one of the two',
    ),
    ...when(
      ['Enabled', 'IfPossible'].includes(String(recursiveReadOnly)) && readOnly !== true,
      [...path, 'recursiveReadOnly'],
      'is only allowed with readOnly: true',
    ),
  ],
};

/** Fields of a map of this type that do not go together. */
export function relationProblems(type: string, value: JsonRecord, path: Path): ServerProblem[] {
  return Object.hasOwn(RELATIONS, type) ? RELATIONS[type]!(value, path) : [];
}

import { isRecord, type JsonRecord } from '../../core/json.ts';
import { podPath, valueAt } from '../paths.ts';
import type { Path, ServerProblem } from '../problem.ts';

/** What may be written in a field, beyond its type; the message says what is allowed. */
type Test = readonly [allowed: string, fits: (value: unknown) => boolean];

const oneOf = (...values: readonly string[]): Test => [
  `one of ${values.join(', ')}`,
  (value) => values.includes(String(value)),
];
const between = (low: number, high: number): Test => [
  high === Number.POSITIVE_INFINITY ? `at least ${low}` : `from ${low} to ${high}`,
  (value) => typeof value !== 'number' || (value >= low && value <= high),
];
const like = (allowed: string, pattern: RegExp): Test => [allowed, (value) => pattern.test(String(value))];

const LABEL = like(
  'at most 63 lower-case letters, digits and dashes, with a letter or digit at both ends',
  /^(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
);
const PORT = between(1, 65535);
const PORT_NAME = like(
  'at most 15 lower-case letters, digits and single dashes, with a letter among them',
  /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/,
);
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
  'Container.imagePullPolicy': oneOf('Always', 'IfNotPresent', 'Never'),
  'ContainerPort.containerPort': PORT,
  'ContainerPort.name': PORT_NAME,
  'ContainerPort.protocol': PROTOCOL,
  'CronJobSpec.concurrencyPolicy': oneOf('Allow', 'Forbid', 'Replace'),
  'CronJobSpec.schedule': SCHEDULE,
  'DeploymentSpec.replicas': COUNT,
  'DeploymentStrategy.type': oneOf('Recreate', 'RollingUpdate'),
  'EnvVar.name': like('a name without =', /^[^=]+$/),
  'HTTPGetAction.scheme': oneOf('HTTP', 'HTTPS'),
  'HTTPIngressPath.pathType': oneOf('Exact', 'Prefix', 'ImplementationSpecific'),
  'HorizontalPodAutoscalerSpec.maxReplicas': FROM_ONE,
  'JobSpec.backoffLimit': COUNT,
  'JobSpec.completions': COUNT,
  'JobSpec.parallelism': COUNT,
  'PodSpec.restartPolicy': oneOf('Always', 'OnFailure', 'Never'),
  'PodSpec.terminationGracePeriodSeconds': COUNT,
  'Probe.periodSeconds': COUNT,
  'Probe.timeoutSeconds': COUNT,
  'Probe.initialDelaySeconds': COUNT,
  'Probe.failureThreshold': COUNT,
  'ServicePort.name': LABEL,
  'ServicePort.port': PORT,
  'ServicePort.protocol': PROTOCOL,
  'ServiceSpec.sessionAffinity': oneOf('None', 'ClientIP'),
  'ServiceSpec.type': oneOf('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'),
  'StatefulSetSpec.podManagementPolicy': oneOf('OrderedReady', 'Parallel'),
  'StatefulSetSpec.replicas': COUNT,
  'StatefulSetUpdateStrategy.type': oneOf('RollingUpdate', 'OnDelete'),
  'Volume.name': LABEL,
  'VolumeMount.mountPath': like('a path without a colon', /^[^:]+$/),
};

/** Types of which exactly one field says what is meant. */
const ONE_OF: Readonly<Record<string, readonly string[]>> = {
  'EnvVar.valueFrom': ['configMapKeyRef', 'fieldRef', 'fileKeyRef', 'resourceFieldRef', 'secretKeyRef'],
  'Container.livenessProbe': ['exec', 'grpc', 'httpGet', 'tcpSocket'],
  'Container.readinessProbe': ['exec', 'grpc', 'httpGet', 'tcpSocket'],
  'Container.startupProbe': ['exec', 'grpc', 'httpGet', 'tcpSocket'],
};

/** Why the API server refuses a value of the right type; undefined where it does not. */
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
  // Prefixes in capitals are for the closed set of keys to refuse.
  const key = Object.keys(map).find((name) => !KEY.test(name.toLowerCase()));
  if (key !== undefined) return `holds the key ${key}, which Kubernetes takes for no name: use letters, digits, - _ .`;
  if (field === 'annotations') return undefined;
  const wrong = Object.entries(map).find(
    ([, value]) => !String(value).includes('${') && !LABEL_VALUE.test(String(value)),
  );
  if (wrong === undefined) return undefined;
  return `holds ${wrong[0]}: ${String(wrong[1])}; a label is at most 63 letters, digits, - _ . with a letter or digit at both ends`;
}

/** How pods of a kind may be restarted; a job has to say so, since what is filled in is refused. */
const RESTARTS: Readonly<Record<string, readonly string[]>> = {
  CronJob: ['OnFailure', 'Never'],
  Job: ['OnFailure', 'Never'],
  DaemonSet: ['Always'],
  Deployment: ['Always'],
  ReplicaSet: ['Always'],
  StatefulSet: ['Always'],
};

/** Longest names, where they are shorter than others since names of pods and labels are made from them. */
const NAMES: Readonly<Record<string, Test>> = {
  CronJob: like('at most 52 characters long', /^.{1,52}$/),
  Job: like('at most 63 characters long', /^.{1,63}$/),
  Service: like(
    'at most 63 lower-case letters, digits and dashes that begin with a letter',
    /^(?=.{1,63}$)[a-z]([-a-z0-9]*[a-z0-9])?$/,
  ),
};

/** What two fields of an object have to agree on. */
export function wholeProblems(object: JsonRecord): ServerProblem[] {
  return [
    ...nameProblems(object),
    ...restartProblems(object),
    ...portProblems(object),
    ...selectorProblems(object),
    ...scaleProblems(object),
    ...keyProblems(object),
  ];
}

function nameProblems(object: JsonRecord): ServerProblem[] {
  const path = ['metadata', 'name'];
  const [name, test] = [valueAt(object, path), NAMES[String(object['kind'])]];
  if (test === undefined || typeof name !== 'string' || name.includes('${') || test[1](name)) return [];
  return [{ path, message: `must be ${test[0]}; found ${name}` }];
}

function restartProblems(object: JsonRecord): ServerProblem[] {
  const allowed = RESTARTS[String(object['kind'])];
  const spec = [...podPath(object), 'spec'];
  if (allowed === undefined || !isRecord(valueAt(object, spec))) return [];
  const found = valueAt(object, [...spec, 'restartPolicy']) ?? 'Always';
  if (allowed.includes(String(found))) return [];
  const isWritten = valueAt(object, [...spec, 'restartPolicy']) !== undefined;
  const message = `of a ${String(object['kind'])} must be ${allowed.join(' or ')}; found ${String(found)}`;
  return [
    isWritten
      ? { path: [...spec, 'restartPolicy'], message }
      : { path: spec, message: `restartPolicy ${message}, which is filled in` },
  ];
}

function portProblems(object: JsonRecord): ServerProblem[] {
  const ports = valueAt(object, ['spec', 'ports']);
  if (object['kind'] !== 'Service' || !Array.isArray(ports) || ports.length < 2) return [];
  const names = ports.map((port) => valueAt(port, ['name']));
  return names.flatMap((name, i): ServerProblem[] => {
    const path: Path = ['spec', 'ports', i];
    if (name === undefined || name === null)
      return [{ path, message: 'needs a name, since the Service has several ports' }];
    const isTwice = names.indexOf(name) < i;
    return isTwice ? [{ path: [...path, 'name'], message: 'is the name of a port before it; choose another one' }] : [];
  });
}

function selectorProblems(object: JsonRecord): ServerProblem[] {
  const selector = valueAt(object, ['spec', 'selector']);
  if (!['DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet'].includes(String(object['kind']))) return [];
  if (!isRecord(selector) || Object.keys(selector).length > 0) return [];
  return [{ path: ['spec', 'selector'], message: 'is empty; name the labels of the pods under matchLabels' }];
}

function scaleProblems(object: JsonRecord): ServerProblem[] {
  const [low, high] = ['minReplicas', 'maxReplicas'].map((field) => valueAt(object, ['spec', field]));
  if (object['kind'] !== 'HorizontalPodAutoscaler' || typeof low !== 'number' || typeof high !== 'number') return [];
  if (low <= high) return [];
  return [
    { path: ['spec', 'minReplicas'], message: `must not be above maxReplicas; found ${low}, maxReplicas is ${high}` },
  ];
}

function keyProblems(object: JsonRecord): ServerProblem[] {
  const data = valueAt(object, ['data']);
  if (object['kind'] !== 'ConfigMap' || !isRecord(data)) return [];
  return Object.keys(data)
    .filter((key) => !/^[-._a-zA-Z0-9]{1,253}$/.test(key) || key.startsWith('..') || key === '.')
    .map((key) => ({
      path: ['data', key],
      message: 'must be a key of letters, digits, - _ and . such as app.properties',
    }));
}

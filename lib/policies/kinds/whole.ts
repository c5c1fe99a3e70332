import { isRecord, type JsonRecord, valueAt } from '../../core/json.ts';
import { podPath } from '../paths.ts';
import { SELECTING } from '../pod-problems.ts';
import type { Path, ServerProblem } from '../problem.ts';
import { DATA_KEY, LABEL, like, NAME, type Test } from './tests.ts';

/** Allowed restart policies of a kind's pods. A Job must set one, since its default is refused. */
const RESTARTS: Readonly<Record<string, readonly string[]>> = {
  CronJob: ['OnFailure', 'Never'],
  Job: ['OnFailure', 'Never'],
  DaemonSet: ['Always'],
  Deployment: ['Always'],
  ReplicaSet: ['Always'],
  StatefulSet: ['Always'],
};

/** Name limits of kinds whose names are shorter, since pod names and labels are derived from them. */
const NAMES: Readonly<Record<string, Test>> = {
  CronJob: like('at most 52 characters long', /^.{1,52}$/),
  Job: like('at most 63 characters long', /^.{1,63}$/),
  StatefulSet: LABEL,
  Service: like(
    'at most 63 lower-case letters, digits and dashes that begin with a letter',
    /^(?=.{1,63}$)[a-z]([-a-z0-9]*[a-z0-9])?$/,
  ),
};

/** Fields of an object that must agree with each other. */
export function wholeProblems(object: JsonRecord): ServerProblem[] {
  return [
    ...nameProblems(object),
    ...restartProblems(object),
    ...podFieldProblems(object),
    ...portProblems(object),
    ...selectorProblems(object),
    ...scaleProblems(object),
    ...keyProblems(object),
    ...budgetProblems(object),
    ...surgeProblems(object),
  ];
}

function nameProblems(object: JsonRecord): ServerProblem[] {
  const path = ['metadata', 'name'];
  const name = valueAt(object, path) ?? '';
  if (typeof name !== 'string' || name.includes('${')) return [];
  if (name === '') return [{ path: ['metadata'], message: 'needs name, which is missing' }];
  const test = [NAME, NAMES[String(object['kind'])]].find((one) => one !== undefined && !one[1](name));
  return test === undefined ? [] : [{ path, message: `must be ${test[0]}; found ${name.slice(0, 80)}` }];
}

function restartProblems(object: JsonRecord): ServerProblem[] {
  const allowed = RESTARTS[String(object['kind'])];
  const spec = [...podPath(object), 'spec'];
  if (allowed === undefined || !isRecord(valueAt(object, spec))) return [];
  const written = valueAt(object, [...spec, 'restartPolicy']) ?? '';
  const found = written === '' ? 'Always' : written;
  if (allowed.includes(String(found))) return [];
  const message = `of a ${String(object['kind'])} must be ${allowed.join(' or ')}; found ${String(found)}`;
  return [
    written !== ''
      ? { path: [...spec, 'restartPolicy'], message }
      : { path: spec, message: `restartPolicy ${message}, which is filled in` },
  ];
}

/** Fields that only some pods can have. */
function podFieldProblems(object: JsonRecord): ServerProblem[] {
  const debugging = [...podPath(object), 'spec', 'ephemeralContainers'];
  const isDebugged = object['kind'] !== 'Pod' && (valueAt(object, debugging) ?? null) !== null;
  if (isDebugged) return [{ path: debugging, message: 'is for debugging of a running pod: remove it' }];
  if (!RESTARTS[String(object['kind'])]?.includes('Always')) return [];
  const path = [...podPath(object), 'spec', 'activeDeadlineSeconds'];
  if ((valueAt(object, path) ?? null) === null) return [];
  return [
    { path, message: `is only allowed in a Job, since a ${String(object['kind'])} starts its pods again: remove it` },
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
  if (!SELECTING.has(String(object['kind'])) || !isRecord(selector)) return [];
  const { matchLabels, matchExpressions } = selector;
  const isEmpty = Object.keys(isRecord(matchLabels) ? matchLabels : {}).length === 0;
  if (!isEmpty || (Array.isArray(matchExpressions) && matchExpressions.length > 0)) return [];
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
    .filter((key) => !DATA_KEY[1](key))
    .map((key) => ({ path: ['data', key], message: `must be ${DATA_KEY[0]}` }));
}

function budgetProblems(object: JsonRecord): ServerProblem[] {
  const spec = valueAt(object, ['spec']);
  if (object['kind'] !== 'PodDisruptionBudget' || !isRecord(spec)) return [];
  const both = (spec['minAvailable'] ?? null) !== null && (spec['maxUnavailable'] ?? null) !== null;
  return both
    ? [{ path: ['spec', 'minAvailable'], message: 'cannot be used with maxUnavailable; keep one of the two' }]
    : [];
}

/** If the number of pods may neither grow nor shrink, no update could start. */
function surgeProblems(object: JsonRecord): ServerProblem[] {
  const path = ['spec', 'strategy', 'rollingUpdate'];
  const rolling = valueAt(object, path);
  if (object['kind'] !== 'Deployment' || !isRecord(rolling)) return [];
  const isNothing = (value: unknown) => value === 0 || value === '0%';
  if (!isNothing(rolling['maxSurge']) || !isNothing(rolling['maxUnavailable'])) return [];
  return [{ path: [...path, 'maxUnavailable'], message: 'must not be 0 if maxSurge is 0: no update could begin' }];
}

import { isRecord, type JsonRecord, valueAt } from '../../core/json.ts';
import { podPath } from '../paths.ts';
import type { Path, ServerProblem } from '../problem.ts';
import { like, type Test } from './values.ts';

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

function budgetProblems(object: JsonRecord): ServerProblem[] {
  const spec = valueAt(object, ['spec']);
  if (object['kind'] !== 'PodDisruptionBudget' || !isRecord(spec)) return [];
  const both = (spec['minAvailable'] ?? null) !== null && (spec['maxUnavailable'] ?? null) !== null;
  return both ? [{ path: ['spec', 'minAvailable'], message: 'stands beside maxUnavailable; keep one of the two' }] : [];
}

/** If the number of pods may neither grow nor shrink, no update could start. */
function surgeProblems(object: JsonRecord): ServerProblem[] {
  const path = ['spec', 'strategy', 'rollingUpdate'];
  const rolling = valueAt(object, path);
  if (object['kind'] !== 'Deployment' || !isRecord(rolling)) return [];
  const isNothing = (value: unknown) => value === 0 || value === '0%';
  if (!isNothing(rolling['maxSurge']) || !isNothing(rolling['maxUnavailable'])) return [];
  return [
    { path: [...path, 'maxUnavailable'], message: 'must not be 0 beside a maxSurge of 0: no update could begin' },
  ];
}

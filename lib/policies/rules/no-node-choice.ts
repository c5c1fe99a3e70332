import { PODS } from '../resources.ts';
import { type Condition, defineRule } from '../rule.ts';
import { examplePod } from './examples.ts';

const absent = (field: string, ...allowed: string[]): Condition => ({
  in: 'podSpec',
  cel: `variables.podSpec.?${field}.orValue("") in ${JSON.stringify(['', ...allowed])}`,
  field,
  found: `"${field}: " + variables.podSpec.${field}`,
  fix: 'remove',
});

const AFFINITY = 'variables.podSpec.?affinity';
const spotOnly = (terms: string): string =>
  `${terms}.all(t, t.?matchFields.orValue([]).size() == 0 && t.?matchExpressions.orValue([]).all(e, params.spot.label != "" && e.?key.orValue("") == params.spot.label && e.?operator.orValue("") == "In" && e.?values.orValue([]).all(v, v == params.spot.value)))`;
const REQUIRED = `${AFFINITY}.?nodeAffinity.?requiredDuringSchedulingIgnoredDuringExecution.?nodeSelectorTerms.orValue([])`;
const PREFERRED = `${AFFINITY}.?nodeAffinity.?preferredDuringSchedulingIgnoredDuringExecution.orValue([]).map(p, p.?preference.orValue({}))`;

/** Pod affinity is allowed within the preview, but not to other namespaces. */
const ownNamespace = (affinity: string): string =>
  ['required', 'preferred']
    .map((kind) => {
      const terms = `${AFFINITY}.?${affinity}.?${kind}DuringSchedulingIgnoredDuringExecution.orValue([])`;
      const term = kind === 'required' ? 't' : 't.?podAffinityTerm';
      return `${terms}.all(t, !${term}.?namespaceSelector.hasValue() && ${term}.?namespaces.orValue([]).size() == 0)`;
    })
    .join(' && ');

const TOLERATED = 'params.spot.toleration != "" && it.?key.orValue("") == params.spot.toleration';

export const noNodeChoice = defineRule({
  id: 'no-node-choice',
  title: 'No choice of nodes',
  message:
    'The pod chooses its node, its scheduler or its runtime: remove nodeName, nodeSelector, tolerations, node affinity, affinity to other namespaces, schedulerName and runtimeClassName, or ask {contact}.',
  source: 'Kubernetes documentation: assigning pods to nodes; NSA/CISA Kubernetes Hardening Guide 1.2, control plane',
  why: 'Taints and labels reserve nodes for the control plane, for GPUs or for other teams. A pod that chooses its node bypasses them.',
  scope: 'makers',
  match: PODS,
  conditions: [
    absent('nodeName'),
    absent('schedulerName', 'default-scheduler'),
    absent('runtimeClassName'),
    {
      in: 'podSpec',
      cel: 'variables.podSpec.?nodeSelector.orValue({}).all(k, k == "kubernetes.io/os" || (k == "kubernetes.io/arch") || (params.spot.label != "" && k == params.spot.label && variables.podSpec.nodeSelector[k] == params.spot.value))',
      field: 'nodeSelector',
      found: 'variables.podSpec.nodeSelector.filter(k, true).join(", ")',
      fix: 'remove',
    },
    {
      in: 'podSpec',
      cel: `${spotOnly(REQUIRED)} && ${spotOnly(PREFERRED)}`,
      field: 'affinity.nodeAffinity',
      fix: 'remove',
    },
    { in: 'podSpec', cel: ownNamespace('podAffinity'), field: 'affinity.podAffinity' },
    { in: 'podSpec', cel: ownNamespace('podAntiAffinity'), field: 'affinity.podAntiAffinity' },
    {
      over: { cel: 'variables.podSpec.?tolerations.orValue([])', items: 'tolerations' },
      cel: `(${TOLERATED}) || it.?key.orValue("") in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable", "node.kubernetes.io/memory-pressure", "node.kubernetes.io/disk-pressure", "node.kubernetes.io/pid-pressure"]`,
      field: '',
      found: 'it.?key.orValue("every taint")',
    },
  ],
  examples: {
    good: examplePod({ spec: 'nodeSelector: { kubernetes.io/arch: amd64 }' }),
    bad: examplePod({ spec: 'tolerations: [{ operator: Exists }]' }),
  },
});

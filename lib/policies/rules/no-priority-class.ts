import { PODS } from '../resources.ts';
import { type Condition, defineRule } from '../rule.ts';
import { examplePod } from './examples.ts';

const none = (field: string, passes: string): Condition => ({
  in: 'podSpec',
  cel: passes,
  field,
  found: `string(variables.podSpec.${field})`,
  fix: 'remove',
});

const IS_PLATFORMS =
  '(params.priorityClass != "" && variables.podSpec.?priorityClassName.orValue("") == params.priorityClass)';

export const noPriorityClass = defineRule({
  id: 'no-priority-class',
  title: 'No priority over others',
  message:
    'The pod requests a higher priority than others on the node: remove priorityClassName and priority, or ask {contact}.',
  source: 'Kubernetes documentation: pod priority and preemption',
  why: 'To make room for a pod with a higher priority, other pods are evicted, including other previews and the platform.',
  scope: 'makers',
  match: PODS,
  conditions: [
    none('priorityClassName', `variables.podSpec.?priorityClassName.orValue("") == "" || ${IS_PLATFORMS}`),
    // The API server writes the number of the class into each pod.
    none('priority', `variables.podSpec.?priority.orValue(0) == 0 || ${IS_PLATFORMS}`),
    none(
      'preemptionPolicy',
      'variables.podSpec.?preemptionPolicy.orValue("PreemptLowerPriority") in ["Never", "PreemptLowerPriority"]',
    ),
  ],
  examples: {
    good: examplePod({}),
    bad: examplePod({ spec: 'priorityClassName: system-cluster-critical' }),
  },
});

import { PODS } from '../resources.ts';
import { type Condition, defineRule, OWN_CONTAINERS } from '../rule.ts';
import { examplePod } from './examples.ts';

const limit = (resource: string): Condition => ({
  over: OWN_CONTAINERS,
  cel: `it.?resources.?limits.?${resource}.hasValue()`,
  field: `resources.limits.${resource}`,
});

export const requireLimits = defineRule({
  id: 'require-limits',
  title: 'Limits for cpu and memory',
  message:
    'A container says no limit for cpu or memory: set resources.limits.cpu and resources.limits.memory, or ask {contact}.',
  source: 'NSA/CISA Kubernetes Hardening Guide 1.2, resource policies',
  why: 'One preview without limits can take the memory and time of all others on the machine.',
  scope: 'makers',
  match: PODS,
  conditions: [limit('cpu'), limit('memory')],
  examples: {
    good: examplePod({ container: 'resources: { limits: { cpu: 500m, memory: 256Mi } }' }),
    bad: examplePod({ container: 'resources: { limits: { cpu: 500m } }' }),
  },
});

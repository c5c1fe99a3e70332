import { PODS } from '../resources.ts';
import { type Condition, defineRule, OWN_CONTAINERS } from '../rule.ts';
import { examplePod } from './examples.ts';

/** In Kubernetes, zero means no limit. */
const limit = (resource: string): Condition => {
  const value = `string(it.resources.limits.${resource})`;
  return {
    over: OWN_CONTAINERS,
    cel: `it.?resources.?limits.?${resource}.hasValue() && isQuantity(${value}) && quantity(${value}).isGreaterThan(quantity("0"))`,
    field: `resources.limits.${resource}`,
    found: `"${resource}: " + ${value}`,
  };
};

const STORAGE = 'string(it.resources.limits["ephemeral-storage"])';

/** The namespace fills in a missing limit for node disk, but accepts a zero. */
const someStorage: Condition = {
  over: OWN_CONTAINERS,
  cel: `!it.?resources.?limits[?"ephemeral-storage"].hasValue() || (isQuantity(${STORAGE}) && quantity(${STORAGE}).isGreaterThan(quantity("0")))`,
  field: 'resources.limits.ephemeral-storage',
  found: `"ephemeral-storage: " + ${STORAGE}`,
  fix: 'remove',
};

export const requireLimits = defineRule({
  id: 'require-limits',
  title: 'Limits for cpu and memory',
  message:
    'A container has no limit for cpu or memory (zero is not a limit, also for ephemeral-storage): set resources.limits.cpu and resources.limits.memory, at most {maxSize.cpu} cpu and {maxSize.memory} memory, or ask {contact}.',
  source: 'NSA/CISA Kubernetes Hardening Guide 1.2, resource policies',
  why: 'One preview without limits can use the memory and processor time of all others on the node.',
  scope: 'makers',
  match: PODS,
  conditions: [limit('cpu'), limit('memory'), someStorage],
  examples: {
    good: examplePod({ container: 'resources: { limits: { cpu: 500m, memory: 256Mi } }' }),
    bad: examplePod({ container: 'resources: { limits: { cpu: 500m } }' }),
  },
});

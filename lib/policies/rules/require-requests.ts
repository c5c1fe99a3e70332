import { PODS } from '../resources.ts';
import { type Condition, defineRule, OWN_CONTAINERS } from '../rule.ts';
import { examplePod } from './examples.ts';

// If there is only a limit, the API server uses it as the request too.
const request = (resource: string): Condition => {
  const isSome = (amounts: string): string => {
    const value = `string(it.resources.${amounts}.${resource})`;
    return `(isQuantity(${value}) && quantity(${value}).isGreaterThan(quantity("0")))`;
  };
  return {
    over: OWN_CONTAINERS,
    cel: `it.?resources.?requests.?${resource}.hasValue() ? ${isSome('requests')} : (it.?resources.?limits.?${resource}.hasValue() && ${isSome('limits')})`,
    field: `resources.requests.${resource}`,
    found: `"${resource}: " + string(it.resources.requests.${resource})`,
  };
};

export const requireRequests = defineRule({
  id: 'require-requests',
  title: 'Requests for cpu and memory',
  message:
    'A container does not say how much cpu or memory it needs (zero does not count): set resources.requests.cpu and resources.requests.memory, or ask {contact}.',
  source: 'NSA/CISA Kubernetes Hardening Guide 1.2, resource policies',
  why: 'Without requests, the cluster cannot find a node with enough room, and the cost of a preview is unknown.',
  scope: 'makers',
  match: PODS,
  conditions: [request('cpu'), request('memory')],
  examples: {
    good: examplePod({ container: 'resources: { requests: { cpu: 100m, memory: 128Mi } }' }),
    bad: examplePod({ container: 'resources: { requests: { memory: 128Mi } }' }),
  },
});

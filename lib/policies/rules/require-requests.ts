import { PODS } from '../resources.ts';
import { type Condition, defineRule, OWN_CONTAINERS } from '../rule.ts';
import { examplePod } from './examples.ts';

// Where only a limit stands, the API server takes it for the request as well.
const request = (resource: string): Condition => {
  const value = `string(it.resources.requests.${resource})`;
  return {
    over: OWN_CONTAINERS,
    cel: `it.?resources.?requests.?${resource}.hasValue() ? isQuantity(${value}) && quantity(${value}).isGreaterThan(quantity("0")) : it.?resources.?limits.?${resource}.hasValue()`,
    field: `resources.requests.${resource}`,
    found: `"${resource}: " + ${value}`,
  };
};

export const requireRequests = defineRule({
  id: 'require-requests',
  title: 'Requests for cpu and memory',
  message:
    'A container does not say how much cpu or memory it needs (zero says nothing): set resources.requests.cpu and resources.requests.memory, or ask {contact}.',
  source: 'NSA/CISA Kubernetes Hardening Guide 1.2, resource policies',
  why: 'Without requests the cluster cannot find a machine with room, and nobody can say what a preview costs.',
  scope: 'makers',
  match: PODS,
  conditions: [request('cpu'), request('memory')],
  examples: {
    good: examplePod({ container: 'resources: { requests: { cpu: 100m, memory: 128Mi } }' }),
    bad: examplePod({ container: 'resources: { requests: { memory: 128Mi } }' }),
  },
});

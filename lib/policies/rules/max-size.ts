import { PODS } from '../resources.ts';
import { type Condition, defineRule, OWN_CONTAINERS } from '../rule.ts';
import { examplePod } from './examples.ts';

const atMost = (owner: string, field: string, resource: 'cpu' | 'memory'): string => {
  const value = `string(${owner}.resources.${field}.${resource})`;
  return (
    `!${owner}.?resources.?${field}.?${resource}.hasValue() || ` +
    `(isQuantity(${value}) && quantity(${value}).compareTo(quantity(params.maxSize.${resource})) <= 0)`
  );
};

const both = (field: 'limits' | 'requests', resource: 'cpu' | 'memory'): Condition[] => [
  { over: OWN_CONTAINERS, cel: atMost('it', field, resource), field: `resources.${field}.${resource}` },
  { in: 'podSpec', cel: atMost('variables.podSpec', field, resource), field: `resources.${field}.${resource}` },
];

const [first, ...rest] = [
  ...both('limits', 'cpu'),
  ...both('limits', 'memory'),
  ...both('requests', 'cpu'),
  ...both('requests', 'memory'),
];

export const maxSize = defineRule({
  id: 'max-size',
  title: 'Not larger than previews may be',
  message: 'A container asks for more cpu or memory than a preview may have: choose a smaller size, or ask {contact}.',
  source: 'Kubernetes LimitRange, max',
  why: 'One large preview takes the room of many small ones, and the budget with it.',
  scope: 'makers',
  match: PODS,
  conditions: [first!, ...rest],
  examples: {
    good: examplePod({ container: 'resources: { limits: { cpu: 500m, memory: 256Mi } }' }),
    bad: examplePod({ container: 'resources: { limits: { memory: 64Gi } }' }),
  },
});

import { PODS } from '../resources.ts';
import { type Condition, defineRule, OWN_CONTAINERS } from '../rule.ts';
import { examplePod } from './examples.ts';

// Amounts may stand as numbers; string() reads both. The hundred-thousandth of room is for rounding, not for makers.
const amount = (list: string, resource: string): string =>
  `quantity(string(it.resources.${list}.${resource})).asApproximateFloat()`;

const ratio = (resource: 'cpu' | 'memory'): Condition => ({
  over: OWN_CONTAINERS,
  cel: [
    `!it.?resources.?limits.?${resource}.hasValue()`,
    `!it.?resources.?requests.?${resource}.hasValue()`,
    `(isQuantity(string(it.resources.limits.${resource})) && isQuantity(string(it.resources.requests.${resource})) && ` +
      `${amount('limits', resource)} <= ${amount('requests', resource)} * double(params.limitRequestRatio.${resource}) * 1.00001)`,
  ].join(' || '),
  field: `resources.limits.${resource}`,
});

export const limitRequestRatio = defineRule({
  id: 'limit-request-ratio',
  title: 'Limits near requests',
  message:
    'A container may use far more cpu or memory than it reserves: raise resources.requests or lower resources.limits, or ask {contact}.',
  source: 'Kubernetes LimitRange, maxLimitRequestRatio',
  why: 'Machines are filled by requests: where limits are many times larger, all previews slow down together.',
  scope: 'makers',
  match: PODS,
  conditions: [ratio('cpu'), ratio('memory')],
  examples: {
    good: examplePod({ container: 'resources: { requests: { cpu: 100m }, limits: { cpu: 500m } }' }),
    bad: examplePod({ container: 'resources: { requests: { cpu: 10m }, limits: { cpu: "2" } }' }),
  },
});

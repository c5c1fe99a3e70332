import { PODS } from '../resources.ts';
import { type Condition, defineRule, OWN_CONTAINERS } from '../rule.ts';
import { examplePod } from './examples.ts';

const ratio = (resource: 'cpu' | 'memory'): Condition[] =>
  [
    { over: OWN_CONTAINERS, owner: 'it' },
    { in: 'podSpec' as const, owner: 'variables.podSpec' },
  ].map(({ owner, ...where }) => {
    // Amounts may be numbers; string() handles both. The factor 1.00001 only allows for rounding.
    const text = (list: string): string => `string(${owner}.resources.${list}.${resource})`;
    const amount = (list: string): string => `quantity(${text(list)}).asApproximateFloat()`;
    return {
      ...where,
      cel: [
        `!${owner}.?resources.?limits.?${resource}.hasValue()`,
        `!${owner}.?resources.?requests.?${resource}.hasValue()`,
        `(isQuantity(${text('limits')}) && isQuantity(${text('requests')}) && ` +
          `${amount('limits')} <= ${amount('requests')} * double(params.limitRequestRatio.${resource}) * 1.00001)`,
      ].join(' || '),
      field: `resources.limits.${resource}`,
      found: `"a ${resource} limit of " + ${text('limits')} + " with a request of " + ${text('requests')}`,
    };
  });

const [first, ...rest] = [...ratio('cpu'), ...ratio('memory')];

export const limitRequestRatio = defineRule({
  id: 'limit-request-ratio',
  title: 'Limits near requests',
  message:
    'A container may use far more cpu or memory than it reserves: limits are at most {limitRequestRatio.cpu} times the request of cpu and {limitRequestRatio.memory} times that of memory; raise resources.requests or lower resources.limits, or ask {contact}.',
  source: 'Kubernetes LimitRange, maxLimitRequestRatio',
  why: 'The scheduler fills nodes by requests. If limits are many times larger, all previews on a node become slow.',
  scope: 'makers',
  match: PODS,
  impliedBy: { rule: 'require-limits' },
  conditions: [first!, ...rest],
  examples: {
    good: examplePod({ container: 'resources: { requests: { cpu: 100m }, limits: { cpu: 500m } }' }),
    bad: examplePod({ container: 'resources: { requests: { cpu: 10m }, limits: { cpu: "2" } }' }),
  },
});

import { DISRUPTION_BUDGET } from '../resources.ts';
import { defineRule } from '../rule.ts';

export const noEvictionShield = defineRule({
  id: 'no-eviction-shield',
  title: 'No shield from eviction',
  message:
    'A PodDisruptionBudget keeps machines from being emptied: set maxUnavailable to 1 or more and leave out minAvailable, or ask {contact}.',
  source: 'Kubernetes documentation: disruptions',
  why: 'A budget that allows no disruption stops upgrades and scaling of the whole cluster for one preview.',
  match: [DISRUPTION_BUDGET],
  conditions: [
    {
      cel: '!dyn(object).?spec.?minAvailable.hasValue()',
      field: 'spec.minAvailable',
      found: '"minAvailable: " + string(dyn(object).spec.minAvailable)',
    },
    {
      cel: 'dyn(object).?spec.?minAvailable.hasValue() || (dyn(object).?spec.?maxUnavailable.hasValue() && string(dyn(object).spec.maxUnavailable).matches("^[0-9]*[1-9][0-9]*%?$"))',
      field: 'spec.maxUnavailable',
      found: '"maxUnavailable: " + string(dyn(object).spec.maxUnavailable)',
      fix: { set: '1' },
    },
  ],
  examples: {
    good: 'apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: { name: web }\nspec: { maxUnavailable: 1, selector: { matchLabels: { app: web } } }\n',
    bad: 'apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: { name: web }\nspec: { minAvailable: 1, selector: { matchLabels: { app: web } } }\n',
  },
});

import { DISRUPTION_BUDGET } from '../resources.ts';
import { defineRule } from '../rule.ts';

export const noEvictionShield = defineRule({
  id: 'no-eviction-shield',
  title: 'No protection from eviction',
  message:
    'A PodDisruptionBudget prevents nodes from being drained: set maxUnavailable to 1 or more and remove minAvailable, or ask {contact}.',
  source: 'Kubernetes documentation: disruptions',
  why: 'For one preview, a budget that allows no disruption blocks upgrades and scaling of the whole cluster.',
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

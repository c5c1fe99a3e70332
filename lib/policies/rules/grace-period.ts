import { PODS } from '../resources.ts';
import { CONTAINERS, type Condition, defineRule } from '../rule.ts';
import { examplePod } from './examples.ts';

const inContainers = (field: string): Condition => ({
  over: CONTAINERS,
  cel: `it.?${field.replaceAll('.', '.?')}.orValue(0) <= params.gracePeriodSeconds`,
  field,
  found: `string(it.${field}) + " seconds"`,
  fix: 'remove',
});

export const gracePeriod = defineRule({
  id: 'grace-period',
  title: 'No long delay at the end',
  message:
    'A pod may take too long to stop: allow at most {gracePeriodSeconds} seconds in terminationGracePeriodSeconds and sleeps of lifecycle hooks, or ask {contact}.',
  source: 'Kubernetes documentation: termination of pods',
  why: 'While a pod is stopping, the namespace and its cost remain, although the preview has ended.',
  scope: 'makers',
  match: PODS,
  conditions: [
    {
      in: 'podSpec',
      cel: 'variables.podSpec.?terminationGracePeriodSeconds.orValue(30) <= params.gracePeriodSeconds',
      field: 'terminationGracePeriodSeconds',
      found: 'string(variables.podSpec.terminationGracePeriodSeconds) + " seconds"',
      fix: 'remove',
    },
    inContainers('livenessProbe.terminationGracePeriodSeconds'),
    inContainers('startupProbe.terminationGracePeriodSeconds'),
    inContainers('lifecycle.preStop.sleep.seconds'),
    inContainers('lifecycle.postStart.sleep.seconds'),
  ],
  examples: {
    good: examplePod({ spec: 'terminationGracePeriodSeconds: 60' }),
    bad: examplePod({ spec: 'terminationGracePeriodSeconds: 31536000' }),
  },
});

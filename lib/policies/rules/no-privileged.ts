import { PODS } from '../resources.ts';
import { CONTAINERS, defineRule } from '../rule.ts';
import { examplePod } from './examples.ts';

export const noPrivileged = defineRule({
  id: 'no-privileged',
  title: 'No privileged containers',
  message:
    'A container requests the permissions of the node that it runs on: remove securityContext.privileged, or ask {contact}.',
  source: 'Pod Security Standards, baseline: Privileged Containers; CIS Kubernetes Benchmark 5.2.2',
  why: 'A privileged container can do everything that the node can, also to other previews and to the cluster.',
  match: PODS,
  conditions: [
    {
      over: CONTAINERS,
      cel: 'it.?securityContext.?privileged.orValue(false) == false',
      field: 'securityContext.privileged',
      fix: 'remove',
    },
  ],
  examples: {
    good: examplePod({ container: 'securityContext: { privileged: false }' }),
    bad: examplePod({ container: 'securityContext: { privileged: true }' }),
  },
});

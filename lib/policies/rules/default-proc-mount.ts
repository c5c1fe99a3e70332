import { PODS } from '../resources.ts';
import { CONTAINERS, defineRule } from '../rule.ts';
import { examplePod } from './examples.ts';

export const defaultProcMount = defineRule({
  id: 'default-proc-mount',
  title: '/proc stays masked',
  message: 'A container uncovers parts of /proc: remove securityContext.procMount, or ask {contact}.',
  source: 'Pod Security Standards, restricted: /proc Mount Type (Kubernetes 1.35 and later)',
  why: 'Masked parts of /proc tell about, and change, the node.',
  match: PODS,
  conditions: [
    {
      over: CONTAINERS,
      cel: 'it.?securityContext.?procMount.orValue("Default") == "Default"',
      field: 'securityContext.procMount',
      fix: 'remove',
    },
  ],
  examples: {
    good: examplePod({ container: 'securityContext: { procMount: Default }' }),
    bad: examplePod({ spec: 'hostUsers: false', container: 'securityContext: { procMount: Unmasked }' }),
  },
});

import { PODS } from '../resources.ts';
import { CONTAINERS, defineRule } from '../rule.ts';
import { examplePod } from './examples.ts';

export const defaultProcMount = defineRule({
  id: 'default-proc-mount',
  title: '/proc stays masked',
  message: 'A container makes hidden parts of /proc visible: remove securityContext.procMount, or ask {contact}.',
  source: 'Pod Security Standards, restricted: /proc Mount Type (Kubernetes 1.35 and later)',
  why: 'The hidden parts of /proc show information about the node, and can change it.',
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

import { PODS } from '../resources.ts';
import { CONTAINERS, defineRule } from '../rule.ts';
import { examplePod } from './examples.ts';

export const noPrivilegeEscalation = defineRule({
  id: 'no-privilege-escalation',
  title: 'No privilege escalation',
  message:
    'A container could gain more privileges than it starts with: set securityContext.allowPrivilegeEscalation to false, or ask {contact}.',
  source: 'Pod Security Standards, restricted: Privilege Escalation; CIS Kubernetes Benchmark 5.2.6',
  why: 'Programs that change their user when they start (set-user-ID) are a common way to become root.',
  match: PODS,
  conditions: [
    {
      over: CONTAINERS,
      cel: 'variables.windows || it.?securityContext.?allowPrivilegeEscalation.orValue(true) == false',
      field: 'securityContext.allowPrivilegeEscalation',
      fix: { set: 'false' },
    },
  ],
  examples: {
    good: examplePod({ container: 'securityContext: { allowPrivilegeEscalation: false }' }),
    bad: examplePod({}),
  },
});

import { PODS } from '../resources.ts';
import { CONTAINERS, defineRule } from '../rule.ts';
import { examplePod } from './examples.ts';

export const runAsNonRoot = defineRule({
  id: 'run-as-non-root',
  title: 'No root',
  message:
    'A container may run as root: set securityContext.runAsNonRoot to true and no runAsUser of 0, or ask {contact}.',
  source:
    'Pod Security Standards, restricted: Running as Non-root, Running as Non-root user; CIS Kubernetes Benchmark 5.2.7',
  why: 'If the isolation has a vulnerability, root inside a container becomes root on the node.',
  match: PODS,
  // As in the standard, a pod with false is refused even if every container has true.
  conditions: [
    {
      in: 'podSpec',
      cel: 'variables.userNamespace || variables.podSpec.?securityContext.?runAsNonRoot.orValue(true) == true',
      field: 'securityContext.runAsNonRoot',
      fix: { set: 'true' },
    },
    {
      over: CONTAINERS,
      cel: 'variables.userNamespace || it.?securityContext.?runAsNonRoot.orValue(variables.podSpec.?securityContext.?runAsNonRoot.orValue(false)) == true',
      field: 'securityContext.runAsNonRoot',
      fix: { set: 'true' },
    },
    {
      in: 'podSpec',
      cel: 'variables.userNamespace || variables.podSpec.?securityContext.?runAsUser.orValue(1) > 0',
      field: 'securityContext.runAsUser',
    },
    {
      over: CONTAINERS,
      cel: 'variables.userNamespace || it.?securityContext.?runAsUser.orValue(1) > 0',
      field: 'securityContext.runAsUser',
    },
  ],
  examples: {
    good: examplePod({ spec: 'securityContext: { runAsNonRoot: true }' }),
    bad: examplePod({ container: 'securityContext: { runAsUser: 0 }' }),
  },
});

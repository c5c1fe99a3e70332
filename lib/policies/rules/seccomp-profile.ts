import { PODS } from '../resources.ts';
import { CONTAINERS, defineRule } from '../rule.ts';
import { examplePod } from './examples.ts';

const ALLOWED = '["RuntimeDefault", "Localhost"]';
const POD = 'variables.podSpec.?securityContext.?seccompProfile';

export const seccompProfile = defineRule({
  id: 'seccomp-profile',
  title: 'A filter for system calls',
  message:
    'A container runs without a filter for system calls: set securityContext.seccompProfile.type to RuntimeDefault, or ask {contact}.',
  source: 'Pod Security Standards, restricted: Seccomp; CIS Kubernetes Benchmark 5.6.2',
  why: 'The default filter blocks parts of the kernel that attackers use and apps do not need.',
  match: PODS,
  conditions: [
    {
      in: 'podSpec',
      cel: `variables.windows || !${POD}.hasValue() || ${POD}.?type.orValue("") in ${ALLOWED}`,
      field: 'securityContext.seccompProfile.type',
      fix: { set: '"RuntimeDefault"' },
    },
    {
      over: CONTAINERS,
      cel: `variables.windows || (it.?securityContext.?seccompProfile.hasValue() ? it.securityContext.seccompProfile : ${POD}.orValue({})).?type.orValue("") in ${ALLOWED}`,
      field: 'securityContext.seccompProfile.type',
      fix: { set: '"RuntimeDefault"' },
    },
  ],
  examples: {
    good: examplePod({ spec: 'securityContext: { seccompProfile: { type: RuntimeDefault } }' }),
    bad: examplePod({ container: 'securityContext: { seccompProfile: { type: Unconfined } }' }),
  },
});

import { PODS } from '../resources.ts';
import { CONTAINERS, defineRule } from '../rule.ts';
import { examplePod } from './examples.ts';

const ALLOWED = '["RuntimeDefault", "Localhost"]';
const POD = 'variables.podSpec.?securityContext.?appArmorProfile';
const ANNOTATION = '"container.apparmor.security.beta.kubernetes.io/"';
const VALUE = 'variables.podAnnotations[k]';

export const apparmorProfile = defineRule({
  id: 'apparmor-profile',
  title: 'AppArmor stays on',
  message:
    'A container turns off its AppArmor profile: remove appArmorProfile and AppArmor annotations, or ask {contact}.',
  source: 'Pod Security Standards, baseline: AppArmor',
  why: 'The default profile protects the files of the node from the container.',
  match: PODS,
  conditions: [
    {
      in: 'podSpec',
      cel: `!${POD}.hasValue() || ${POD}.?type.orValue("") in ${ALLOWED}`,
      field: 'securityContext.appArmorProfile',
      fix: 'remove',
    },
    {
      over: CONTAINERS,
      cel: `!it.?securityContext.?appArmorProfile.hasValue() || it.securityContext.appArmorProfile.?type.orValue("") in ${ALLOWED}`,
      field: 'securityContext.appArmorProfile',
      fix: 'remove',
    },
    {
      in: 'pod',
      cel: `variables.podAnnotations.all(k, !k.startsWith(${ANNOTATION}) || ${VALUE} in ["", "runtime/default"] || ${VALUE}.startsWith("localhost/"))`,
      field: 'metadata.annotations',
    },
  ],
  examples: {
    good: examplePod({ annotations: 'container.apparmor.security.beta.kubernetes.io/web: runtime/default' }),
    bad: examplePod({ annotations: 'container.apparmor.security.beta.kubernetes.io/web: unconfined' }),
  },
});

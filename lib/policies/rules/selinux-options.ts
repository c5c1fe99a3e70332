import { PODS } from '../resources.ts';
import { CONTAINERS, type Condition, defineRule } from '../rule.ts';
import { examplePod } from './examples.ts';

const TYPES = '["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"]';

const allowed = (field: string, values: string): Condition[] => {
  const path = `securityContext.seLinuxOptions.${field}`;
  const select = `.?${path.replaceAll('.', '.?')}.orValue("") in ${values}`;
  return [
    { in: 'podSpec', cel: `variables.podSpec${select}`, field: path, fix: 'remove' },
    { over: CONTAINERS, cel: `it${select}`, field: path, fix: 'remove' },
  ];
};

const [first, ...rest] = [...allowed('type', TYPES), ...allowed('user', '[""]'), ...allowed('role', '[""]')];

export const selinuxOptions = defineRule({
  id: 'selinux-options',
  title: 'No own SELinux identity',
  message:
    'The pod chooses an SELinux identity: remove user, role and type from securityContext.seLinuxOptions, or ask {contact}.',
  source: 'Pod Security Standards, baseline: SELinux (Kubernetes 1.31 and later)',
  why: 'SELinux isolates containers from the node; another identity can turn that off.',
  match: PODS,
  conditions: [first!, ...rest],
  examples: {
    good: examplePod({ spec: 'securityContext: { seLinuxOptions: { type: container_t } }' }),
    bad: examplePod({ spec: 'securityContext: { seLinuxOptions: { type: spc_t } }' }),
  },
});

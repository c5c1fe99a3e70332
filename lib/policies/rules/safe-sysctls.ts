import { PODS } from '../resources.ts';
import { defineRule, SYSCTLS } from '../rule.ts';
import { examplePod } from './examples.ts';

const SAFE = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
];

export const safeSysctls = defineRule({
  id: 'safe-sysctls',
  title: 'Safe kernel settings only',
  message:
    'The pod changes a kernel setting that affects others on the node: remove it from securityContext.sysctls, or ask {contact}.',
  source: 'Pod Security Standards, baseline: Sysctls (Kubernetes 1.32 and later)',
  why: 'Only settings that affect the pod alone are safe; others turn off protections or slow down neighbours.',
  match: PODS,
  conditions: [
    {
      over: SYSCTLS,
      cel: `it.?name.orValue("") in ${JSON.stringify(SAFE)}`,
      field: 'name',
    },
  ],
  examples: {
    good: examplePod({ spec: 'securityContext: { sysctls: [{ name: net.ipv4.tcp_syncookies, value: "1" }] }' }),
    bad: examplePod({ spec: 'securityContext: { sysctls: [{ name: kernel.msgmax, value: "65536" }] }' }),
  },
});

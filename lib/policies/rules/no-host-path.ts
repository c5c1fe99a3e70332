import { PODS } from '../resources.ts';
import { defineRule, VOLUMES } from '../rule.ts';
import { examplePod } from './examples.ts';

export const noHostPath = defineRule({
  id: 'no-host-path',
  title: 'No folders of the node',
  message: 'A volume is a folder of the node: use emptyDir instead of hostPath, or ask {contact}.',
  source: 'Pod Security Standards, baseline: HostPath Volumes; CIS Kubernetes Benchmark 5.2.11',
  why: "The node's disk contains other pods' data, their credentials, and the socket of the container runtime.",
  match: PODS,
  conditions: [{ over: VOLUMES, cel: '!has(it.hostPath)', field: 'hostPath' }],
  examples: {
    good: examplePod({ spec: 'volumes: [{ name: tmp, emptyDir: {} }]' }),
    bad: examplePod({ spec: 'volumes: [{ name: logs, hostPath: { path: /var/log } }]' }),
  },
});

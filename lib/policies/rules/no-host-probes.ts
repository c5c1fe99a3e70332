import { PODS } from '../resources.ts';
import { CONTAINERS, type Condition, defineRule } from '../rule.ts';
import { examplePod } from './examples.ts';

const HANDLERS = ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle.postStart', 'lifecycle.preStop'];

const ownHost = (handler: string): Condition[] =>
  ['httpGet', 'tcpSocket'].map((action) => ({
    over: CONTAINERS,
    cel: `it.?${`${handler}.${action}.host`.replaceAll('.', '.?')}.orValue("") == ""`,
    field: `${handler}.${action}.host`,
    fix: 'remove',
  }));

const [first, ...rest] = HANDLERS.flatMap(ownHost);

export const noHostProbes = defineRule({
  id: 'no-host-probes',
  title: 'Probes only of the pod itself',
  message: 'A probe or lifecycle hook is sent to another host than the pod: remove host from it, or ask {contact}.',
  source: 'Pod Security Standards, baseline: Host Probes / Lifecycle Hooks (Kubernetes 1.34 and later)',
  why: "The kubelet sends probes from the node's own network. With a host, they reach addresses that no pod may reach.",
  match: PODS,
  conditions: [first!, ...rest],
  examples: {
    good: examplePod({ container: 'readinessProbe: { httpGet: { path: /healthz, port: 8080 } }' }),
    bad: examplePod({ container: 'readinessProbe: { httpGet: { path: /, port: 80, host: 169.254.169.254 } }' }),
  },
});

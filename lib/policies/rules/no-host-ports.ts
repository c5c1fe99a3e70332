import { PODS } from '../resources.ts';
import { CONTAINERS, defineRule, inside, OWN_CONTAINERS } from '../rule.ts';
import { examplePod } from './examples.ts';

export const noHostPorts = defineRule({
  id: 'no-host-ports',
  title: 'No ports of the node',
  message: 'A container uses a port of the node: remove hostPort (a Service finds the pod), or ask {contact}.',
  source: 'Pod Security Standards, baseline: Host Ports; CIS Kubernetes Benchmark 5.2.12',
  why: 'A host port bypasses network policies and the ingress, and no other pod can use the port.',
  match: PODS,
  conditions: [
    {
      over: inside(CONTAINERS, 'ports'),
      cel: 'it.?hostPort.orValue(0) == 0',
      field: 'hostPort',
      fix: 'remove',
    },
    // In the node's network, the API server makes every container port a host port.
    {
      over: inside(OWN_CONTAINERS, 'ports'),
      cel: 'variables.podSpec.?hostNetwork.orValue(false) == false',
      field: 'containerPort',
    },
  ],
  examples: {
    good: examplePod({ container: 'ports: [{ containerPort: 8080 }]' }),
    bad: examplePod({ container: 'ports: [{ containerPort: 8080, hostPort: 80 }]' }),
  },
});

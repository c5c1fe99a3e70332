import { SERVICE } from '../resources.ts';
import { defineRule, listAt } from '../rule.ts';
import { exampleService } from './examples.ts';

const TYPE = 'dyn(object).?spec.?type.orValue("")';

// The API server gives a LoadBalancer node ports unless this is turned off, so it is checked as if it had them.
export const noNodePort = defineRule({
  id: 'no-node-port',
  title: 'No ports on the nodes',
  message:
    'A Service opens a port on every node of the cluster: use type ClusterIP without nodePort, or ask {contact}.',
  source: 'NSA/CISA Kubernetes Hardening Guide 1.2, network separation',
  why: 'A node port bypasses the ingress: it has no TLS and no host name, and everybody who can reach a node can use it.',
  impliedBy: { rule: 'no-load-balancer', anywhere: true },
  match: [SERVICE],
  conditions: [
    {
      cel: `${TYPE} in ["", "ClusterIP", "ExternalName"] || (${TYPE} == "LoadBalancer" && dyn(object).?spec.?allocateLoadBalancerNodePorts.orValue(true) == false)`,
      field: 'spec.type',
      fix: { set: '"ClusterIP"' },
    },
    // The API server refuses it with another type.
    {
      cel: `${TYPE} in ["", "ClusterIP", "ExternalName", "LoadBalancer"] || !dyn(object).?spec.?externalTrafficPolicy.hasValue()`,
      field: 'spec.externalTrafficPolicy',
      fix: 'remove',
    },
    { over: listAt('spec.ports'), cel: 'it.?nodePort.orValue(0) == 0', field: 'nodePort', fix: 'remove' },
    {
      cel: 'dyn(object).?spec.?healthCheckNodePort.orValue(0) == 0',
      field: 'spec.healthCheckNodePort',
      fix: 'remove',
    },
  ],
  examples: {
    good: exampleService('{ type: ClusterIP, ports: [{ port: 80 }] }'),
    bad: exampleService('{ type: NodePort, ports: [{ port: 80, nodePort: 30080 }] }'),
  },
});

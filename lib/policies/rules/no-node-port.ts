import { SERVICE } from '../resources.ts';
import { defineRule, listAt } from '../rule.ts';

// The API server gives a LoadBalancer node ports of its own unless it is told not to: judged as if they were there.
export const noNodePort = defineRule({
  id: 'no-node-port',
  title: 'No ports on the nodes',
  message:
    'A Service opens a port on every machine of the cluster: use type ClusterIP without nodePort, or ask {contact}.',
  source: 'NSA/CISA Kubernetes Hardening Guide 1.2, network separation',
  why: 'A node port goes round the ingress: no TLS, no host name, and open to whoever reaches a node.',
  match: [SERVICE],
  conditions: [
    {
      cel: 'dyn(object).?spec.?type.orValue("ClusterIP") in ["ClusterIP", "ExternalName", "LoadBalancer"]',
      field: 'spec.type',
    },
    {
      cel: 'dyn(object).?spec.?type.orValue("") != "LoadBalancer" || dyn(object).?spec.?allocateLoadBalancerNodePorts.orValue(true) == false',
      field: 'spec.allocateLoadBalancerNodePorts',
    },
    { over: listAt('spec.ports'), cel: 'it.?nodePort.orValue(0) == 0', field: 'nodePort' },
    { cel: 'dyn(object).?spec.?healthCheckNodePort.orValue(0) == 0', field: 'spec.healthCheckNodePort' },
  ],
  examples: {
    good: `
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { type: ClusterIP, ports: [{ port: 80 }] }
`,
    bad: `
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { type: NodePort, ports: [{ port: 80, nodePort: 30080 }] }
`,
  },
});

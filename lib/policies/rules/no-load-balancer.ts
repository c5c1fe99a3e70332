import { SERVICE } from '../resources.ts';
import { type Condition, defineRule } from '../rule.ts';
import { exampleService } from './examples.ts';

/** Only a load balancer has these: the API server refuses them with another type. */
const settings = ['allocateLoadBalancerNodePorts', 'loadBalancerClass', 'loadBalancerSourceRanges'].map(
  (field): Condition => ({
    cel: `dyn(object).?spec.?type.orValue("ClusterIP") != "LoadBalancer" || !dyn(object).?spec.?${field}.hasValue()`,
    field: `spec.${field}`,
    fix: 'remove',
  }),
);

export const noLoadBalancer = defineRule({
  id: 'no-load-balancer',
  title: 'No load balancers',
  message: 'A Service requests its own load balancer: use type ClusterIP (the preview has its URL), or ask {contact}.',
  source: 'NSA/CISA Kubernetes Hardening Guide 1.2, network separation',
  why: 'A load balancer is a public address without a review, and it costs money every hour.',
  match: [SERVICE],
  conditions: [
    {
      cel: 'dyn(object).?spec.?type.orValue("") in ["", "ClusterIP", "ExternalName", "NodePort"]',
      field: 'spec.type',
      fix: { set: '"ClusterIP"' },
    },
    ...settings,
  ],
  examples: {
    good: exampleService('{ ports: [{ port: 80 }] }'),
    bad: exampleService('{ type: LoadBalancer, ports: [{ port: 80 }] }'),
  },
});

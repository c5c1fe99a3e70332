import { SERVICE } from '../resources.ts';
import { defineRule } from '../rule.ts';
import { exampleService } from './examples.ts';

export const noExternalIps = defineRule({
  id: 'no-external-ips',
  title: 'No external addresses',
  message: 'A Service uses addresses outside of the cluster: remove spec.externalIPs, or ask {contact}.',
  source: 'CVE-2020-8554',
  why: 'A Service with an external address receives the traffic that others in the cluster send there.',
  match: [SERVICE],
  conditions: [
    { cel: 'dyn(object).?spec.?externalIPs.orValue([]).size() == 0', field: 'spec.externalIPs', fix: 'remove' },
  ],
  examples: {
    good: exampleService('{ ports: [{ port: 80 }] }'),
    bad: exampleService('{ ports: [{ port: 80 }], externalIPs: [203.0.113.10] }'),
  },
});

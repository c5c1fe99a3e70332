import { PODS } from '../resources.ts';
import { CONTAINERS, defineRule } from '../rule.ts';
import { examplePod } from './examples.ts';

export const dropCapabilities = defineRule({
  id: 'drop-capabilities',
  title: 'No kernel capabilities',
  message:
    'A container keeps special kernel permissions: set securityContext.capabilities.drop to [ALL] and add at most NET_BIND_SERVICE, or ask {contact}.',
  source: 'Pod Security Standards, restricted: Capabilities; CIS Kubernetes Benchmark 5.2.8 and 5.2.9',
  why: "Capabilities are parts of root's permissions; a web app needs none of them.",
  match: PODS,
  // exists(), not `in`: a text that contains the value would pass for a list.
  conditions: [
    {
      over: CONTAINERS,
      cel: 'variables.windows || it.?securityContext.?capabilities.?drop.orValue([]).exists(d, d == "ALL")',
      field: 'securityContext.capabilities.drop',
      fix: { set: '["ALL"]' },
    },
    {
      over: CONTAINERS,
      cel: 'variables.windows || it.?securityContext.?capabilities.?add.orValue([]).all(a, a == "NET_BIND_SERVICE")',
      field: 'securityContext.capabilities.add',
    },
  ],
  examples: {
    good: examplePod({ container: 'securityContext: { capabilities: { drop: [ALL] } }' }),
    bad: examplePod({ container: 'securityContext: { capabilities: { drop: [ALL], add: [NET_ADMIN] } }' }),
  },
});

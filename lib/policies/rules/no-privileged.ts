import { PODS } from '../resources.ts';
import { CONTAINERS, defineRule } from '../rule.ts';

export const noPrivileged = defineRule({
  id: 'no-privileged',
  title: 'No privileged containers',
  message:
    'A container asks for the privileges of the machine that it runs on: remove securityContext.privileged, or ask {contact}.',
  source: 'Pod Security Standards, baseline: Privileged Containers; CIS Kubernetes Benchmark 5.2.2',
  why: 'A privileged container can do whatever the node can, other previews and the cluster included.',
  match: PODS,
  conditions: [
    {
      over: CONTAINERS,
      cel: 'it.?securityContext.?privileged.orValue(false) == false',
      field: 'securityContext.privileged',
    },
  ],
  examples: {
    good: `
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - { name: web, image: ghcr.io/acme/shop, securityContext: { privileged: false } }
`,
    bad: `
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - { name: web, image: ghcr.io/acme/shop, securityContext: { privileged: true } }
`,
  },
});

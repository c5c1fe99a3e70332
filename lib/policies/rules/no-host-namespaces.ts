import { PODS } from '../resources.ts';
import { type Condition, defineRule } from '../rule.ts';
import { examplePod } from './examples.ts';

const off = (field: string): Condition => ({
  in: 'podSpec',
  cel: `variables.podSpec.?${field}.orValue(false) == false`,
  field,
  fix: 'remove',
});

export const noHostNamespaces = defineRule({
  id: 'no-host-namespaces',
  title: 'No network and processes of the node',
  message:
    'The pod uses the network or processes of the node: remove hostNetwork, hostPID and hostIPC, or ask {contact}.',
  source: 'Pod Security Standards, baseline: Host Namespaces; CIS Kubernetes Benchmark 5.2.3 to 5.2.5',
  why: "With these, a pod can read its neighbours' traffic and memory, and bypass network policies.",
  match: PODS,
  conditions: [off('hostNetwork'), off('hostPID'), off('hostIPC')],
  examples: { good: examplePod({}), bad: examplePod({ spec: 'hostNetwork: true' }) },
});

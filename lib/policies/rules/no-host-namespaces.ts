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
  title: "No network or processes of the node's own",
  message:
    "The pod shares the machine's network or processes: remove hostNetwork, hostPID and hostIPC, or ask {contact}.",
  source: 'Pod Security Standards, baseline: Host Namespaces; CIS Kubernetes Benchmark 5.2.3 to 5.2.5',
  why: 'There a pod can listen to its neighbours, go round network policies and look into their memory.',
  match: PODS,
  conditions: [off('hostNetwork'), off('hostPID'), off('hostIPC')],
  examples: { good: examplePod({}), bad: examplePod({ spec: 'hostNetwork: true' }) },
});

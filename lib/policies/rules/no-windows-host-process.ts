import { PODS } from '../resources.ts';
import { CONTAINERS, defineRule } from '../rule.ts';
import { examplePod } from './examples.ts';

const FIELD = 'securityContext.windowsOptions.hostProcess';
const OFF = '.?securityContext.?windowsOptions.?hostProcess.orValue(false) == false';

export const noWindowsHostProcess = defineRule({
  id: 'no-windows-host-process',
  title: 'No processes of a Windows node',
  message: 'A container runs as a process of the Windows node: remove windowsOptions.hostProcess, or ask {contact}.',
  source: 'Pod Security Standards, baseline: HostProcess; CIS Kubernetes Benchmark 5.2.10',
  why: 'A host process has all permissions of the node, also on other previews and the cluster.',
  match: PODS,
  conditions: [
    { in: 'podSpec', cel: `variables.podSpec${OFF}`, field: FIELD, fix: 'remove' },
    { over: CONTAINERS, cel: `it${OFF}`, field: FIELD, fix: 'remove' },
  ],
  examples: {
    good: examplePod({ spec: 'os: { name: windows }' }),
    bad: examplePod({
      spec: 'os: { name: windows }',
      container: 'securityContext: { windowsOptions: { hostProcess: true } }',
    }),
  },
});

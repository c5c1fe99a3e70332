import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '../cluster.ts';
import { eventually } from '../eventually.ts';
import { judge } from '../judges.ts';

/** User of a cluster that {@link startNodes} needs: pass it to `startCluster`. */
export const SCHEDULER = { name: 'system:kube-scheduler' } as const;

/** What kubelet would write about the pods whose first container has this value in its variable `KUBELET`. */
export interface PodStage {
  readonly value: string;
  /** Status of the pod; container statuses are as kubelet writes them. */
  readonly status: object;
  /** An event about the pod. @default - none */
  readonly event?: { readonly reason: string; readonly message: string };
}

/** The variable of a pod that chooses its stage; pods without it become ready. */
export const KUBELET = 'KUBELET';

/** Kubelet's part of a status: a container that has this state. */
export function containerStatus(parts: object, name = 'app'): object {
  return { name, ready: false, restartCount: 0, image: 'x', imageID: '', ...parts };
}

/**
 * A node and Kubernetes' own scheduler. kwok plays kubelet: it writes the status of pods by stages, and deletes pods.
 *
 * @param capacity what the node has
 * @param others stages of other objects. @default - none
 */
export async function startNodes(
  cluster: Cluster,
  stages: readonly PodStage[],
  capacity: Readonly<Record<'cpu' | 'memory' | 'ephemeral-storage' | 'pods', string>>,
  others: readonly object[] = [],
): Promise<void> {
  const file = join(cluster.folder, 'stages.yaml');
  const all = [NODE_READY, POD_DELETED, podReady(stages.map(({ value }) => value)), ...stages.map(stage), ...others];
  writeFileSync(file, all.map((one) => JSON.stringify(one)).join('\n---\n'));
  cluster.processes.start('kwok', await judge('kwok'), [
    ...[`--kubeconfig=${cluster.kubeconfig}`, `--config=${file}`],
    ...['--manage-all-nodes=true', '--node-ip=127.0.0.1', '--node-lease-duration-seconds=40'],
  ]);
  const { kubeconfig } = cluster.as(SCHEDULER.name);
  cluster.processes.start('kube-scheduler', await judge('kube-scheduler'), [
    ...[`--kubeconfig=${kubeconfig}`, `--authentication-kubeconfig=${kubeconfig}`],
    ...[`--authorization-kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0'],
    ...['--kube-api-qps=200', '--kube-api-burst=400'],
  ]);
  const status = { capacity, allocatable: capacity };
  await cluster.kubectl(
    ['create', '--filename=-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node' }, status }),
  );
  await eventually(
    async () => {
      for (const name of ['kwok', 'kube-scheduler']) cluster.processes.check(name);
      const path = '--output=jsonpath={.status.conditions[?(@.type=="Ready")].status} {.spec.taints}';
      return (await cluster.kubectl(['get', 'node', 'node', path])).trim() === 'True';
    },
    { what: 'the node to be ready', timeoutMs: 60_000 },
  );
}

const VALUE_PATH = `.spec.containers.[0].env.[] | select( .name == "${KUBELET}" ) | .value`;
const exists = { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' };
const isNew = { key: '.status.containerStatuses', operator: 'DoesNotExist' };

function stageOf(
  name: string,
  kind: string,
  matchExpressions: readonly object[],
  next: object,
  apiGroup = 'v1',
): object {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: { resourceRef: { apiGroup, kind }, selector: { matchExpressions }, next },
  };
}

const NODE_READY = stageOf(
  'node-ready',
  'Node',
  [{ key: '.status.conditions.[] | select( .type == "Ready" ) | .status', operator: 'NotIn', values: ['True'] }],
  {
    statusTemplate: `conditions:
- { type: Ready, status: "True", reason: KubeletReady, message: ready, lastHeartbeatTime: {{ Now | Quote }}, lastTransitionTime: {{ Now | Quote }} }
`,
  },
);

/** The ingress controller's part: every Ingress has an address. */
export const INGRESS_READY = stageOf(
  'ingress-ready',
  'Ingress',
  [{ key: '.status.loadBalancer.ingress', operator: 'DoesNotExist' }],
  { statusTemplate: 'loadBalancer: { ingress: [{ ip: 192.0.2.1 }] }\n' },
  'networking.k8s.io/v1',
);

const POD_DELETED = stageOf('pod-deleted', 'Pod', [{ ...exists, operator: 'Exists' }], { delete: true });

function podReady(others: readonly string[]): object {
  const condition = (type: string) => `- { type: ${type}, status: "True", lastTransitionTime: {{ Now | Quote }} }\n`;
  const statusTemplate = `phase: Running
podIP: 10.0.0.1
conditions:
${['Initialized', 'ContainersReady', 'Ready'].map(condition).join('')}containerStatuses:
{{ range .spec.containers }}
- { name: {{ .name | Quote }}, image: {{ .image | Quote }}, ready: true, restartCount: 0, state: { running: { startedAt: {{ Now | Quote }} } } }
{{ end }}
`;
  // kwok takes no empty list of values.
  const isOther = others.length === 0 ? [] : [{ key: VALUE_PATH, operator: 'NotIn', values: others }];
  return stageOf('pod-ready', 'Pod', [exists, isNew, ...isOther], { statusTemplate });
}

function stage({ value, status, event }: PodStage): object {
  const matches = [exists, isNew, { key: VALUE_PATH, operator: 'In', values: [value] }];
  return stageOf(`pod-${value}`, 'Pod', matches, {
    statusTemplate: JSON.stringify(status),
    ...(event && { event: { type: 'Warning', ...event } }),
  });
}

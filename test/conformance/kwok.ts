import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { sourceOf } from './go.ts';
import { judge, judgeModule } from './judges.ts';

const NODE = 'kwok-0';

/** The part of a node's life that kwok plays, from its own module. */
const STAGES = ['node/fast/node-initialize', 'node/heartbeat/node-heartbeat', 'pod/fast/pod-delete'];
/** The same of pods that start. */
const POD_STAGES = ['pod/fast/pod-ready', 'pod/fast/pod-complete'];

const LARGE = { cpu: '256', memory: '1Ti', 'ephemeral-storage': '1Ti', pods: '1000' };

export interface KwokOptions {
  /** What the node has. @default - more than any test needs */
  readonly capacity?: typeof LARGE;
  /** Stages of pods that start. @default - each becomes Ready */
  readonly pods?: readonly object[];
  /** Whether every Ingress is served. @default true */
  readonly ingress?: boolean;
}

/** What an ingress controller writes: Argo CD takes an Ingress without it as not healthy yet. */
const INGRESS_STAGE = {
  apiVersion: 'kwok.x-k8s.io/v1alpha1',
  kind: 'Stage',
  metadata: { name: 'ingress-served' },
  spec: {
    resourceRef: { apiGroup: 'networking.k8s.io/v1', kind: 'Ingress' },
    selector: {
      matchExpressions: [
        { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' },
        { key: '.status.loadBalancer.ingress', operator: 'DoesNotExist' },
      ],
    },
    next: { statusTemplate: 'loadBalancer:\n  ingress:\n  - ip: 192.0.2.1\n' },
  },
};

/**
 * Gives a cluster the real kube-scheduler and a node that kwok plays: by default a large one, where every pod that is
 * admitted becomes Ready within a second, and every Ingress is served. No container runs. They end with the cluster.
 */
export async function startKwok(
  cluster: Cluster,
  { capacity = LARGE, pods, ingress = true }: KwokOptions = {},
): Promise<void> {
  const [kwok, scheduler] = [await judge('kwok'), await judge('kube-scheduler')];
  const source = await sourceOf('sigs.k8s.io/kwok', judgeModule('kwok'));
  const own = join(cluster.folder, 'kwok-stages.yaml');
  const ownStages = [...(ingress ? [INGRESS_STAGE] : []), ...(pods ?? [])];
  writeFileSync(own, ownStages.map((stage) => JSON.stringify(stage)).join('\n---\n'));
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: NODE, labels: { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' } },
    status: { allocatable: capacity, capacity },
  };
  await cluster.kubectl(['create', '--filename=-'], JSON.stringify(node));
  const { kubeconfig, processes } = cluster;
  processes.start('kube-scheduler', scheduler, [
    `--kubeconfig=${kubeconfig}`,
    '--leader-elect=false',
    '--secure-port=0',
  ]);
  const names = pods === undefined ? [...STAGES, ...POD_STAGES] : STAGES;
  const stages = [...names.map((name) => join(source, 'kustomize/stage', `${name}.yaml`)), own];
  processes.start('kwok', kwok, [
    `--kubeconfig=${kubeconfig}`,
    '--manage-all-nodes',
    ...stages.map((file) => `--config=${file}`),
  ]);
  const ready = '{.status.conditions[?(@.type=="Ready")].status}';
  await eventually(
    async () => {
      processes.check('kwok');
      processes.check('kube-scheduler');
      return (await cluster.kubectl(['get', 'node', NODE, `--output=jsonpath=${ready}`])) === 'True';
    },
    { what: 'the node of kwok to be ready' },
  );
}

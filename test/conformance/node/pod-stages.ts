/** What kubelet would write about the pods whose first container has this value in its variable {@link KUBELET}. */
export interface PodStage {
  readonly value: string;
  /** Status of the pod; container statuses are as kubelet writes them. */
  readonly status: object;
  /** An event about the pod. @default - none */
  readonly event?: { readonly reason: string; readonly message: string };
}

/** The variable of a pod that chooses its stage; pods with another value, or without it, become ready. */
export const KUBELET = 'KUBELET';

/** Kubelet's part of a status: a container that has this state. */
export function containerStatus(parts: object, name = 'app'): object {
  return { name, ready: false, restartCount: 0, image: 'x', imageID: '', ...parts };
}

/** Stages of kwok: a pod enters one once, when it has no status of containers yet. */
export function podStages(stages: readonly PodStage[]): object[] {
  return [podReady(stages.map(({ value }) => value)), ...stages.map(podStage)];
}

const VALUE_PATH = `.spec.containers.[0].env.[] | select( .name == "${KUBELET}" ) | .value`;
const NEW = [
  { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' },
  { key: '.status.containerStatuses', operator: 'DoesNotExist' },
];

function stageOf(name: string, operator: 'In' | 'NotIn', values: readonly string[], next: object): object {
  const matchExpressions = [...NEW, { key: VALUE_PATH, operator, values }];
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: { resourceRef: { apiGroup: 'v1', kind: 'Pod' }, selector: { matchExpressions }, next },
  };
}

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
  return stageOf('pod-others-ready', 'NotIn', others, { statusTemplate });
}

function podStage({ value, status, event }: PodStage): object {
  return stageOf(`pod-${value}`, 'In', [value], {
    statusTemplate: JSON.stringify(status),
    ...(event && { event: { type: 'Warning', ...event } }),
  });
}

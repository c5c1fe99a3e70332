import { builtIn, type Container, type KubeObject, type Mutable, type Probe } from '../kube.ts';
import type { WorkloadParts } from './template.ts';

/** When an app is ready: a path that answers, or a port that takes connections. */
export type Health =
  | {
      readonly path: string;
      /** The Host header that it is asked with. @default - the pod's address */
      readonly host?: string | undefined;
      /** Whether the maker named the path: then an app that stops answering is restarted. */
      readonly isNamed: boolean;
    }
  | { readonly tcp: true };

type Probes = Pick<Mutable<Container>, 'startupProbe' | 'readinessProbe' | 'livenessProbe'>;

/** How pods are run, and what is set for them in the pod. Templates share these. */
export interface Runtime {
  /** Name of the container's port. */
  readonly portName: string;
  /** Whether `PORT` has to be set; Knative sets it itself and refuses it. */
  readonly needsPortVariable: boolean;
  /** Whether a security context of the pod is taken. */
  readonly takesPodSecurity: boolean;
  /** Whether a Service and a route have to be made in front of it; a DomainMapping leads to what has its own. */
  readonly needsService: boolean;
  readonly probes: (health: Health, port: number) => Probes;
  /** Annotations of the pods. */
  readonly podAnnotations: (replicas: number) => Readonly<Record<string, string>>;
  readonly workload: (parts: WorkloadParts) => KubeObject;
}

/** Name of the app's port, on the container and on the Service. */
export const PORT_NAME = 'http';

/** No probe names a host to connect to: the kubelet would send it there from the node's network. A header is harmless. */
function question(health: Health, port: number | string): Pick<Probe, 'httpGet' | 'tcpSocket'> {
  if ('tcp' in health) return { tcpSocket: { port } };
  const { path, host } = health;
  return { httpGet: { path, port, ...(host !== undefined && { httpHeaders: [{ name: 'Host', value: host }] }) } };
}

/** A Deployment behind a Service. */
export const DEPLOYMENT: Runtime = {
  portName: PORT_NAME,
  needsPortVariable: true,
  takesPodSecurity: true,
  needsService: true,
  /**
   * Four minutes to start; while it is not ready it gets no requests. Restarted after a minute without an answer only
   * where the maker named what to ask: / may be slow for good reasons.
   */
  probes(health) {
    const ask = question(health, PORT_NAME);
    return {
      startupProbe: { ...ask, periodSeconds: 3, timeoutSeconds: 2, failureThreshold: 80 },
      readinessProbe: { ...ask, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 2 },
      ...('path' in health &&
        health.isNamed && { livenessProbe: { ...ask, periodSeconds: 20, timeoutSeconds: 5, failureThreshold: 3 } }),
    };
  },
  podAnnotations: () => ({}),
  workload({ metadata, podMetadata, pod, selector, replicas }) {
    return builtIn('Deployment', {
      metadata,
      spec: {
        replicas,
        // Git is the history.
        revisionHistoryLimit: 1,
        // Longer than the start-up probe waits: what has not started by then will not. A release step may take longer.
        progressDeadlineSeconds: pod.initContainers === undefined ? 300 : 600,
        selector: { matchLabels: selector },
        template: { metadata: podMetadata, spec: pod },
      },
    });
  },
};

/**
 * A Knative Service, within the fields that Knative's webhook takes: it sets PORT itself, knows no named port but
 * `http1` and `h2c`, and no security context of the pod unless a feature flag is set.
 */
export const KNATIVE: Runtime = {
  portName: 'http1',
  needsPortVariable: false,
  takesPodSecurity: false,
  needsService: false,
  probes: (health, port) => ({ readinessProbe: { ...question(health, port), successThreshold: 1 } }),
  podAnnotations: (replicas) => ({
    'autoscaling.knative.dev/min-scale': '0',
    'autoscaling.knative.dev/max-scale': String(replicas),
  }),
  workload: ({ metadata, podMetadata, pod }) => ({
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    // Without it, Knative would publish a second host of its own beside the DomainMapping's.
    metadata: { ...metadata, labels: { ...metadata.labels, 'networking.knative.dev/visibility': 'cluster-local' } },
    spec: { template: { metadata: podMetadata, spec: pod } },
  }),
};

import { builtIn, type Container, type KubeObject, type Mutable, type PodSpec, type Probe } from '../kube.ts';

/** When an app is ready: a path answers, or a port accepts connections. */
export type Health =
  | {
      readonly path: string;
      /** The Host header of the request. @default - the pod's address */
      readonly host?: string | undefined;
      /** Whether the maker named the path: then an app that stops answering is restarted. */
      readonly isNamed: boolean;
    }
  | { readonly tcp: true };

type Probes = Pick<Mutable<Container>, 'startupProbe' | 'readinessProbe' | 'livenessProbe'>;

/** The parts of a workload. They are passed by reference, so that later changes of an extension apply. */
export interface WorkloadParts {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly podMetadata: { labels: Record<string, string>; annotations?: Record<string, string> };
  readonly pod: Mutable<PodSpec>;
  /** Labels that never change, since a Deployment's selector cannot change. */
  readonly selector: Readonly<Record<string, string>>;
  /** Number of pods. */
  readonly replicas: number;
}

/** How pods run, and what is set for them in the pod. Several templates share one runtime. */
export interface Runtime {
  /** Name of the container's port. */
  readonly portName: string;
  /** Whether `PORT` must be set. Knative sets it itself and refuses it. */
  readonly needsPortVariable: boolean;
  /** Whether a security context of the pod is allowed. */
  readonly takesPodSecurity: boolean;
  /** Whether it needs a Service and a route. If not, a DomainMapping leads to it. */
  readonly needsService: boolean;
  readonly probes: (health: Health, port: number) => Probes;
  /** Annotations of the pods. */
  readonly podAnnotations: (replicas: number) => Readonly<Record<string, string>>;
  readonly workload: (parts: WorkloadParts) => KubeObject;
}

/** Name of the app's port, on the container and on the Service. */
export const PORT_NAME = 'http';

/**
 * No probe sets a host to connect to: the kubelet would connect to it from the node's network. A Host header is
 * harmless.
 */
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
   * The app has four minutes to start. It gets no requests while it is not ready. It is restarted after a minute
   * without an answer only if the maker named a path: / may be slow for good reasons.
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
        // The history is in Git.
        revisionHistoryLimit: 1,
        // Longer than the startup probe waits: an app that has not started by then will not start. A release step may
        // take longer.
        progressDeadlineSeconds: pod.initContainers === undefined ? 300 : 600,
        selector: { matchLabels: selector },
        template: { metadata: podMetadata, spec: pod },
      },
    });
  },
};

/**
 * A Knative Service, with only the fields that Knative's webhook accepts: it sets PORT itself, knows no named port
 * except `http1` and `h2c`, and no security context of the pod unless a feature flag is set.
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
    // Without it, Knative would publish a second host in addition to the DomainMapping's.
    metadata: { ...metadata, labels: { ...metadata.labels, 'networking.knative.dev/visibility': 'cluster-local' } },
    spec: { template: { metadata: podMetadata, spec: pod } },
  }),
};

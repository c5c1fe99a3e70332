import type { Container, EnvVar, Mutable } from '../../model/kube.ts';
import { kubeObject } from '../kube-object.ts';
import { type StringMap, sortedEntries } from '../metadata.ts';
import { restrictedSecurityContext } from './pod.ts';
import type { PreviewApp } from './preview-app.ts';
import type { Resources } from './props.ts';

/** A throw-away service beside an app, such as a database. */
export interface ResourceProps {
  /** Name of its container. */
  readonly name: string;
  readonly image: string;
  readonly port: number;
  /** Number of the user that it runs as. */
  readonly user: number;
  readonly size: { readonly requests: Resources; readonly limits: Resources };
  readonly args: readonly string[];
  /** Its own environment. */
  readonly ownEnv: StringMap;
  /** Folders beside /tmp that it writes to. */
  readonly writable: readonly string[];
  /** Runs inside it and ends with 0 once it answers; null where nobody can tell. */
  readonly ready: readonly string[] | null;
  /**
   * Name of a Service for other pods of the preview.
   * @default - it is reached inside the pod only
   */
  readonly service?: string;
  /**
   * Runs once it answers and the app's release step is over, with the app's image and environment.
   * @default - nothing
   */
  readonly seed?: readonly string[];
}

const DATA_SIZE = '1Gi';

/**
 * Puts services into the pod of an app: native sidecars (Kubernetes 1.29), which answer before the release step and the app
 * start. Their data is as old as the pod: each begins with an empty database, and `seed` runs on it once.
 *
 * The pod is replaced and not rolled over, so that there is one database at a time.
 */
export function addResources(app: PreviewApp, resources: readonly ResourceProps[]): void {
  if (resources.length === 0) return;
  const { pod, deployment } = app;
  const steps = pod.initContainers ?? [];
  pod.initContainers = [
    ...resources.map(sidecar),
    ...steps,
    ...resources.flatMap(({ name, seed }) => (seed === undefined ? [] : [step(app, `seed-${name}`, seed)])),
  ];
  for (const resource of resources) {
    for (const { volume } of places(resource)) app.addVolume({ name: volume, emptyDir: { sizeLimit: DATA_SIZE } });
    if (resource.service !== undefined) service(app, resource.service, resource);
  }
  if (deployment === undefined) return;
  deployment.spec.strategy = { type: 'Recreate' };
  deployment.spec.progressDeadlineSeconds = 600;
}

function places({ name, writable }: ResourceProps): { readonly volume: string; readonly path: string }[] {
  // No other volume of a pod is named so, whatever the resource is called.
  return ['/tmp', ...writable].map((path, i) => ({ volume: `${name}-data-${i}`, path }));
}

function sidecar(resource: ResourceProps): Mutable<Container> {
  const { name, image, port, user, size, args, ownEnv, ready } = resource;
  return {
    name,
    image,
    imagePullPolicy: image.includes('@') ? 'IfNotPresent' : 'Always',
    restartPolicy: 'Always',
    ...(args.length > 0 && { args: [...args] }),
    ...(Object.keys(ownEnv).length > 0 && {
      env: sortedEntries(ownEnv).map(([key, value]): EnvVar => ({ name: key, value })),
    }),
    ports: [{ containerPort: port, protocol: 'TCP' }],
    resources: {
      requests: { ...size.requests, 'ephemeral-storage': '64Mi' },
      limits: { ...size.limits, 'ephemeral-storage': DATA_SIZE },
    },
    securityContext: { ...restrictedSecurityContext(), runAsUser: user },
    // Asked from inside: what listens on the loopback cannot be asked by the kubelet.
    ...(ready !== null && {
      startupProbe: { exec: { command: [...ready] }, periodSeconds: 3, timeoutSeconds: 2, failureThreshold: 60 },
    }),
    volumeMounts: places(resource).map(({ volume, path }) => ({ name: volume, mountPath: path })),
  };
}

/** A container with all that the app has, but for what it runs and how it is asked. */
function step(app: PreviewApp, name: string, command: readonly string[]): Mutable<Container> {
  const [container] = app.pod.containers;
  const { args, ports, startupProbe, readinessProbe, livenessProbe, ...rest } = structuredClone(container!);
  return { ...rest, name, command: [...command] };
}

function service(app: PreviewApp, name: string, { name: resource, port }: ResourceProps): void {
  const { labels, annotations } = app.objectMetadata;
  kubeObject(app, `service-${resource}`, 'Service', {
    metadata: { name, namespace: app.namespace, labels, annotations },
    spec: {
      type: 'ClusterIP',
      selector: app.selector,
      // Release steps of other apps need it before the first app is ready.
      publishNotReadyAddresses: true,
      ports: [{ port, targetPort: port, protocol: 'TCP' }],
    },
  });
}

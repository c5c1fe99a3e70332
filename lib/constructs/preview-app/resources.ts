import type { Container, EnvVar, Mutable } from '../../model/kube.ts';
import { kubeObject } from '../kube-object.ts';
import { type StringMap, sortedEntries } from '../metadata.ts';
import { restrictedSecurityContext } from './pod.ts';
import type { PreviewApp } from './preview-app.ts';
import type { Resources } from './props.ts';

/** A temporary service for an app, such as a database. */
export interface ResourceProps {
  /** Name of its container. */
  readonly name: string;
  readonly image: string;
  readonly port: number;
  /** User id that it runs as. */
  readonly user: number;
  readonly size: { readonly requests: Resources; readonly limits: Resources };
  readonly args: readonly string[];
  /** Environment of its container. */
  readonly ownEnv: StringMap;
  /** Further folders, besides /tmp, that it writes to. */
  readonly writable: readonly string[];
  /** A command that runs inside it and exits with 0 when it is ready; null if there is none. */
  readonly ready: readonly string[] | null;
  /**
   * Name of a Service for other pods of the preview.
   * @default - it can only be reached inside the pod
   */
  readonly service?: string;
  /**
   * A command that runs when it is ready and the app's release step has finished, with the app's image and environment.
   * @default - nothing
   */
  readonly seed?: readonly string[];
}

const DATA_SIZE = '1Gi';

/**
 * Adds services to the pod of an app as native sidecars (Kubernetes 1.29), which are ready before the release step and the
 * app start. Their data lives as long as the pod: each starts with an empty database, and `seed` runs once.
 *
 * The pod is replaced without a rolling update, so that there is only one database at a time.
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
    for (const { volume } of writableFolders(resource))
      app.addVolume({ name: volume, emptyDir: { sizeLimit: DATA_SIZE } });
    if (resource.service !== undefined) service(app, resource.service, resource);
  }
  if (deployment === undefined) return;
  deployment.spec.strategy = { type: 'Recreate' };
  deployment.spec.progressDeadlineSeconds = 600;
}

function writableFolders({ name, writable }: ResourceProps): { readonly volume: string; readonly path: string }[] {
  // These names cannot clash with other volumes of the pod.
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
    // An exec probe, since the kubelet cannot reach a port on the loopback interface.
    ...(ready !== null && {
      startupProbe: { exec: { command: [...ready] }, periodSeconds: 3, timeoutSeconds: 2, failureThreshold: 60 },
    }),
    volumeMounts: writableFolders(resource).map(({ volume, path }) => ({ name: volume, mountPath: path })),
  };
}

/** A copy of the app's container with another command, and without ports and probes. */
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

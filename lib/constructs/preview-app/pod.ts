import { APP_ACCOUNT } from '../../model/labels.ts';
import type { Container, EnvVar, Mutable, PodSpec, Probe } from '../kube-object.ts';
import { sortedEntries } from '../metadata.ts';
import type { PreviewAppProps, SpotProps } from './props.ts';
import { secretKeys } from './secrets.ts';

/** Name of the app's container. */
export const APP_CONTAINER = 'app';
/** Name of the app's port, on the container and on the Service. */
export const PORT_NAME = 'http';
const TMP_VOLUME = 'tmp';

/** Node disk that is reserved for each app. */
export const EPHEMERAL_REQUEST = '64Mi';
export const DEFAULT_EPHEMERAL_STORAGE = '1Gi';
export const DEFAULT_TMP_SIZE = '256Mi';

/** What Pod Security's `restricted` level asks of every container, and a root file system that cannot be written. */
export function restrictedSecurityContext() {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/** The pod of a Deployment. */
export function podSpec(props: PreviewAppProps): Mutable<PodSpec> {
  return {
    ...commonPodSpec(props),
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        ...container(props),
        ports: [{ name: PORT_NAME, containerPort: props.port, protocol: 'TCP' }],
        env: environment(props, [{ name: 'PORT', value: String(props.port) }]),
        ...deploymentProbes(props.health ?? '/'),
      },
    ],
  };
}

/**
 * The pod of a Knative Service, within the fields that Knative's webhook takes: it sets PORT itself, knows no named
 * port but `http1` and `h2c`, and no security context of the pod unless a feature flag is set.
 */
export function knativePodSpec(props: PreviewAppProps): Mutable<PodSpec> {
  const variables = environment(props, []);
  return {
    ...commonPodSpec(props),
    containers: [
      {
        ...container(props),
        ports: [{ name: 'http1', containerPort: props.port, protocol: 'TCP' }],
        ...(variables.length > 0 && { env: variables }),
        readinessProbe: { httpGet: { path: props.health ?? '/', port: props.port }, successThreshold: 1 },
      },
    ],
  };
}

function commonPodSpec(props: PreviewAppProps): Omit<Mutable<PodSpec>, 'containers'> {
  return {
    serviceAccountName: props.serviceAccount ?? APP_ACCOUNT,
    automountServiceAccountToken: false,
    // Service links would leak the neighbours' names into the environment and can clash with the maker's variables.
    enableServiceLinks: false,
    volumes: [{ name: TMP_VOLUME, emptyDir: { sizeLimit: props.tmpSize ?? DEFAULT_TMP_SIZE } }],
    ...(props.spot && spotScheduling(props.spot)),
  };
}

function container(props: PreviewAppProps): Mutable<Container> {
  const disk = props.ephemeralStorage ?? DEFAULT_EPHEMERAL_STORAGE;
  return {
    name: APP_CONTAINER,
    image: props.image,
    resources: {
      // Without a request of its own the API server would reserve the whole limit.
      requests: { ...props.size.requests, 'ephemeral-storage': EPHEMERAL_REQUEST },
      limits: { ...props.size.limits, 'ephemeral-storage': disk },
    },
    securityContext: restrictedSecurityContext(),
    volumeMounts: [{ name: TMP_VOLUME, mountPath: '/tmp' }],
  };
}

/** Sorted by name, so that the order in preview.yaml never shows in a diff. */
function environment(props: PreviewAppProps, given: EnvVar[]): EnvVar[] {
  const plain = Object.entries(props.env ?? {}).map(([name, value]): EnvVar => ({ name, value }));
  const { secretName, keys } = secretKeys(props);
  const secret = [...keys].map(
    ([name, key]): EnvVar => ({ name, valueFrom: { secretKeyRef: { name: secretName, key } } }),
  );
  const byName = Object.fromEntries([...given, ...plain, ...secret].map((variable) => [variable.name, variable]));
  return sortedEntries(byName).map(([, variable]) => variable);
}

/**
 * Five minutes to start, then a minute without an answer restarts the app; while it is not ready it gets no requests.
 * No probe names a host: the kubelet would send it there from the node's network.
 */
function deploymentProbes(path: string): Record<'startupProbe' | 'readinessProbe' | 'livenessProbe', Mutable<Probe>> {
  const probe = { httpGet: { path, port: PORT_NAME }, timeoutSeconds: 5 };
  return {
    startupProbe: { ...probe, periodSeconds: 2, failureThreshold: 150 },
    readinessProbe: { ...probe, periodSeconds: 5, failureThreshold: 2 },
    livenessProbe: { ...probe, periodSeconds: 20, failureThreshold: 3 },
  };
}

function spotScheduling({
  label,
  toleration,
  required = false,
}: SpotProps): Pick<Mutable<PodSpec>, 'affinity' | 'tolerations'> {
  const term = { matchExpressions: [{ key: label.key, operator: 'In', values: [label.value] }] };
  return {
    affinity: {
      nodeAffinity: required
        ? { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } }
        : { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: term }] },
    },
    ...(toleration && {
      tolerations: [
        {
          key: toleration.key,
          effect: toleration.effect,
          ...(toleration.value === undefined ? { operator: 'Exists' } : { operator: 'Equal', value: toleration.value }),
        },
      ],
    }),
  };
}

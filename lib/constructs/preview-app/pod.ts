import type { Container, EnvVar, Mutable, PodSpec } from '../../model/kube.ts';
import { APP_ACCOUNT } from '../../model/labels.ts';
import type { Health, Runtime } from '../../model/templates/runtime.ts';
import { sortedEntries } from '../metadata.ts';
import type { PreviewAppProps, SecretKey, SpotProps } from './props.ts';
import { secretKeys } from './secrets.ts';

/** Name of the app's container. */
export const APP_CONTAINER = 'app';
/** Name of the container that runs before the app. */
export const RELEASE_CONTAINER = 'release';
const TMP_VOLUME = 'tmp';

/** Node disk that is reserved for each app. */
export const EPHEMERAL_REQUEST = '64Mi';
export const DEFAULT_EPHEMERAL_STORAGE = '1Gi';
export const DEFAULT_TMP_SIZE = '256Mi';

/** The security context of Pod Security's level `restricted`, with a read-only root file system. */
export function restrictedSecurityContext() {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/** The pod of an app, for its runtime. */
export function podSpec(props: PreviewAppProps, runtime: Runtime): Mutable<PodSpec> {
  const { port, release } = props;
  const given = port !== undefined && runtime.needsPortVariable ? [{ name: 'PORT', value: String(port) }] : [];
  const variables = environment(props, given);
  const env = variables.length > 0 && { env: variables };
  return {
    ...commonPodSpec(props),
    ...(runtime.takesPodSecurity && {
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    }),
    ...(release !== undefined && {
      initContainers: [{ ...container(props), name: RELEASE_CONTAINER, command: [...release], ...env }],
    }),
    containers: [
      {
        ...container(props),
        ...(props.command && { command: [...props.command] }),
        ...(props.args && { args: [...props.args] }),
        ...(port !== undefined && { ports: [{ name: runtime.portName, containerPort: port, protocol: 'TCP' }] }),
        ...env,
        ...(port !== undefined && runtime.probes(healthOf(props.health), port)),
      },
    ],
  };
}

function healthOf(health: PreviewAppProps['health']): Health {
  if (health === undefined) return { path: '/', isNamed: false };
  if (typeof health === 'string') return { path: health, isNamed: true };
  return 'tcp' in health ? health : { ...health, isNamed: true };
}

function commonPodSpec(props: PreviewAppProps): Omit<Mutable<PodSpec>, 'containers'> {
  const { priorityClass } = props;
  return {
    serviceAccountName: props.serviceAccount ?? APP_ACCOUNT,
    automountServiceAccountToken: false,
    // Service links would add variables for other Services, which can clash with the maker's variables.
    enableServiceLinks: false,
    ...(priorityClass !== undefined && { priorityClassName: priorityClass }),
    volumes: writableFolders(props).map(({ volume }) => ({
      name: volume,
      emptyDir: { sizeLimit: props.tmpSize ?? DEFAULT_TMP_SIZE },
    })),
    ...(props.spot && spotScheduling(props.spot)),
  };
}

/** Writable folders of the app, and the volume of each. */
function writableFolders({ writable = [] }: PreviewAppProps): { readonly volume: string; readonly path: string }[] {
  const own = writable.map((path, i) => ({ volume: `writable-${i + 1}`, path }));
  return [{ volume: TMP_VOLUME, path: '/tmp' }, ...own];
}

function container(props: PreviewAppProps): Mutable<Container> {
  const disk = props.ephemeralStorage ?? DEFAULT_EPHEMERAL_STORAGE;
  return {
    name: APP_CONTAINER,
    image: props.image,
    // The content of a digest never changes; a tag may have been pushed again.
    imagePullPolicy: props.image.includes('@') ? 'IfNotPresent' : 'Always',
    resources: {
      // Without a request the API server would reserve the whole limit.
      requests: { ...props.size.requests, 'ephemeral-storage': EPHEMERAL_REQUEST },
      limits: { ...props.size.limits, 'ephemeral-storage': disk },
    },
    securityContext: {
      ...restrictedSecurityContext(),
      ...(props.user !== undefined && { runAsUser: props.user }),
    },
    volumeMounts: writableFolders(props).map(({ volume, path }) => ({ name: volume, mountPath: path })),
  };
}

/** Sorted by name, so that the order in preview.yaml does not affect the output. */
function environment(props: PreviewAppProps, given: EnvVar[]): EnvVar[] {
  const plain = Object.entries(props.env ?? {}).map(([name, value]): EnvVar => ({ name, value }));
  const { secretName, keys } = secretKeys(props);
  const secret = [...keys].map(([name, key]) => fromSecret(name, { secret: secretName, key }));
  const others = Object.entries(props.secretKeys ?? {}).map(([name, source]) => fromSecret(name, source));
  const byName = Object.fromEntries(
    [...given, ...others, ...plain, ...secret].map((variable) => [variable.name, variable]),
  );
  return sortedEntries(byName).map(([, variable]) => variable);
}

function fromSecret(name: string, { secret, key }: SecretKey): EnvVar {
  return { name, valueFrom: { secretKeyRef: { name: secret, key } } };
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

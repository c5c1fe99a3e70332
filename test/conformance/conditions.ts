import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { containerStatus, KUBELET, type PodStage } from './node/pod-stages.ts';

/** A condition of a preview in a cluster, and the sentence about it. */
export interface ClusterCondition {
  readonly value: string;
  /** What the comment says. */
  readonly says: string;
  /** More lines of preview.yaml. @default - none */
  readonly spec?: string;
  /** What kubelet writes. @default - the pod is never on a node, or becomes ready */
  readonly kubelet?: Omit<PodStage, 'value'>;
  /** Before its objects are applied; its fence is there. */
  readonly prepare?: (cluster: Cluster, namespace: string) => Promise<void>;
  /** After that. */
  readonly finish?: (cluster: Cluster, namespace: string) => Promise<void>;
}

const waiting = (reason: string, message: string) => ({
  status: { phase: 'Pending', containerStatuses: [containerStatus({ state: { waiting: { reason, message } } })] },
});
const crashed = (exitCode: number, reason: string) => ({
  status: {
    phase: 'Running',
    containerStatuses: [
      containerStatus({
        restartCount: 3,
        state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s restarting failed container=app' } },
        lastState: { terminated: { exitCode, reason } },
      }),
    ],
  },
});
const unhealthy = (message: string) => ({
  status: {
    phase: 'Running',
    containerStatuses: [containerStatus({ state: { running: { startedAt: '2026-11-30T10:00:00Z' } } })],
  },
  event: { reason: 'Unhealthy', message: `Readiness probe failed: ${message}` },
});

/** Words of kubelet 1.36, of its container runtime, and of External Secrets Operator. */
export const CONDITIONS: readonly ClusterCondition[] = [
  {
    value: 'image-missing',
    says: 'Its registry has no image under this name and tag.',
    kubelet: waiting(
      'ImagePullBackOff',
      'Back-off pulling image "ghcr.io/acme/shop:x": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image: ghcr.io/acme/shop:x: not found',
    ),
  },
  {
    value: 'image-denied',
    says: 'The registry does not let the cluster read the image.',
    kubelet: waiting(
      'ErrImagePull',
      'failed to authorize: failed to fetch anonymous token: unexpected status from GET request: 403 Forbidden',
    ),
  },
  {
    value: 'image-root',
    says: 'It runs as root, and previews may not. Add USER 1000',
    kubelet: waiting('CreateContainerConfigError', 'container has runAsNonRoot and image will run as root (pod: "x")'),
  },
  {
    value: 'image-user',
    says: 'The image gives its user by name (node), so it is unknown whether that is root.',
    kubelet: waiting(
      'CreateContainerConfigError',
      'container has runAsNonRoot and image has non-numeric user (node), cannot verify user is non-root (pod: "x")',
    ),
  },
  {
    value: 'image-platform',
    says: 'It was built for another kind of processor.',
    kubelet: waiting('ErrImagePull', 'no match for platform in manifest: not found'),
  },
  { value: 'exits', says: 'It ended with exit code 3, 3 times.', kubelet: crashed(3, 'Error') },
  { value: 'ends', says: 'It ended without a failure (exit code 0), 3 times;', kubelet: crashed(0, 'Completed') },
  { value: 'memory', says: 'It used more memory than its size has', kubelet: crashed(137, 'OOMKilled') },
  {
    value: 'no-program',
    says: 'The image has no such program, or it is not executable.',
    kubelet: waiting(
      'RunContainerError',
      'failed to create containerd task: exec: "serve": executable file not found in $PATH',
    ),
  },
  {
    value: 'release',
    says: 'The command of release ended with exit code 2, 3 times; the app starts after it.',
    spec: 'release: [npm, run, migrate]',
    kubelet: {
      status: {
        phase: 'Pending',
        initContainerStatuses: [
          containerStatus(
            {
              restartCount: 3,
              state: { waiting: { reason: 'CrashLoopBackOff' } },
              lastState: { terminated: { exitCode: 2, reason: 'Error' } },
            },
            'release',
          ),
        ],
        containerStatuses: [containerStatus({ state: { waiting: { reason: 'PodInitializing' } } })],
      },
    },
  },
  {
    value: 'wrong-port',
    says: 'The app runs, but nothing answers on port 8080.',
    kubelet: unhealthy('Get "http://10.0.0.7:8080/": dial tcp 10.0.0.7:8080: connect: connection refused'),
  },
  {
    value: 'probe-status',
    says: 'with status 503.',
    kubelet: unhealthy('HTTP probe failed with statuscode: 503'),
  },
  {
    value: 'probe-slow',
    says: 'The app does not answer its health check (path /healthz of port 8080) in time.',
    kubelet: unhealthy(
      'Get "http://10.0.0.7:8080/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
    ),
  },
  { value: 'no-node', says: 'The cluster has no room for it at the moment.', spec: 'size: huge' },
  {
    value: 'no-quota',
    says: 'It asks for more than one preview may use in all.',
    prepare: async (cluster, namespace) => {
      const names = await cluster.kubectl(['get', 'resourcequota', `--namespace=${namespace}`, '--output=name']);
      const patch = JSON.stringify({ spec: { hard: { 'requests.cpu': '1m' } } });
      await cluster.kubectl(['patch', names.trim(), `--namespace=${namespace}`, '--type=merge', `--patch=${patch}`]);
    },
  },
  {
    value: 'secret',
    says: 'The store of secrets does not give "acme/shop/key".',
    spec: 'secrets: { KEY: acme/shop/key }',
    kubelet: waiting('CreateContainerConfigError', 'secret "app-secrets" not found'),
    finish: async (cluster, namespace) => {
      const where = [`--namespace=${namespace}`];
      const secret = (await cluster.kubectl(['get', 'externalsecrets', ...where, '--output=name'])).trim();
      const condition = {
        type: 'Ready',
        status: 'False',
        reason: 'SecretSyncedError',
        message: 'could not get secret data',
      };
      const status = JSON.stringify({ status: { conditions: [condition] } });
      await cluster.kubectl(['patch', secret, ...where, '--subresource=status', '--type=merge', `--patch=${status}`]);
      const name = secret.split('/')[1]!;
      const event = {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: 'update-failed', namespace },
        involvedObject: { kind: 'ExternalSecret', name, namespace },
        ...{ type: 'Warning', reason: 'UpdateFailed', lastTimestamp: '2026-11-30T10:00:00Z' },
        message: 'error processing spec.data[0] (key: acme/shop/key), err: Secret does not exist',
      };
      await cluster.kubectl(['create', '--filename=-'], JSON.stringify(event));
    },
  },
  {
    value: 'refused',
    says: 'The platform refused it: Images of this app are not allowed today.',
    prepare: async (cluster) => {
      const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
      const isIt = `object.spec.containers.exists(c, has(c.env) && c.env.exists(e, e.name == '${KUBELET}' && e.value == 'refused'))`;
      const about = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: 'not-today' } };
      const message = 'Images of this app are not allowed today.';
      const policy = {
        matchConstraints: { resourceRules: [rule] },
        validations: [{ expression: `!${isIt}`, message }],
      };
      await cluster.apply(
        [
          { ...about, kind: 'ValidatingAdmissionPolicy', spec: policy },
          {
            ...about,
            kind: 'ValidatingAdmissionPolicyBinding',
            spec: { policyName: 'not-today', validationActions: ['Deny'] },
          },
        ]
          .map((object) => JSON.stringify(object))
          .join('\n---\n'),
      );
      await refusing(cluster);
    },
  },
  { value: 'no-route', says: 'The app runs; its address is not set up yet.' },
];

/** A policy takes effect some seconds after it was created. */
async function refusing(cluster: Cluster): Promise<void> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'tried', namespace: 'default' },
    spec: { containers: [{ name: 'app', image: 'x', env: [{ name: KUBELET, value: 'refused' }] }] },
  };
  await eventually(
    async () => {
      const { stderr } = await cluster.tryKubectl(['create', '--dry-run=server', '--filename=-'], JSON.stringify(pod));
      return stderr.includes('not allowed today');
    },
    { what: 'the policy to take effect', timeoutMs: 60_000 },
  );
}

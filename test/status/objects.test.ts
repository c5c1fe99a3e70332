import { describe, expect, test } from 'vitest';
import { lookAtObjects } from '../../lib/status/objects/look.ts';
import type { ContainerLike, EventLike, KubeLike, PodLike, PreviewObjects } from '../../lib/status/objects/types.ts';
import { REASONS } from '../../lib/status/reasons.ts';

// Messages are those of kubelet, containerd, the scheduler, the API server and External Secrets, word for word.

const HEAD = 'a1b2c3d'.padEnd(40, '0');
const OLDER = 'b'.repeat(40);
const NAME = 'pr-shop-7';

const owner = (kind: string, name: string) => ({ ownerReferences: [{ kind, name }] });
const deployment = (name = NAME, parts: Partial<KubeLike> = {}): KubeLike => ({
  metadata: {
    name,
    generation: 1,
    annotations: { 'greenroom.dev/commit': HEAD },
    labels: { 'greenroom.dev/app': name },
  },
  spec: { replicas: 1 },
  status: { observedGeneration: 1 },
  ...parts,
});
const set = (name: string, commit = HEAD, revision = 1, of = NAME): KubeLike => ({
  metadata: {
    name,
    annotations: { 'greenroom.dev/commit': commit, 'deployment.kubernetes.io/revision': String(revision) },
    ...owner('Deployment', of),
  },
});
const ready = [{ type: 'Ready', status: 'True' }];
const pod = (status: PodLike['status'], of = 'new', name = `${of}-x`): PodLike => ({
  metadata: { name, ...owner('ReplicaSet', of) },
  status: status!,
});
const unready = (container: ContainerLike, more: Partial<NonNullable<PodLike['status']>> = {}) =>
  pod({
    conditions: [{ type: 'PodScheduled', status: 'True' }],
    containerStatuses: [{ name: 'app', ready: false, ...container }],
    ...more,
  });
const waiting = (reason: string, message = '') => unready({ state: { waiting: { reason, message } } });
const annotated = (of: PodLike, annotations: Record<string, string>): PodLike => ({
  ...of,
  metadata: { ...of.metadata, annotations },
});
const crashed = (exitCode: number, parts: object = {}, restartCount = 3) =>
  unready({
    restartCount,
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode, reason: 'Error', ...parts } },
  });
const unhealthy = (message: string): EventLike => ({
  reason: 'Unhealthy',
  message,
  involvedObject: { kind: 'Pod', name: 'new-x' },
});

function look(parts: Partial<PreviewObjects>) {
  const namespace: KubeLike = { metadata: { name: NAME, annotations: { 'greenroom.dev/commit': HEAD } } };
  const nothing = { events: [], routes: [], externalSecrets: [], pods: [] };
  return lookAtObjects(
    { namespace, ...nothing, deployments: [deployment()], replicaSets: [set('new')], ...parts },
    1000,
  );
}

const RUNNING: ContainerLike = { state: { running: {} } };

const NOT_SYNCED = {
  conditions: [{ type: 'Ready', status: 'False', message: 'could not get secret data from provider' }],
};
const TWO_REFERENCES = [
  { secretKey: 'STRIPE_KEY', remoteRef: { key: 'acme/shop/stripe' } },
  { secretKey: 'DB', remoteRef: { key: 'acme/shop/db', property: 'password' } },
];
const syncFailure = (name: string, message: string, time: string) => ({
  involvedObject: { kind: 'ExternalSecret', name },
  lastTimestamp: `2026-11-24T${time}:00Z`,
  message,
});

describe('each condition of a namespace has its reason', () => {
  const rows: [string, Partial<PreviewObjects>, object][] = [
    [
      'image-missing',
      {
        pods: [
          waiting(
            'ImagePullBackOff',
            'Back-off pulling image "ghcr.io/acme/shop:x": ErrImagePull: failed to resolve reference "ghcr.io/acme/shop:x": ghcr.io/acme/shop:x: not found',
          ),
        ],
      },
      {},
    ],
    [
      'image-denied',
      {
        pods: [
          waiting(
            'ErrImagePull',
            'failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token: 403 Forbidden',
          ),
        ],
      },
      {},
    ],
    ['image-platform', { pods: [waiting('ErrImagePull', 'no match for platform in manifest: not found')] }, {}],
    [
      'image-root',
      {
        pods: [
          waiting(
            'CreateContainerConfigError',
            'container has runAsNonRoot and image will run as root (pod: "x", container: app)',
          ),
        ],
      },
      {},
    ],
    [
      'image-user-name',
      {
        pods: [
          waiting(
            'CreateContainerConfigError',
            'container has runAsNonRoot and image has non-numeric user (nginx), cannot verify user is non-root',
          ),
        ],
      },
      { name: 'nginx' },
    ],
    [
      'secret-missing',
      { pods: [waiting('CreateContainerConfigError', 'secret "pr-shop-7" not found')] },
      { name: 'pr-shop-7' },
    ],
    [
      'secret-missing',
      { pods: [waiting('CreateContainerConfigError', "couldn't find key STRIPE_KEY in Secret pr-shop-7/pr-shop-7")] },
      { name: 'STRIPE_KEY' },
    ],
    [
      'cannot-start',
      { pods: [waiting('CreateContainerError', 'exec: "serve": executable file not found in $PATH')] },
      {},
    ],
    ['cannot-start', { pods: [crashed(127)] }, {}],
    ['exits', { pods: [crashed(1)] }, { code: 1, count: 3 }],
    ['ends', { pods: [crashed(0, { reason: 'Completed' })] }, { code: 0, count: 3 }],
    ['out-of-memory', { pods: [crashed(137, { reason: 'OOMKilled' })] }, { code: 137, count: 3 }],
    ['image-platform', { pods: [crashed(255, { message: 'exec /app: exec format error' })] }, {}],
    [
      'release',
      {
        pods: [
          pod({
            initContainerStatuses: [
              {
                name: 'release',
                restartCount: 2,
                state: { waiting: { reason: 'CrashLoopBackOff' } },
                lastState: { terminated: { exitCode: 3 } },
              },
            ],
          }),
        ],
      },
      { code: 3, count: 2 },
    ],
    [
      'no-answer-port',
      {
        pods: [unready(RUNNING)],
        events: [
          unhealthy(
            'Startup probe failed: Get "http://10.0.0.5:8080/healthz": dial tcp 10.0.0.5:8080: connect: connection refused',
          ),
        ],
      },
      { port: 8080, path: '/healthz' },
    ],
    [
      'no-answer-port',
      {
        pods: [unready(RUNNING)],
        events: [unhealthy('Startup probe failed: dial tcp 10.0.0.5:9000: connect: connection refused')],
      },
      { port: 9000 },
    ],
    [
      'health-status',
      {
        pods: [unready(RUNNING)],
        events: [unhealthy('Readiness probe failed: HTTP probe failed with statuscode: 404')],
      },
      { status: 404 },
    ],
    [
      'health-slow',
      {
        pods: [unready(RUNNING)],
        events: [
          unhealthy(
            'Readiness probe failed: Get "http://10.0.0.5:8080/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
          ),
        ],
      },
      { port: 8080, path: '/healthz' },
    ],
    [
      'no-answer-port',
      {
        pods: [crashed(137)],
        events: [
          unhealthy(
            'Liveness probe failed: Get "http://10.0.0.5:8080/": dial tcp 10.0.0.5:8080: connect: connection refused',
          ),
        ],
      },
      { port: 8080, path: '/' },
    ],
    [
      'no-room',
      {
        pods: [
          pod({
            phase: 'Pending',
            conditions: [
              {
                type: 'PodScheduled',
                status: 'False',
                reason: 'Unschedulable',
                message: '0/3 nodes are available: 3 Insufficient memory.',
              },
            ],
          }),
        ],
      },
      {},
    ],
    [
      'disk-full',
      {
        pods: [
          pod({
            phase: 'Failed',
            reason: 'Evicted',
            message: 'Pod ephemeral local storage usage exceeds the total limit of containers 1Gi.',
          }),
        ],
      },
      {},
    ],
    [
      'too-large',
      {
        replicaSets: [
          {
            ...set('new'),
            status: {
              conditions: [
                {
                  type: 'ReplicaFailure',
                  status: 'True',
                  reason: 'FailedCreate',
                  message:
                    'pods "x" is forbidden: exceeded quota: preview, requested: limits.cpu=2, used: limits.cpu=3, limited: limits.cpu=4',
                },
              ],
            },
          },
        ],
      },
      {},
    ],
    [
      'refused',
      {
        replicaSets: [
          {
            ...set('new'),
            status: {
              conditions: [
                {
                  type: 'ReplicaFailure',
                  status: 'True',
                  message: `pods "x" is forbidden: ValidatingAdmissionPolicy 'greenroom' with binding 'greenroom' denied request: Ask for less memory.`,
                },
              ],
            },
          },
        ],
      },
      {},
    ],
    [
      'secret-missing',
      {
        pods: [waiting('CreateContainerConfigError', 'secret "pr-shop-7" not found')],
        externalSecrets: [
          {
            metadata: { name: 'pr-shop-7' },
            spec: { data: [{ secretKey: 'STRIPE_KEY', remoteRef: { key: 'acme/shop/stripe' } }] },
            status: NOT_SYNCED,
          },
        ],
      },
      { name: 'acme/shop/stripe' },
    ],
    [
      'secret-missing',
      {
        pods: [waiting('CreateContainerConfigError', 'secret "pr-shop-7" not found')],
        externalSecrets: [{ metadata: { name: 'pr-shop-7' }, spec: { data: TWO_REFERENCES }, status: NOT_SYNCED }],
        events: [
          syncFailure('pr-shop-7', 'error processing spec.data[0] (key: acme/shop/stripe), err: gone', '08:00'),
          syncFailure(
            'pr-shop-7',
            'error processing spec.data[1] (key: acme/shop/db), err: Secret does not exist',
            '09:00',
          ),
          syncFailure('pr-shop-7', 'error processing spec.data[0] (key: acme/shop/older), err: gone', '10:00'),
          syncFailure('another', 'error processing spec.data[0] (key: acme/shop/stripe), err: gone', '11:00'),
        ],
      },
      { name: 'acme/shop/db#password' },
    ],
    // Nobody says which of the two.
    [
      'secret-missing',
      {
        pods: [waiting('CreateContainerConfigError', 'secret "pr-shop-7" not found')],
        externalSecrets: [{ metadata: { name: 'pr-shop-7' }, spec: { data: TWO_REFERENCES }, status: NOT_SYNCED }],
      },
      {},
    ],
    ['secret-closed', { pods: [waiting('CreateContainerConfigError', 'secret "preview-secrets" not found')] }, {}],
    [
      'service-waiting',
      {
        pods: [
          annotated(waiting('CreateContainerConfigError', 'secret "pr-shop-7-db-app" not found'), {
            'greenroom.dev/service-secrets': 'pr-shop-7-q-app,pr-shop-7-db-app',
          }),
        ],
      },
      {},
    ],
  ];

  test.each(rows)('%s', (reason, parts, facts) => {
    const seen = look(parts);
    expect(seen).toMatchObject({ source: 'cluster', headSha: HEAD, condition: 'not-working', reason });
    expect(seen?.facts ?? {}).toEqual(facts);
    expect(Object.hasOwn(REASONS, reason)).toBe(true);
  });

  test("what a rule said are the rule's own words", () => {
    const row = rows.find(([reason]) => reason === 'refused')!;
    expect(look(row[1])?.words).toBe('Ask for less memory.');
  });
});

describe('what goes its way', () => {
  test('placing, pulling, checking, ready, asleep', () => {
    const pending = pod({ conditions: [{ type: 'PodScheduled', status: 'False' }] });
    expect(look({ pods: [pending] })).toMatchObject({ condition: 'starting', reason: 'placing' });
    expect(look({ pods: [waiting('ContainerCreating')] })).toMatchObject({ condition: 'starting', reason: 'pulling' });
    expect(look({ pods: [unready(RUNNING)] })).toMatchObject({ condition: 'starting', reason: 'checking' });
    expect(look({ pods: [pod({ conditions: ready })] })).toMatchObject({ condition: 'ready' });
    expect(look({ deployments: [] })).toMatchObject({ condition: 'starting', reason: 'applying' });
    expect(look({ deployments: [deployment(NAME, { spec: { replicas: 0 } })] })).toMatchObject({ condition: 'asleep' });
  });

  test('one crash is no failure yet: it is tried again', () => {
    const once = unready({ restartCount: 1, state: { running: {} }, lastState: { terminated: { exitCode: 1 } } });
    expect(look({ pods: [once] })).toMatchObject({ condition: 'starting', reason: 'checking' });
  });

  test('a route that is not there yet', () => {
    const pods = [pod({ conditions: ready })];
    const ingress = { kind: 'Ingress', status: { loadBalancer: {} } };
    expect(look({ pods, routes: [ingress] })).toMatchObject({ condition: 'starting', reason: 'route' });
    const there = { kind: 'Ingress', status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } };
    const parents = [{ conditions: [{ type: 'Accepted', status: 'True' }] }];
    expect(look({ pods, routes: [there, { kind: 'HTTPRoute', status: { parents } }] })).toMatchObject({
      condition: 'ready',
    });
  });

  test.each<[string, unknown, string | undefined]>([
    ['nobody has looked at', undefined, undefined],
    ['no Gateway has taken', [], undefined],
    [
      'a Gateway refuses',
      [
        {
          conditions: [{ type: 'Accepted', status: 'False', reason: 'NotAllowedByListeners', message: 'no @listener' }],
        },
      ],
      'NotAllowedByListeners: no @listener',
    ],
    [
      'leads to no Service',
      [
        {
          conditions: [
            { type: 'Accepted', status: 'True' },
            { type: 'ResolvedRefs', status: 'False', reason: 'BackendNotFound', message: 'service "x" not found' },
          ],
        },
      ],
      'BackendNotFound: service "x" not found',
    ],
    ['has a status of another form', 'broken', undefined],
  ])('an HTTPRoute that %s', (_, parents, words) => {
    const pods = [pod({ conditions: ready })];
    const seen = look({ pods, routes: [{ kind: 'HTTPRoute', status: { parents } }] });
    expect(seen).toMatchObject({ condition: 'starting', reason: 'route' });
    expect(seen?.words).toBe(words);
  });

  test('an HTTPRoute that one of its Gateways takes leads somewhere', () => {
    const of = (status: string) => ({ conditions: [{ type: 'Accepted', status }] });
    const route = { kind: 'HTTPRoute', status: { parents: [of('False'), of('True')] } };
    expect(look({ pods: [pod({ conditions: ready })], routes: [route] })).toMatchObject({ condition: 'ready' });
  });

  test('the earlier version that still answers is named, whatever the new one does', () => {
    const replicaSets = [set('old', OLDER, 1), set('new', HEAD, 2)];
    const pods = [pod({ conditions: ready }, 'old'), crashed(1)];
    expect(look({ replicaSets, pods })).toMatchObject({
      condition: 'not-working',
      reason: 'exits',
      shows: OLDER.slice(0, 12),
    });
    const unapplied = deployment(NAME, { metadata: { name: NAME, annotations: { 'greenroom.dev/commit': OLDER } } });
    expect(look({ deployments: [unapplied], replicaSets: [set('old', OLDER)], pods: [pods[0]!] })).toMatchObject({
      condition: 'starting',
      reason: 'applying',
      shows: OLDER.slice(0, 12),
    });
  });

  test('of several apps the one that does not work is named', () => {
    const deployments = [deployment(), deployment(`${NAME}-api`)];
    const replicaSets = [set('new'), set('api', HEAD, 1, `${NAME}-api`)];
    const failing = { ...crashed(2), metadata: { name: 'api-x', ...owner('ReplicaSet', 'api') } };
    const pods = [pod({ conditions: ready }), failing];
    expect(look({ deployments, replicaSets, pods })?.facts).toMatchObject({ app: 'api', code: 2 });
  });
});

describe('the end', () => {
  const ending = (conditions: object[]): KubeLike => ({
    metadata: { name: NAME, deletionTimestamp: '2026-11-06T14:00:00Z', annotations: { 'greenroom.dev/commit': HEAD } },
    status: { conditions },
  });

  test('goes its way, or is stuck on a finalizer, which is named', () => {
    const content = {
      type: 'NamespaceContentRemaining',
      status: 'True',
      message: 'Some resources are remaining: pods. has 1 resource instances',
    };
    expect(look({ namespace: ending([content]) })).toMatchObject({ condition: 'ending' });
    expect(look({ namespace: ending([content]) })?.reason).toBeUndefined();
    const held = {
      type: 'NamespaceFinalizersRemaining',
      status: 'True',
      message: 'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    };
    expect(look({ namespace: ending([content, held]) })).toMatchObject({
      condition: 'ending',
      reason: 'stuck',
      facts: { name: 'example.com/hold' },
    });
  });
});

test.each(['Error', 'Completed', 'OOMKilled', undefined])(
  'what an app wrote as its last message, or its log, is no word of the system: %s',
  (reason) => {
    const message = 'DB_PASSWORD=hunter2';
    const seen = look({ pods: [crashed(reason === 'Completed' ? 0 : 1, { reason, message })] });
    expect(seen?.condition).toBe('not-working');
    expect(JSON.stringify(seen)).not.toContain('hunter2');
    expect(look({ pods: [crashed(127, { reason: 'StartError', message: 'no such file: start' })] })?.words).toContain(
      'no such file',
    );
  },
);

test('a namespace that names no commit says nothing, and hostile words stay short', () => {
  expect(lookAtObjects({ ...({} as PreviewObjects), namespace: {}, deployments: [] }, 0)).toBeNull();
  const pods = [waiting('ErrImagePull', `@everyone [x](https://evil.example) not found ${'x'.repeat(1_000_000)}`)];
  const seen = look({ pods });
  expect(seen?.reason).toBe('image-missing');
  expect(seen?.words?.length).toBeLessThanOrEqual(600);
});

test.each(['maximum ', 'denied request: ', 'has 1 resource instances ', 'https://', 'non-numeric user (', '503 401 '])(
  'a message of 1 MB of %j is read in no time',
  (part) => {
    const message = part.repeat(1_000_000 / part.length);
    const conditions = [{ type: 'ReplicaFailure', status: 'True', message }];
    const unhealthy = { reason: 'Unhealthy', message, involvedObject: { name: 'new-1' } };
    const started = performance.now();
    look({ replicaSets: [{ ...set('new'), status: { conditions } }] });
    look({ pods: [waiting('ErrImagePull', message)] });
    look({ pods: [waiting('CreateContainerConfigError', message)] });
    look({ pods: [crashed(137, { reason: 'Error', message })], events: [unhealthy] });
    expect(performance.now() - started).toBeLessThan(1000);
  },
);

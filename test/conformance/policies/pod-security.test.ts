import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createChecker } from '../../../lib/policies/checker.ts';
import { RULES } from '../../../lib/policies/rules/index.ts';
import { PARAMS } from '../../policies/support.ts';
import { go } from '../go.ts';
import { judge, judgeModule } from '../judges.ts';
import { run } from '../run.ts';

/** The reasons of Kubernetes' own checks, and the rule that stands for each. */
const RULE_OF_REASON: Readonly<Record<string, string>> = {
  'allowPrivilegeEscalation != false': 'no-privilege-escalation',
  'forbidden AppArmor profile': 'apparmor-profile',
  'forbidden AppArmor profiles': 'apparmor-profile',
  'forbidden sysctls': 'safe-sysctls',
  'host namespaces': 'no-host-namespaces',
  hostPort: 'no-host-ports',
  hostProcess: 'no-windows-host-process',
  privileged: 'no-privileged',
  'probe or lifecycle host': 'no-host-probes',
  procMount: 'default-proc-mount',
  'restricted volume types': 'allowed-volumes',
  'runAsNonRoot != true': 'run-as-non-root',
  'runAsUser=0': 'run-as-non-root',
  seLinuxOptions: 'selinux-options',
  seccompProfile: 'seccomp-profile',
  'unrestricted capabilities': 'drop-capabilities',
};
const STANDARD = new Set(Object.values(RULE_OF_REASON));

interface Pod {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

let podsecurity: string;
beforeAll(async () => {
  podsecurity = await judge('podsecurity');
});

/** The rules that Kubernetes' own checks break down to, for each pod. */
async function standard(pods: readonly unknown[]): Promise<string[][]> {
  const verdicts = JSON.parse(await run(podsecurity, [], { stdin: JSON.stringify(pods) })) as {
    allowed: boolean;
    reasons: string[];
    error?: string;
  }[];
  return verdicts.map(({ allowed, reasons, error }) => {
    if (error !== undefined) throw new Error(error);
    const rules = reasons.map((reason) => RULE_OF_REASON[reason] ?? `(unknown reason: ${reason})`);
    expect(allowed).toBe(rules.length === 0);
    return [...new Set(rules)].sort();
  });
}

const checker = createChecker({ params: PARAMS, onlyRules: RULES.filter(({ id }) => STANDARD.has(id)) });

function own(object: unknown): string[] {
  const violations = checker.check(object);
  expect(violations.filter((v) => v.ruleAtFault)).toEqual([]);
  return [...new Set(violations.map((v) => v.rule))].sort();
}

/** The same pod in each kind that wraps one. */
const WRAPPED: readonly ((pod: Pod) => object)[] = [
  (pod) => ({ apiVersion: 'v1', kind: 'PodTemplate', metadata: {}, template: pod }),
  (pod) => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: {}, spec: { template: pod } }),
  (pod) => ({ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: {}, spec: { template: pod } }),
  (pod) => ({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: {}, spec: { template: pod } }),
  (pod) => ({ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: {}, spec: { template: pod } }),
  (pod) => ({ apiVersion: 'v1', kind: 'ReplicationController', metadata: {}, spec: { template: pod } }),
  (pod) => ({ apiVersion: 'batch/v1', kind: 'Job', metadata: {}, spec: { template: pod } }),
  (pod) => ({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: {},
    spec: { jobTemplate: { spec: { template: pod } } },
  }),
  (pod) => ({ apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: {}, spec: { template: pod } }),
];

/** As the API server hands it to its checks: a volume of no type has become an emptyDir. */
function asStored(pod: Pod): Pod {
  const volumes = pod.spec['volumes'] as object[] | undefined;
  if (volumes === undefined) return pod;
  const stored = volumes.map((volume) => (Object.keys(volume).length === 1 ? { ...volume, emptyDir: {} } : volume));
  return { ...pod, spec: { ...pod.spec, volumes: stored } };
}

async function expectSame(pods: readonly Pod[]): Promise<void> {
  const expected = await standard(pods.map(asStored));
  pods.forEach((pod, i) => {
    expect(own({ apiVersion: 'v1', kind: 'Pod', ...pod }), JSON.stringify(pod)).toEqual(expected[i]);
    const wrap = WRAPPED[i % WRAPPED.length] as (pod: Pod) => object;
    expect(own(wrap(pod)), JSON.stringify(wrap(pod))).toEqual(expected[i]);
  });
}

describe("the pod rules are Kubernetes' Pod Security Standard restricted, check by check", () => {
  it("for the standard's own pods", async () => {
    const module = await go(
      ['list', '-m', '-f', '{{.Dir}}', 'k8s.io/pod-security-admission'],
      judgeModule('podsecurity'),
    );
    const root = join(module.trim(), 'test/testdata');
    const newest = readdirSync(join(root, 'restricted'))
      .sort((a, b) => Number(a.slice(3)) - Number(b.slice(3)))
      .at(-1)!;
    const pods = ['restricted', 'baseline'].flatMap((level) =>
      ['pass', 'fail'].flatMap((verdict) => {
        const folder = join(root, level, newest, verdict);
        return readdirSync(folder).map((file) => parse(readFileSync(join(folder, file), 'utf8')) as Pod);
      }),
    );
    expect(pods.length).toBeGreaterThan(100);
    await expectSame(pods);
  });

  it('for thousands of random pods', async () => {
    const batch = fc.array(randomPod(), { minLength: 300, maxLength: 400 });
    await fc.assert(fc.asyncProperty(batch, expectSame), { numRuns: 12, seed: 20261124 });
  });
});

/** Members that are mostly as they should be, sometimes bad, sometimes missing. */
function randomPod(): fc.Arbitrary<Pod> {
  const some = <T>(...values: T[]) => fc.option(fc.constantFrom(...values), { nil: undefined, freq: 3 });
  const maybe = <T>(inner: fc.Arbitrary<T>) => fc.option(inner, { nil: undefined, freq: 2 });
  const profile = maybe(
    fc.record({ type: fc.constantFrom('RuntimeDefault', 'RuntimeDefault', 'Localhost', 'Unconfined', '') }),
  );
  const seLinux = maybe(
    fc.record(
      {
        type: fc.constantFrom('container_t', 'container_engine_t', '', 'spc_t'),
        user: some('', 'u'),
        role: some('', 'r'),
      },
      { requiredKeys: [] },
    ),
  );
  const shared = {
    runAsNonRoot: some(true, true, false),
    runAsUser: some(1000, 1, 0),
    seccompProfile: profile,
    appArmorProfile: profile,
    seLinuxOptions: seLinux,
    windowsOptions: maybe(fc.record({ hostProcess: some(true, false) })),
  };
  const capability = fc.constantFrom('ALL', 'NET_BIND_SERVICE', 'NET_RAW', 'SYS_ADMIN', 'all');
  const securityContext = maybe(
    fc.record({
      ...shared,
      privileged: some(false, false, true),
      allowPrivilegeEscalation: some(false, false, true),
      procMount: some('Default', 'Default', 'Unmasked'),
      capabilities: maybe(
        fc.record({
          drop: maybe(fc.array(capability, { maxLength: 3 })),
          add: maybe(fc.array(capability, { maxLength: 2 })),
        }),
      ),
    }),
  );
  const handler = maybe(
    fc.record({
      httpGet: maybe(fc.record({ port: fc.constant(80), host: some('', '', 'evil.example') })),
      tcpSocket: maybe(fc.record({ port: fc.constant(80), host: some('', '', '10.0.0.1') })),
    }),
  );
  const container = fc.record({
    name: fc.constantFrom('a', 'b', 'c'),
    image: fc.constant('x'),
    securityContext,
    ports: maybe(fc.array(fc.record({ containerPort: fc.constant(80), hostPort: some(0, 0, 80) }), { maxLength: 2 })),
    livenessProbe: handler,
    startupProbe: handler,
    readinessProbe: handler,
    lifecycle: maybe(fc.record({ postStart: handler, preStop: handler })),
  });
  const volume = fc
    .constantFrom('configMap', 'csi', 'emptyDir', 'ephemeral', 'image', 'projected', 'secret', 'hostPath', 'nfs', 'rbd')
    .map((type) => ({ name: 'v', [type]: {} }));
  const spec = fc.record({
    containers: fc.array(container, { minLength: 1, maxLength: 2 }),
    initContainers: maybe(fc.array(container, { maxLength: 2 })),
    ephemeralContainers: maybe(fc.array(container, { maxLength: 1 })),
    volumes: maybe(fc.array(volume, { maxLength: 2 })),
    hostNetwork: some(false, false, true),
    hostPID: some(false, false, true),
    hostIPC: some(false),
    hostUsers: some(true, false),
    os: maybe(fc.record({ name: fc.constantFrom('linux', 'windows') })),
    securityContext: maybe(
      fc.record({
        ...shared,
        sysctls: maybe(
          fc.array(
            fc.record({ name: fc.constantFrom('net.ipv4.tcp_rmem', 'kernel.msgmax'), value: fc.constant('1') }),
            { maxLength: 2 },
          ),
        ),
      }),
    ),
  });
  const annotation = fc.constantFrom('runtime/default', 'localhost/x', 'unconfined', '');
  const annotations = maybe(
    fc.record(
      {
        'container.apparmor.security.beta.kubernetes.io/a': annotation,
        'container.seccomp.security.alpha.kubernetes.io/a': annotation,
      },
      { requiredKeys: [] },
    ),
  );
  return (
    fc
      .record({ metadata: fc.record({ name: fc.constant('x'), annotations }), spec })
      .map((pod) => JSON.parse(JSON.stringify(pod)) as Pod)
      // In the node's network the API server adds host ports to every port; the checks here see pods as they are written.
      .filter(
        ({ spec: { hostNetwork, containers, initContainers } }) =>
          hostNetwork !== true ||
          ![containers, initContainers].flat().some((c) => (c as { ports?: unknown } | undefined)?.ports),
      )
  );
}

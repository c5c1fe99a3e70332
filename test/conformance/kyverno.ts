import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { sourceOf } from './go.ts';
import { judge, judgeModule } from './judges.ts';
import { freePorts } from './processes.ts';

/** Kyverno's admission and clean-up controllers beside a cluster, called by its API server over the loopback. */
export interface Kyverno {
  /** Ends the admission controller; its webhooks stay registered. */
  stopAdmission(): Promise<void>;
  /** Starts it again on the port that its webhooks name, and waits until it answers there. */
  startAdmission(): Promise<void>;
}

export interface KyvernoOptions {
  /** Whether the clean-up controller runs as well. @default false */
  readonly cleanup?: boolean;
}

const NAMESPACE = 'kyverno';

/** A policy that is only ever offered. */
const PROBE = JSON.stringify({
  apiVersion: 'policies.kyverno.io/v1',
  kind: 'ValidatingPolicy',
  metadata: { name: 'probe' },
  spec: {
    matchConstraints: {
      resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
    },
    validations: [{ expression: 'true', message: 'never' }],
  },
});

/** Starts Kyverno outside of the cluster: 10 s once it is built. It acts with the administrator's token. */
export async function startKyverno(cluster: Cluster, options: KyvernoOptions = {}): Promise<Kyverno> {
  const admission = await judge('kyverno-admission');
  const cleanup = options.cleanup ? await judge('kyverno-cleanup') : undefined;
  await install(cluster);
  const [port, metrics, cleanupPort, cleanupMetrics] = (await freePorts(4)) as [number, number, number, number];
  const tls = (name: string) => [
    `--caSecretName=${name}-ca`,
    `--tlsSecretName=${name}-pair`,
    '--tlsKeyAlgorithm=ECDSA',
    '--metricsHost=127.0.0.1',
    // There is no other one to take over; on a busy machine it would end itself for a late renewal.
    '--leaderElectionRetryPeriod=60s',
    '--clientRateLimitQPS=500',
    '--clientRateLimitBurst=1000',
  ];
  /** Its webhooks stay registered while it is down, so every policy is refused until it serves them again. */
  const answers = () =>
    eventually(
      async () => {
        // A wrong flag ends them at once, which no waiting mends.
        cluster.processes.check('kyverno-admission');
        if (cleanup !== undefined) cluster.processes.check('kyverno-cleanup');
        const found = await cluster.kubectl(['get', 'validatingwebhookconfigurations', '--output=name']);
        if (!found.includes('kyverno-resource-validating-webhook-cfg')) return false;
        // Its webhooks are registered before it has a certificate to serve them with.
        await cluster.kubectl(['create', '--dry-run=server', '--filename=-'], PROBE);
        return true;
      },
      { what: 'Kyverno to answer', timeoutMs: 180_000, everyMs: 1000 },
    );
  const startAdmission = () => {
    cluster.processes.start(
      'kyverno-admission',
      admission,
      [
        `--kubeconfig=${cluster.kubeconfig}`,
        `--serverIP=127.0.0.1:${port}`,
        '--webhookServerHost=127.0.0.1',
        `--webhookServerPort=${port}`,
        ...tls('kyverno-admission'),
        '--controllerRuntimeMetricsAddress=0',
        // Nobody reads its events and reports here, and each is a request of its own.
        '--omitEvents=PolicyViolation,PolicyApplied,PolicyError,PolicySkipped',
        '--admissionReports=false',
        `--metricsPort=${metrics}`,
      ],
      environment('kyverno-admission-controller'),
    );
  };
  startAdmission();
  if (cleanup !== undefined) {
    cluster.processes.start(
      'kyverno-cleanup',
      cleanup,
      [
        `--kubeconfig=${cluster.kubeconfig}`,
        `--serverIP=127.0.0.1:${cleanupPort}`,
        '--cleanupServerHost=127.0.0.1',
        `--cleanupServerPort=${cleanupPort}`,
        ...tls('kyverno-cleanup'),
        `--metricsPort=${cleanupMetrics}`,
      ],
      environment('kyverno-cleanup-controller'),
    );
  }
  await answers();
  return {
    startAdmission: async () => {
      startAdmission();
      await answers();
    },
    stopAdmission: () => cluster.processes.end('kyverno-admission'),
  };
}

function environment(name: string): Record<string, string> {
  return {
    KYVERNO_NAMESPACE: NAMESPACE,
    KYVERNO_SERVICEACCOUNT_NAME: name,
    KYVERNO_POD_NAME: name,
    KYVERNO_SVC: 'kyverno-svc',
    KYVERNO_DEPLOYMENT: name,
    INIT_CONFIG: 'kyverno',
    METRICS_CONFIG: 'kyverno-metrics',
  };
}

/** Its definitions, out of the module that it was built from, and the objects it does not start without. */
async function install(cluster: Cluster): Promise<void> {
  const root = await sourceOf('github.com/kyverno/kyverno', judgeModule('kyverno'));
  for (const group of ['kyverno', 'policies.kyverno.io', 'policyreport', 'reports']) {
    const folder = join(root, 'config/crds', group);
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
      const text = readFileSync(join(folder, file), 'utf8');
      if (text.includes('kind: CustomResourceDefinition')) await cluster.apply(text);
    }
  }
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    ...['kyverno', 'kyverno-metrics'].map((name) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: NAMESPACE },
    })),
  ];
  for (const object of objects) await cluster.apply(JSON.stringify(object));
}

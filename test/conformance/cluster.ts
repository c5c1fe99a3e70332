import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { judge } from './judges.ts';
import { freePorts, Processes } from './processes.ts';
import { type CommandResult, run, tryRun } from './run.ts';

export interface ClusterUser {
  readonly name: string;
  /** @default - none, as for a person no role binding knows */
  readonly groups?: readonly string[];
}

export interface ClusterOptions {
  /**
   * Whether kube-controller-manager runs: it finishes the deletion of namespaces, counts quotas and gives every
   * namespace its `default` service account. It costs two seconds and 100 MB.
   * @default false
   */
  readonly controllerManager?: boolean;
  /** Users besides the administrator that {@link Cluster.as} can act for. @default - none */
  readonly users?: readonly ClusterUser[];
  /** Further arguments of kube-controller-manager. @default - none */
  readonly controllerManagerArgs?: readonly string[];
  /** Further arguments of kube-apiserver. @default - none */
  readonly apiServerArgs?: readonly string[];
}

/** kubectl in somebody's name. */
export interface Kubectl {
  /** Path of a kubeconfig file that holds this user's token. */
  readonly kubeconfig: string;
  /** Runs kubectl and returns its standard output. @throws Error when it ends with other than 0 */
  kubectl(args: readonly string[], stdin?: string): Promise<string>;
  /** Runs kubectl where a refusal is an answer. */
  tryKubectl(args: readonly string[], stdin?: string): Promise<CommandResult>;
}

/** A real control plane on the loopback: etcd, kube-apiserver and, when asked for, kube-controller-manager. */
export interface Cluster extends Kubectl {
  readonly server: string;
  /** Temporary folder with certificates, logs and state; gone after {@link Cluster.stop}. */
  readonly folder: string;
  /** Where further servers of this cluster belong, so that they end with it. */
  readonly processes: Processes;
  /** Acts for one of the users that the cluster was started with. */
  as(user: string): Kubectl;
  /** Acts as a service account, with a token of its own: of one of its pods, where that is named. */
  asServiceAccount(namespace: string, name: string, pod?: string): Promise<Kubectl>;
  /** Creates or updates what the given YAML or JSON text holds. */
  apply(manifests: string): Promise<void>;
  /** Ends every process and removes the folder. */
  stop(): Promise<void>;
}

const ADMINISTRATOR: ClusterUser = { name: 'admin', groups: ['system:masters'] };

/** Its controllers act with accounts of their own, as in any cluster: an administrator would pass where they do not. */
const CONTROLLER_MANAGER: ClusterUser = { name: 'system:kube-controller-manager' };

/** Controllers that want a cloud, nodes or bootstrap tokens. */
const LEFT_OUT = [
  'node-ipam-controller',
  'cloud-node-lifecycle-controller',
  'service-lb-controller',
  'node-route-controller',
  'token-cleaner-controller',
  'bootstrap-signer-controller',
];

/**
 * Starts a control plane and waits until it answers: 4 s once the judges are built. It serves on 127.0.0.1 only.
 * An API server without nodes stores and admits everything and runs nothing.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const programs = {
    etcd: await judge('etcd'),
    apiServer: await judge('kube-apiserver'),
    kubectl: await judge('kubectl'),
    ...(options.controllerManager ? { controllerManager: await judge('kube-controller-manager') } : {}),
  };
  const processes = new Processes('cluster');
  const { folder } = processes;
  try {
    const [etcdPort, peerPort, securePort] = (await freePorts(3)) as [number, number, number];
    const server = `https://127.0.0.1:${securePort}`;
    const users = writeUsers(folder, server, [ADMINISTRATOR, CONTROLLER_MANAGER, ...(options.users ?? [])]);
    writeServiceAccountKey(folder);

    startEtcd(processes, programs.etcd, folder, etcdPort, peerPort);
    startApiServer(processes, programs.apiServer, folder, etcdPort, securePort, options.apiServerArgs ?? []);
    const as = (user: string): Kubectl => {
      const kubeconfig = users.get(user);
      if (kubeconfig === undefined) throw new Error(`the cluster was started without a user ${user}`);
      return kubectlFor(programs.kubectl, kubeconfig);
    };
    const administrator = as(ADMINISTRATOR.name);
    await eventually(
      () => {
        processes.check('etcd');
        processes.check('kube-apiserver');
        return administrator.kubectl(['get', '--raw', '/readyz']);
      },
      { what: 'kube-apiserver to be ready' },
    );
    if (programs.controllerManager !== undefined) {
      const { kubeconfig } = as(CONTROLLER_MANAGER.name);
      const further = options.controllerManagerArgs ?? [];
      startControllerManager(processes, programs.controllerManager, folder, kubeconfig, further);
      await eventually(() => administrator.kubectl(['get', 'serviceaccount', 'default', '--namespace=default']), {
        what: 'kube-controller-manager to make the default service account',
      });
    }
    const apply = async (manifests: string): Promise<void> => {
      await administrator.kubectl(['apply', '--server-side', '--force-conflicts', '--filename=-'], manifests);
    };
    const asServiceAccount = async (namespace: string, name: string, pod?: string): Promise<Kubectl> => {
      const bound = pod === undefined ? [] : ['--bound-object-kind=Pod', `--bound-object-name=${pod}`];
      const create = ['create', 'token', name, `--namespace=${namespace}`, '--duration=6h', ...bound];
      const token = await administrator.kubectl(create);
      const home = join(folder, ['account', namespace, name, pod].filter(Boolean).join('-'));
      mkdirSync(home, { recursive: true });
      const kubeconfig = join(home, 'kubeconfig');
      writeFileSync(kubeconfig, JSON.stringify(kubeconfigOf(server, token.trim())), { mode: 0o600 });
      return kubectlFor(programs.kubectl, kubeconfig);
    };
    const stop = () => processes.stop();
    return { ...administrator, server, folder, processes, as, asServiceAccount, apply, stop };
  } catch (error) {
    await processes.stop();
    throw error;
  }
}

function kubectlFor(program: string, kubeconfig: string): Kubectl {
  const withConfig = (args: readonly string[]): string[] => [`--kubeconfig=${kubeconfig}`, ...args];
  // HOME keeps kubectl's discovery cache; one of the cluster's own, since ports are used again.
  const options = (stdin: string | undefined) => ({
    env: { HOME: join(kubeconfig, '..') },
    ...(stdin === undefined ? {} : { stdin }),
  });
  return {
    kubeconfig,
    kubectl: (args, stdin) => run(program, withConfig(args), options(stdin)),
    tryKubectl: (args, stdin) => tryRun(program, withConfig(args), options(stdin)),
  };
}

/** Writes the API server's token file and a kubeconfig for each user; returns the kubeconfigs by user. */
function writeUsers(folder: string, server: string, users: readonly ClusterUser[]): Map<string, string> {
  const kubeconfigs = new Map<string, string>();
  const lines = users.map(({ name, groups = [] }, index) => {
    const token = randomBytes(16).toString('hex');
    const home = join(folder, `user-${index}`);
    mkdirSync(home);
    const kubeconfig = join(home, 'kubeconfig');
    writeFileSync(kubeconfig, JSON.stringify(kubeconfigOf(server, token)), { mode: 0o600 });
    kubeconfigs.set(name, kubeconfig);
    return `${token},${JSON.stringify(name)},${index},${JSON.stringify(groups.join(','))}\n`;
  });
  writeFileSync(join(folder, 'tokens.csv'), lines.join(''), { mode: 0o600 });
  return kubeconfigs;
}

function kubeconfigOf(server: string, token: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    // The certificate is one that the API server made for itself a moment ago, on the loopback.
    clusters: [{ name: 'loopback', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'user', user: { token } }],
    contexts: [{ name: 'loopback', context: { cluster: 'loopback', user: 'user' } }],
    'current-context': 'loopback',
  };
}

function writeServiceAccountKey(folder: string): void {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(join(folder, 'service-account.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
  });
}

function startEtcd(processes: Processes, program: string, folder: string, port: number, peerPort: number): void {
  const client = `http://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  processes.start('etcd', program, [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    // Nothing outlives the test, so nothing has to reach the disk.
    '--unsafe-no-fsync',
    '--log-level=error',
  ]);
}

function startApiServer(
  processes: Processes,
  program: string,
  folder: string,
  etcdPort: number,
  port: number,
  further: readonly string[],
): void {
  const key = join(folder, 'service-account.key');
  processes.start('kube-apiserver', program, [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--cert-dir=${join(folder, 'certificates')}`,
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.0.0.0/16',
    '--endpoint-reconciler-type=none',
    ...further,
  ]);
}

function startControllerManager(
  processes: Processes,
  program: string,
  folder: string,
  kubeconfig: string,
  further: readonly string[],
): void {
  processes.start('kube-controller-manager', program, [
    `--kubeconfig=${kubeconfig}`,
    `--service-account-private-key-file=${join(folder, 'service-account.key')}`,
    '--use-service-account-credentials=true',
    '--leader-elect=false',
    '--secure-port=0',
    `--controllers=${['*', ...LEFT_OUT.map((name) => `-${name}`)].join(',')}`,
    '--concurrent-namespace-syncs=10',
    ...further,
  ]);
}

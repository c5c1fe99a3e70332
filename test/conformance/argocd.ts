import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { sourceOf } from './go.ts';
import { judge, judgeModule } from './judges.ts';
import { freePorts, type Processes } from './processes.ts';
import { tryRun } from './run.ts';

export interface ArgoCdOptions {
  /** Absolute path of the bare repository that Argo CD reads, by a `file://` URL. */
  readonly repoDir: string;
  /**
   * How long the repo-server trusts what it knows about a branch, as a Go duration. Argo CD's own default is `3m`.
   * @default 2s
   */
  readonly revisionCache?: string;
  /** Whether the repo-server finds Helm in its PATH, as in Argo CD's own image. @default false */
  readonly helm?: boolean;
  /** Whether its notifications controller runs, with the account of Argo CD's own installation. @default false */
  readonly notifications?: boolean;
  /** Further data of the ConfigMap `argocd-cm`. @default - none; impersonation is always on */
  readonly config?: Readonly<Record<string, string>>;
}

/** The parts of an Application's status that tests look at. */
export interface ApplicationStatus {
  /** `Synced`, `OutOfSync` or `Unknown`; undefined before the first comparison. */
  readonly sync: string | undefined;
  readonly health: string | undefined;
  /** The commit that was compared last. */
  readonly revision: string | undefined;
  /** Phase of the last operation: `Succeeded`, `Failed`, `Running`, `Error`. */
  readonly phase: string | undefined;
  /** Everything that Argo CD says went wrong: conditions, the last operation, each object of it. */
  readonly messages: readonly string[];
}

/** Argo CD beside a cluster: repo-server, application controller and ApplicationSet controller. */
export interface ArgoCd {
  /** `file://` URL of the repository, for `repoURL` and `sourceRepos`. */
  readonly repoUrl: string;
  /** Asks for a comparison now instead of at the next interval. */
  refresh(application: string): Promise<void>;
  /** Tells the ApplicationSet controller of a push to a branch, as GitHub's webhook would. @default branch main */
  announcePush(branch?: string): Promise<void>;
  /** @returns undefined when there is no such Application */
  applicationStatus(application: string): Promise<ApplicationStatus | undefined>;
  /** Waits until an Application is Synced and Healthy at a commit. */
  untilSynced(application: string, revision?: string): Promise<ApplicationStatus>;
  /** Tells Argo CD of another cluster, by its address and its administrator's token. */
  register(name: string, other: Cluster): Promise<void>;
  /** What `kubectl rollout restart deployment argocd-repo-server` does: a new one, without the old one's checkouts. */
  replaceRepoServer(): Promise<void>;
  /** Ends Argo CD and leaves the cluster running; `cluster.stop()` ends both. */
  stop(): Promise<void>;
}

/** The namespace Argo CD runs in. */
export const ARGOCD_NAMESPACE = 'argocd';

interface Ports {
  readonly redis: number;
  readonly repoServer: number;
  readonly repoServerMetrics: number;
  readonly controllerMetrics: number;
  readonly setMetrics: number;
  readonly setProbe: number;
  readonly setWebhook: number;
  readonly notificationsMetrics: number;
}

/**
 * Starts Argo CD on a cluster that has a controller manager: 4 s once it is built. Its application controller acts with
 * the account and the roles of Argo CD's own installation, the ApplicationSet controller with the administrator's token;
 * what an Application may do is held by its project and by impersonation, which is on.
 *
 * Everything listens on 127.0.0.1 but the application controller's metrics, whose address Argo CD does not let one
 * choose.
 */
export async function startArgoCd(cluster: Cluster, options: ArgoCdOptions): Promise<ArgoCd> {
  const program = await judge('argocd');
  await requireRedis();
  const ports = await choosePorts();
  const home = join(cluster.folder, 'argocd');
  const start = starter(cluster, program, home);

  startRedis(cluster.processes, ports, home);
  const helm: Readonly<Record<string, string>> = options.helm
    ? { PATH: `${dirname(await judge('helm'))}:${process.env['PATH']}` }
    : {};
  const repoServer = () => startRepoServer(start, ports, home, options.revisionCache ?? '2s', helm);
  repoServer();
  await installResources(cluster, options.config ?? {});
  const controller = await cluster.asServiceAccount(ARGOCD_NAMESPACE, 'argocd-application-controller');
  startControllers(start, cluster, controller.kubeconfig, ports);
  const names = ['argocd-redis', 'argocd-repo-server', 'argocd-application-controller', APPLICATIONSET_CONTROLLER];
  if (options.notifications) {
    await startNotifications(start, cluster, ports);
    names.push(NOTIFICATIONS_CONTROLLER);
  }
  const answers = [
    `http://127.0.0.1:${ports.repoServerMetrics}/metrics`,
    `http://127.0.0.1:${ports.controllerMetrics}/healthz`,
    `http://127.0.0.1:${ports.setMetrics}/metrics`,
  ];
  for (const url of answers) {
    await eventually(
      async () => {
        for (const name of names) cluster.processes.check(name);
        return (await fetch(url)).ok;
      },
      { what: `Argo CD to answer at ${url}` },
    );
  }
  return {
    repoUrl: `file://${options.repoDir}`,
    ...applications(cluster),
    announcePush: (branch = 'main') => announcePush(ports.setWebhook, options.repoDir, branch),
    replaceRepoServer: async () => {
      await cluster.processes.end('argocd-repo-server');
      rmSync(join(home, 'tmp'), { recursive: true });
      mkdirSync(join(home, 'tmp'));
      repoServer();
    },
    register: (name, other) => register(cluster, name, other),
    stop: async () => {
      for (const name of names.reverse()) await cluster.processes.end(name);
    },
  };
}

const APPLICATIONSET_CONTROLLER = 'argocd-applicationset-controller';

async function requireRedis(): Promise<void> {
  await tryRun('redis-server', ['--version']).catch((cause: unknown) => {
    throw new Error('Argo CD needs redis-server in PATH (Debian: apt-get install redis-server)', { cause });
  });
}

async function choosePorts(): Promise<Ports> {
  const names = [
    'redis',
    'repoServer',
    'repoServerMetrics',
    'controllerMetrics',
    'setMetrics',
    'setProbe',
    'setWebhook',
  ];
  const ports = await freePorts(names.length + 1);
  return Object.fromEntries([...names, 'notificationsMetrics'].map((name, i) => [name, ports[i]])) as unknown as Ports;
}

type Start = (role: string, args: readonly string[], env?: Readonly<Record<string, string>>) => void;

/** Argo CD is one program that takes its role from the name it is called by. */
function starter(cluster: Cluster, program: string, home: string): Start {
  const folders = ['bin', 'tmp', 'tls', 'ssh', 'gpg/keys', 'gpg/source', 'plugins', 'redis'];
  for (const folder of folders) mkdirSync(join(home, folder), { recursive: true });
  const common = {
    ARGOCD_FAKE_IN_CLUSTER: 'true',
    KUBECONFIG: cluster.kubeconfig,
    HOME: home,
    TMPDIR: join(home, 'tmp'),
    ARGOCD_TLS_DATA_PATH: join(home, 'tls'),
    ARGOCD_SSH_DATA_PATH: join(home, 'ssh'),
  };
  return (role, args, env = {}) => {
    const link = join(home, 'bin', role);
    if (!existsSync(link)) symlinkSync(program, link);
    cluster.processes.start(role, link, args, { ...common, ...env });
  };
}

function startRedis(processes: Processes, ports: Ports, home: string): void {
  const keepNothing = ['--save', '', '--appendonly', 'no', '--dir', join(home, 'redis')];
  const args = ['--port', String(ports.redis), '--bind', '127.0.0.1', ...keepNothing];
  processes.start('argocd-redis', 'redis-server', args);
}

function startRepoServer(
  start: Start,
  ports: Ports,
  home: string,
  revisionCache: string,
  env: Readonly<Record<string, string>>,
): void {
  start(
    'argocd-repo-server',
    [
      '--address=127.0.0.1',
      `--port=${ports.repoServer}`,
      '--metrics-address=127.0.0.1',
      `--metrics-port=${ports.repoServerMetrics}`,
      `--redis=127.0.0.1:${ports.redis}`,
      '--disable-tls',
      `--revision-cache-expiration=${revisionCache}`,
    ],
    {
      // With GPG on it wants a key ring of its own to exist.
      ARGOCD_GPG_ENABLED: 'false',
      ARGOCD_GNUPGHOME: join(home, 'gpg/keys'),
      ARGOCD_GPG_DATA_PATH: join(home, 'gpg/source'),
      ARGOCD_PLUGINSOCKFILEPATH: join(home, 'plugins'),
      ...env,
    },
  );
}

function startControllers(start: Start, cluster: Cluster, controller: string, ports: Ports): void {
  const repoServer = `127.0.0.1:${ports.repoServer}`;
  const args = [
    `--kubeconfig=${controller}`,
    `--namespace=${ARGOCD_NAMESPACE}`,
    `--redis=127.0.0.1:${ports.redis}`,
    `--repo-server=${repoServer}`,
    '--repo-server-plaintext',
    `--metrics-port=${ports.controllerMetrics}`,
    '--app-resync=120',
    '--app-resync-jitter=0',
    '--self-heal-timeout-seconds=2',
  ];
  start('argocd-application-controller', args, { KUBECONFIG: controller });
  start(APPLICATIONSET_CONTROLLER, [
    `--kubeconfig=${cluster.kubeconfig}`,
    `--namespace=${ARGOCD_NAMESPACE}`,
    `--argocd-repo-server=${repoServer}`,
    '--repo-server-plaintext',
    `--metrics-addr=127.0.0.1:${ports.setMetrics}`,
    `--probe-addr=127.0.0.1:${ports.setProbe}`,
    `--webhook-addr=127.0.0.1:${ports.setWebhook}`,
  ]);
}

const NOTIFICATIONS_CONTROLLER = 'argocd-notifications';

async function startNotifications(start: Start, cluster: Cluster, ports: Ports): Promise<void> {
  const folder = join(await sourceOf('github.com/argoproj/argo-cd/v3', judgeModule('argocd')), 'manifests/base');
  for (const name of ['cm', 'secret', 'controller-sa', 'controller-role', 'controller-rolebinding']) {
    const file = join(folder, 'notification', `argocd-notifications-${name}.yaml`);
    await cluster.kubectl(['apply', `--namespace=${ARGOCD_NAMESPACE}`, `--filename=${file}`]);
  }
  const account = await cluster.asServiceAccount(ARGOCD_NAMESPACE, 'argocd-notifications-controller');
  const args = [
    `--kubeconfig=${account.kubeconfig}`,
    `--namespace=${ARGOCD_NAMESPACE}`,
    `--argocd-repo-server=127.0.0.1:${ports.repoServer}`,
    '--argocd-repo-server-plaintext',
    `--metrics-port=${ports.notificationsMetrics}`,
  ];
  start(NOTIFICATIONS_CONTROLLER, args, { KUBECONFIG: account.kubeconfig });
}

/** Argo CD's own definitions, out of the module that it was built from, and the objects it does not start without. */
async function installResources(cluster: Cluster, config: Readonly<Record<string, string>>): Promise<void> {
  const manifests = join(await sourceOf('github.com/argoproj/argo-cd/v3', judgeModule('argocd')), 'manifests');
  for (const crd of ['application', 'applicationset', 'appproject']) {
    await cluster.apply(readFileSync(join(manifests, 'crds', `${crd}-crd.yaml`), 'utf8'));
  }
  const labels = { 'app.kubernetes.io/part-of': 'argocd' };
  const metadata = (name: string) => ({ name, namespace: ARGOCD_NAMESPACE, labels });
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ARGOCD_NAMESPACE } },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadata('argocd-cm'),
      data: { 'application.sync.impersonation.enabled': 'true', ...config },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: metadata('argocd-secret'),
      stringData: { 'server.secretkey': randomBytes(16).toString('hex') },
    },
  ];
  for (const object of objects) await cluster.apply(JSON.stringify(object));
  for (const name of ['rbac', 'ssh-known-hosts', 'tls-certs', 'gpg-keys', 'cmd-params']) {
    const file = join(manifests, 'base/config', `argocd-${name}-cm.yaml`);
    await cluster.kubectl(['apply', `--namespace=${ARGOCD_NAMESPACE}`, `--filename=${file}`]);
  }
  for (const folder of ['base/application-controller-roles', 'cluster-rbac/application-controller']) {
    for (const file of readdirSync(join(manifests, folder)).filter((name) => name.startsWith('argocd-'))) {
      await cluster.kubectl([
        'apply',
        `--namespace=${ARGOCD_NAMESPACE}`,
        `--filename=${join(manifests, folder, file)}`,
      ]);
    }
  }
  await eventually(
    () => cluster.kubectl(['get', 'applications,applicationsets,appprojects', `--namespace=${ARGOCD_NAMESPACE}`]),
    { what: "Argo CD's resources to be served" },
  );
}

/** A Secret, which is how Argo CD keeps its clusters. */
async function register(cluster: Cluster, name: string, other: Cluster): Promise<void> {
  const { users } = JSON.parse(readFileSync(other.kubeconfig, 'utf8')) as { users: { user: { token: string } }[] };
  const config = { bearerToken: users[0]?.user.token, tlsClientConfig: { insecure: true } };
  const labels = { 'argocd.argoproj.io/secret-type': 'cluster' };
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `cluster-${name}`, namespace: ARGOCD_NAMESPACE, labels },
    stringData: { name, server: other.server, config: JSON.stringify(config) },
  };
  await cluster.apply(JSON.stringify(secret));
}

async function announcePush(port: number, repoDir: string, branch: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/api/webhook`, {
    method: 'POST',
    headers: { 'X-GitHub-Event': 'push', 'Content-Type': 'application/json' },
    body: JSON.stringify({
      ref: `refs/heads/${branch}`,
      // Argo CD makes the pattern `file[:/]///path` of it, which is what matches a file:// URL.
      repository: { html_url: `http://file///${repoDir}`, default_branch: branch },
    }),
  });
  if (!response.ok) throw new Error(`the ApplicationSet webhook answered ${response.status}: ${await response.text()}`);
}

interface ApplicationObject {
  readonly status?: {
    readonly sync?: { readonly status?: string; readonly revision?: string };
    readonly health?: { readonly status?: string };
    readonly operationState?: {
      readonly phase?: string;
      readonly message?: string;
      readonly syncResult?: { readonly resources?: readonly { readonly message?: string }[] };
    };
    readonly conditions?: readonly { readonly message?: string }[];
  };
}

function applications(cluster: Cluster): Pick<ArgoCd, 'refresh' | 'applicationStatus' | 'untilSynced'> {
  const inNamespace = `--namespace=${ARGOCD_NAMESPACE}`;
  const applicationStatus = async (application: string): Promise<ApplicationStatus | undefined> => {
    const get = ['get', 'application', application, inNamespace, '--output=json', '--ignore-not-found'];
    const found = await cluster.kubectl(get);
    return found === '' ? undefined : statusOf(JSON.parse(found) as ApplicationObject);
  };
  const refresh = async (application: string): Promise<void> => {
    const annotation = 'argocd.argoproj.io/refresh=normal';
    await cluster.kubectl(['annotate', 'application', application, inNamespace, annotation, '--overwrite']);
  };
  const untilSynced = (application: string, revision?: string): Promise<ApplicationStatus> =>
    eventually(
      async () => {
        const status = await applicationStatus(application);
        const there = status?.sync === 'Synced' && status.health === 'Healthy';
        if (there && (revision === undefined || status.revision === revision)) return status;
        throw new Error(`it is ${JSON.stringify(status)}`);
      },
      { what: `Application ${application} to be Synced and Healthy` },
    );
  return { applicationStatus, refresh, untilSynced };
}

function statusOf({ status = {} }: ApplicationObject): ApplicationStatus {
  const operation = status.operationState;
  const speakers = [...(status.conditions ?? []), operation ?? {}, ...(operation?.syncResult?.resources ?? [])];
  return {
    sync: status.sync?.status,
    health: status.health?.status,
    revision: status.sync?.revision,
    phase: operation?.phase,
    messages: speakers.flatMap(({ message }) => message ?? []),
  };
}

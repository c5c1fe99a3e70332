import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'vitest';
import { greenroom, type Run } from '../../support/command.ts';
import { type ArgoCd, startArgoCd } from '../argocd.ts';
import { type Cluster, startCluster } from '../cluster.ts';
import { crdFiles } from '../crds.ts';
import { eventually } from '../eventually.ts';
import { judge } from '../judges.ts';
import { clusterScript, type Script } from '../readme.ts';
import { run } from '../run.ts';
import { LiveAppsRepo } from './live-apps-repo.ts';
import { MicroApps } from './micro-apps.ts';
import { type Json, Objects } from './objects.ts';

export interface LiveOptions {
  /** Names of further clusters to start, each with an API server of its own. @default - none */
  readonly clusters?: readonly string[];
  /** Whether Argo CD finds Helm. @default false */
  readonly helm?: boolean;
  /** Whether Argo CD tells what became of its Applications. @default false */
  readonly notifications?: boolean;
  /** Further lines below `spec` of greenroom.yaml, by address of each further cluster. @default - none */
  readonly spec?: (servers: Readonly<Record<string, string>>) => string;
}

/** What Argo CD tells `serve` with. */
export const STATUS_SECRET = 'the-secret-of-argo-cd-for-serve';

/**
 * Everything from a pull request to a cluster, as its users have it: an apps repo laid down by `greenroom init`, micro
 * apps with pull requests on a local forge, `greenroom sync` and `sweep` between them, and a real Argo CD with real
 * clusters that reads the apps repo.
 */
export class Live extends Objects {
  readonly repo: LiveAppsRepo;
  readonly apps: MicroApps;
  readonly argo: ArgoCd;
  /** The cluster of Argo CD. */
  readonly cluster: Cluster;
  /** The further clusters, by name. */
  readonly others: ReadonlyMap<string, Cluster>;

  private constructor(repo: LiveAppsRepo, argo: ArgoCd, cluster: Cluster, others: ReadonlyMap<string, Cluster>) {
    super(cluster);
    this.repo = repo;
    this.argo = argo;
    this.cluster = cluster;
    this.others = others;
    this.apps = new MicroApps();
  }

  /** Starts all of it, with the apps repo committed and nothing of it in a cluster yet. */
  static async start(options: LiveOptions = {}): Promise<Live> {
    const started: Cluster[] = [];
    const repo = await LiveAppsRepo.create();
    try {
      const start = async () => {
        const cluster = await startCluster({ controllerManager: true });
        started.push(cluster);
        await prepare(cluster);
        return cluster;
      };
      const cluster = await start();
      const others = new Map<string, Cluster>();
      for (const name of options.clusters ?? []) others.set(name, await start());
      // As Argo CD comes: what has to be set is for the README to say.
      const config = { 'application.sync.impersonation.enabled': 'false' };
      const { helm = false, notifications = false } = options;
      const argo = await startArgoCd(cluster, { repoDir: repo.bare, config, helm, notifications });
      for (const [name, other] of others) await argo.register(name, other);
      const live = new Live(repo, argo, cluster, others);
      await live.#init(options);
      return live;
    } catch (error) {
      for (const cluster of started) await cluster.stop();
      repo.remove();
      throw error;
    }
  }

  async #init({ spec }: LiveOptions): Promise<void> {
    const servers = Object.fromEntries([...this.others].map(([name, { server }]) => [name, server]));
    const platform = [
      'apiVersion: greenroom.dev/v1alpha1',
      'kind: Platform',
      'spec:',
      '  domain: apps.example.com',
      '  sources: [{ owner: acme }]',
      '  registries: [ghcr.io/acme]',
      `  appsRepo: { url: "${this.repo.url}" }`,
      ...(spec === undefined ? [] : [spec(servers).trim().replace(/^/gm, '  ')]),
    ];
    const file = this.apps.file('platform.yaml', `${platform.join('\n')}\n`);
    await this.run(['init', this.repo.clone, '--platform', file]);
    await this.repo.pushAll('apps repo');
  }

  /**
   * Runs every `kubectl` command of the apps repo's README as it is written, one after the other, and waits until Argo CD
   * has done its part.
   */
  async install(): Promise<void> {
    await this.type('In the cluster, once');
    for (const name of [
      'greenroom',
      'greenroom-main',
      ...[...this.others.keys()].map((other) => `greenroom-${other}`),
    ]) {
      await eventually(async () => (await this.application(name)).status?.operationState?.phase === 'Succeeded', {
        what: `${name} to be applied`,
      });
    }
    for (const cluster of [this.cluster, ...this.others.values()]) await untilGuarded(cluster);
  }

  /** Runs every `kubectl` command of a section of the apps repo's README as it is written, each in its cluster. */
  async type(section: Script): Promise<void> {
    const commands = clusterScript(this.repo.clone, section).filter(({ text }) => text.startsWith('kubectl '));
    expect(commands.length).toBeGreaterThan(6);
    const programs = dirname(await judge('kubectl'));
    for (const { text, cluster: name = 'main' } of commands) {
      const { kubeconfig } = this.others.get(name) ?? this.cluster;
      const env = {
        KUBECONFIG: kubeconfig,
        HOME: dirname(kubeconfig),
        PATH: `${programs}:${process.env['PATH']}`,
        TOKEN: 'none-is-asked-for',
        STATUS_SECRET,
      };
      await run('bash', ['-e', '-c', text], { cwd: this.repo.clone, env });
    }
  }

  /** Runs greenroom; other codes than 0 fail the test. */
  async run(args: readonly string[]): Promise<Run> {
    const result = await greenroom(args);
    expect(result, result.stderr).toMatchObject({ code: 0 });
    return result;
  }

  /** `greenroom sync` of a pull request, wherever that leads. */
  trySync(number: number, repository = 'shop'): Promise<Run> {
    const subject = ['--repo', `acme/${repository}`, '--pr', String(number)];
    return greenroom(['sync', ...subject, '--format', 'json', ...this.#doors()]);
  }

  async sync(number: number, repository = 'shop'): Promise<Json> {
    const result = await this.trySync(number, repository);
    expect(result, result.stderr).toMatchObject({ code: 0 });
    return JSON.parse(result.stdout);
  }

  async sweep(...args: string[]): Promise<Json> {
    const result = await this.trySweep(...args);
    expect(result, result.stderr).toMatchObject({ code: 0 });
    return JSON.parse(result.stdout);
  }

  /** `greenroom sweep`, wherever that leads. */
  trySweep(...args: string[]): Promise<Run> {
    return greenroom(['sweep', '--format', 'json', ...this.#doors(), ...args]);
  }

  #doors(): string[] {
    return ['--apps-repo', this.repo.bare, '--forge', this.apps.path];
  }

  application(name: string): Promise<Json> {
    return this.get('application', name, '--namespace=argocd');
  }

  /** What the webhook does on a real forge: Argo CD looks at the repository now. */
  async refresh(...applications: string[]): Promise<void> {
    await this.argo.announcePush();
    for (const name of applications) await this.argo.refresh(name);
  }

  /**
   * Like {@link refresh}, after a failed reconcile: the mark that a webhook leaves stays behind then, and a second
   * webhook changes nothing. Left alone, Argo CD tries again after three minutes.
   */
  async refreshAfterFailure(): Promise<void> {
    const mark = 'argocd.argoproj.io/application-set-refresh';
    for (const change of [`${mark}-`, `${mark}=true`]) {
      await this.cluster.kubectl(['annotate', 'applicationset', '--namespace=argocd', '--all', '--overwrite', change]);
    }
  }

  /** Waits until a preview's workload is in the cluster and nothing is left to apply. */
  async untilRunning(name: string): Promise<void> {
    const attempt = async () => {
      const { status } = await this.application(name);
      return status.sync.status === 'Synced' && (await this.exists('deployment', name, name));
    };
    await eventually(attempt, { what: `${name} to run` });
  }

  /** Waits until neither namespace nor Applications of a preview are left. */
  async untilGone(name: string): Promise<void> {
    const attempt = async () =>
      !(await this.exists('namespace', name)) &&
      !(await this.exists('application', name, 'argocd')) &&
      !(await this.exists('application', `${name}-fence`, 'argocd'));
    // An operation that failed tries on for a minute before a deletion is looked at.
    await eventually(attempt, { what: `${name} to be gone` });
  }

  async stop(): Promise<void> {
    for (const cluster of [...this.others.values(), this.cluster]) await cluster.stop();
    this.repo.remove();
  }
}

/** What the bootstrap takes for granted in a cluster. */
async function prepare(cluster: Cluster): Promise<void> {
  for (const file of await crdFiles('cert-manager')) await cluster.apply(readFileSync(file, 'utf8'));
  await cluster.kubectl(['create', 'namespace', 'ingress-nginx']);
}

/** An admission policy takes effect some seconds after it was created. */
async function untilGuarded(cluster: Cluster): Promise<void> {
  const foreign = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'pr-without-label' } });
  const create = ['create', '--dry-run=server', '--as=system:serviceaccount:argocd:preview-fencer', '--filename=-'];
  await eventually(async () => (await cluster.tryKubectl(create, foreign)).code !== 0, {
    what: 'the guard of the fencer to take effect',
  });
}

/** How long something took, for people. */
export async function seconds(work: () => Promise<unknown>): Promise<string> {
  const start = performance.now();
  await work();
  return ((performance.now() - start) / 1000).toFixed(1);
}

export const now = () => Math.floor(Date.now() / 1000);

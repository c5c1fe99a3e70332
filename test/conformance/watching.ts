import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { formatTime, systemClock } from '../../lib/core/clock.ts';
import { reconcilerNamespace } from '../../lib/reconcilers/index.ts';
import type { Service } from '../../lib/serve/service.ts';
import { parseSecrets } from '../../lib/serve/status-call.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { ClusterApi } from '../../lib/watch/api.ts';
import { Reporter } from '../../lib/watch/reporter.ts';
import { sender } from '../../lib/watch/send.ts';
import { loggedService } from '../serve/logged.ts';
import { MemoryForge } from '../support/memory/forge.ts';
import { MemoryGit } from '../support/memory/git.ts';
import type { Cluster, Kubectl } from './cluster.ts';
import { eventually } from './eventually.ts';
import { type configuration, laidDown } from './generated/configurations.ts';

const SHOP = { path: 'acme/shop' };
const SECRET = 'the-secret-of-the-cluster-main';

/** The accounts, roles and guards of a cluster of previews, as an administrator applies them from what `init` lays down. */
export async function installPreviews(
  cluster: Cluster,
  { platform, platformText }: ReturnType<typeof configuration>,
): Promise<void> {
  const install = [...laidDown({ platform, platformText })].filter(
    ([path]) => path.startsWith('bootstrap/install/') && path.endsWith('.yaml'),
  );
  const kindOf = (text: string) => String(parse(text)?.kind ?? '');
  for (const namespace of [reconcilerNamespace(platform), platform.ingress.controllerNamespace]) {
    await cluster.tryKubectl(['create', 'namespace', namespace]);
  }
  const first = install.filter(([, text]) => kindOf(text) === 'Namespace');
  const then = install.filter(
    ([path, text]) => /Account|Role/.test(kindOf(text)) || /\.greenroom-fence\.yaml$/.test(path),
  );
  for (const files of [first, then]) await cluster.apply(files.map(([, text]) => text).join('\n---\n'));
}

/** The account of the reporter, and a file with its token. */
export async function watcherOf(cluster: Cluster): Promise<{ readonly account: Kubectl; readonly tokenFile: string }> {
  const account = await cluster.asServiceAccount('greenroom-watch', 'greenroom-watch');
  const token = JSON.parse(readFileSync(account.kubeconfig, 'utf8')).users[0].user.token as string;
  const tokenFile = join(cluster.folder, 'watch-token');
  writeFileSync(tokenFile, token);
  return { account, tokenFile };
}

/** Pull requests on a forge, `serve`, and a reporter in a real cluster whose word `serve` believes. */
export class Watching {
  readonly problems: string[] = [];
  readonly #forge = new MemoryForge();
  readonly #repo = new MemoryGit().open(systemClock);
  readonly #cluster: Cluster;
  readonly #configuration: ReturnType<typeof configuration>;
  readonly #stop = new AbortController();
  #watcher: Kubectl | undefined;
  #api: ClusterApi | undefined;
  #service: Service | undefined;
  #reporter: Promise<void> | undefined;

  private constructor(cluster: Cluster, chosen: ReturnType<typeof configuration>) {
    this.#cluster = cluster;
    this.#configuration = chosen;
  }

  static async start(cluster: Cluster, chosen: ReturnType<typeof configuration>): Promise<Watching> {
    const watching = new Watching(cluster, chosen);
    await watching.#start();
    return watching;
  }

  /** kubectl in the name of the reporter. */
  get watcher(): Kubectl {
    return this.#watcher!;
  }

  /** As people read it: without what keeps a character from being Markdown. */
  comment(number: number): string {
    return (this.#forge.comment(SHOP, number) ?? '').replace(/\\(?=[^\w\s])/g, '');
  }

  /** A push to a pull request, which `sync` commits. @param text preview.yaml */
  async push(number: number, text: string): Promise<void> {
    const at = systemClock() - 60;
    const sha = this.#forge.repository('acme', 'shop', { 'preview.yaml': text }, at);
    const times = { createdAt: formatTime(at), updatedAt: formatTime(at) };
    const head = { sha, ref: 'x', repositoryId: 101 };
    this.#forge.pull('acme', 'shop', { number, repositoryId: 101, head, ...times });
    const { state } = await syncPullRequest(this.#context, SHOP, number);
    if (state.state !== 'committed') throw new Error(`pull request ${number}: ${JSON.stringify(state)}`);
  }

  /** Applies what the apps repo holds of some previews, as the reconciler's accounts would: in the cluster they may differ. */
  async applyCommitted(part: 'fence' | 'app', number: number | '*' = '*'): Promise<void> {
    const { files } = await this.#repo.read([`previews/*/*/pr-shop-${number}/${part}/*.yaml`]);
    const objects = [...files.values()].map((text) => parse(text) as { readonly kind: string });
    const rank = ({ kind }: { readonly kind: string }) => (kind === 'Namespace' ? 0 : 1);
    const sorted = objects.sort((a, b) => rank(a) - rank(b)).map((object) => JSON.stringify(object));
    const fencer = `system:serviceaccount:${reconcilerNamespace(this.#configuration.platform)}:preview-fencer`;
    const as = part === 'fence' ? [`--as=${fencer}`] : [];
    await this.#cluster.kubectl(['apply', '--filename=-', ...as], sorted.join('\n---\n'));
  }

  says(number: number, text: string | RegExp): Promise<true> {
    const isSaid = () => {
      const comment = this.comment(number);
      if (typeof text === 'string' ? comment.includes(text) : text.test(comment)) return true;
      throw new Error(`it says ${comment.slice(0, 900)}; ${this.problems.slice(-5).join('; ')}`);
    };
    return eventually(isSaid, { what: `the comment to say ${text}`, timeoutMs: 60_000, everyMs: 100 });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#reporter;
    this.#api?.close();
    await this.#service?.stop(5);
  }

  get #context() {
    return { repo: this.#repo, forge: this.#forge, clock: systemClock };
  }

  async #start(): Promise<void> {
    const { platformText } = this.#configuration;
    await installPreviews(this.#cluster, this.#configuration);
    const { account, tokenFile } = await watcherOf(this.#cluster);
    this.#watcher = account;
    await this.#repo.commit({ expectedHead: null, change: new Map([['greenroom.yaml', platformText]]), message: 'x' });
    this.#service = loggedService({
      statusSecrets: parseSecrets(`main=${SECRET}`)!,
      withContext: (work) => work(this.#context),
      log: ({ message }) => message !== undefined && this.problems.push(String(message)),
      sweepEvery: 3600,
    }).service;
    const url = await this.#service.start();
    this.#api = new ClusterApi({
      server: this.#cluster.server,
      ca: readFileSync(join(this.#cluster.folder, 'certificates', 'apiserver.crt'), 'utf8'),
      tokenFile,
    });
    this.#reporter = new Reporter({
      ...{ api: this.#api, cluster: 'main', send: sender(`${url}/status`, SECRET), clock: systemClock },
      log: (message) => this.problems.push(message),
      random: () => 0,
    }).run(this.#stop.signal);
  }
}

import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { FileSet } from '../../lib/core/fileset.ts';
import type { Cluster } from './cluster.ts';
import { crdFiles } from './crds.ts';
import { eventually } from './eventually.ts';
import { judge } from './judges.ts';
import { freePorts } from './processes.ts';
import { run } from './run.ts';

/** Flux' kustomize-controller beside a cluster, and what stands in for its source-controller. */
export interface Flux {
  /**
   * Makes files the content of every GitRepository that there is, each without what its `ignore` leaves out.
   *
   * @param commit that they are of. @default - one that their digest makes up
   */
  publish(files: FileSet, commit?: string): Promise<void>;
  stop(): Promise<void>;
}

export interface FluxOptions {
  /** Address of notification-controller. @default - nobody is told */
  readonly events?: string;
}

/** Starts notification-controller, and gives the address that takes events. */
export async function startNotifications(cluster: Cluster): Promise<string> {
  const [events, receiver, metrics, health] = (await freePorts(4)) as [number, number, number, number];
  const home = join(cluster.folder, 'notification');
  mkdirSync(home);
  const program = await judge('notification-controller');
  cluster.processes.start(
    'notification-controller',
    program,
    [
      ...[`--events-addr=127.0.0.1:${events}`, `--receiverAddr=127.0.0.1:${receiver}`],
      ...[`--metrics-addr=127.0.0.1:${metrics}`, `--health-addr=127.0.0.1:${health}`],
      ...['--no-cross-namespace-refs', '--watch-all-namespaces=true', '--rate-limit-interval=1s'],
    ],
    { KUBECONFIG: cluster.kubeconfig, RUNTIME_NAMESPACE: 'flux-system', TMPDIR: home, HOME: home },
  );
  await eventually(
    async () => {
      cluster.processes.check('notification-controller');
      return (await fetch(`http://127.0.0.1:${health}/readyz`)).ok;
    },
    { what: 'notification-controller to be ready', timeoutMs: 60_000 },
  );
  return `http://127.0.0.1:${events}/`;
}

/**
 * Starts kustomize-controller locked down as Flux advises for several tenants. source-controller cannot be built from
 * its module: an artifact is packed here, served over the loopback, and written into the status of the GitRepository,
 * which is all that kustomize-controller ever sees of a source.
 */
export async function startFlux(cluster: Cluster, { events }: FluxOptions = {}): Promise<Flux> {
  const program = await judge('kustomize-controller');
  for (const source of ['flux', 'flux-sources'] as const) {
    for (const file of await crdFiles(source)) await cluster.apply(readFileSync(file, 'utf8'));
  }
  await cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'flux-system' } }));
  const [metrics, health] = (await freePorts(2)) as [number, number];
  const home = join(cluster.folder, 'flux');
  mkdirSync(home);
  cluster.processes.start(
    'kustomize-controller',
    program,
    [
      `--metrics-addr=127.0.0.1:${metrics}`,
      `--health-addr=127.0.0.1:${health}`,
      '--no-cross-namespace-refs',
      '--no-remote-bases',
      '--default-service-account=nobody',
      '--requeue-dependency=2s',
      '--interval-jitter-percentage=0',
      ...(events === undefined ? [] : [`--events-addr=${events}`]),
    ],
    { KUBECONFIG: cluster.kubeconfig, RUNTIME_NAMESPACE: 'flux-system', TMPDIR: home, HOME: home },
  );
  const artifacts = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const found = artifacts.get(request.url ?? '');
    response.writeHead(found === undefined ? 404 : 200).end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await eventually(
    async () => {
      cluster.processes.check('kustomize-controller');
      return (await fetch(`http://127.0.0.1:${health}/readyz`)).ok;
    },
    { what: 'kustomize-controller to be ready' },
  );
  return {
    publish: (files, commit) => publish(cluster, server, artifacts, files, commit),
    stop: async () => {
      server.close();
      await cluster.processes.end('kustomize-controller');
    },
  };
}

interface GitRepository {
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly spec: { readonly ignore?: string };
}

async function publish(
  cluster: Cluster,
  server: Server,
  artifacts: Map<string, Buffer>,
  files: FileSet,
  commit?: string,
): Promise<void> {
  const found = await cluster.kubectl(['get', 'gitrepositories', '--namespace=flux-system', '--output=json']);
  for (const { metadata, spec } of (JSON.parse(found) as { items: GitRepository[] }).items) {
    const archive = await pack(files, spec.ignore ?? '');
    const digest = createHash('sha256').update(archive).digest('hex');
    const path = `/${metadata.name}/${digest}.tar.gz`;
    artifacts.set(path, archive);
    const time = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const status = {
      observedGeneration: metadata.generation,
      conditions: [
        { type: 'Ready', status: 'True', reason: 'Succeeded', message: 'stored artifact', lastTransitionTime: time },
      ],
      artifact: {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
        path: path.slice(1),
        revision: `main@sha1:${commit ?? digest.slice(0, 40)}`,
        digest: `sha256:${digest}`,
        lastUpdateTime: time,
        size: archive.length,
      },
    };
    const change = ['--type=merge', `--patch=${JSON.stringify({ status })}`, '--subresource=status'];
    await cluster.kubectl(['patch', 'gitrepository', metadata.name, '--namespace=flux-system', ...change]);
  }
}

/** An archive of what the lines of a .gitignore leave; Git itself reads them. */
async function pack(files: FileSet, ignore: string): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-artifact-'));
  try {
    const tree = join(folder, 'tree');
    mkdirSync(tree);
    for (const [path, text] of files) {
      mkdirSync(dirname(join(tree, path)), { recursive: true });
      writeFileSync(join(tree, path), text);
    }
    writeFileSync(join(folder, 'ignore'), ignore);
    await run('git', ['init', '--quiet', tree]);
    const kept = await run('git', [
      '-C',
      tree,
      'ls-files',
      '--others',
      '-z',
      `--exclude-from=${join(folder, 'ignore')}`,
    ]);
    const archive = join(folder, 'artifact.tar.gz');
    const from = ['--gzip', `--directory=${tree}`, '--null', '--files-from=-'];
    await run('tar', ['--create', `--file=${archive}`, ...from], { stdin: kept });
    return readFileSync(archive);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

import { type CheckResult, couldNotRead, fail, names, ok, warn } from '../../cluster/check-result.ts';
import { type ClusterReader, list, text } from '../../cluster/reader.ts';
import { forbiddenCidrs } from '../../constructs/preview-namespace/network-policies.ts';
import { contains, type Network, parseNetwork } from '../../model/ipv4.ts';
import type { DoctorContext } from './context.ts';

/** A network of the cluster itself, which previews must not reach. */
export interface ClusterNetwork {
  /** IPv4, such as `10.0.0.0/16` or `203.0.113.7/32`. */
  readonly cidr: string;
  /** `the API server`, `a node`. */
  readonly what: string;
}

const IPV4 = /^(?:\d{1,3}\.){3}\d{1,3}(?:\/\d{1,2})?$/;
const LOOPBACK = parseNetwork('127.0.0.0/8');

/** Where a cluster lists its addresses, and how to read the answer. */
const SOURCES: readonly {
  readonly path: string;
  readonly what: string;
  readonly read: (item: unknown) => readonly unknown[];
}[] = [
  {
    path: '/api/v1/nodes',
    what: 'a node',
    read: (node) => list(node, 'status', 'addresses').map((address) => text(address, 'address')),
  },
  { path: '/api/v1/nodes', what: 'pods', read: (node) => list(node, 'spec', 'podCIDRs') },
  // Served since Kubernetes 1.33; before that, only the address of one Service is known.
  { path: '/apis/networking.k8s.io/v1/servicecidrs', what: 'Services', read: (range) => list(range, 'spec', 'cidrs') },
  {
    path: '/api/v1/namespaces/default/services?fieldSelector=metadata.name%3Dkubernetes',
    what: 'the API server',
    read: (service) => list(service, 'spec', 'clusterIPs'),
  },
  {
    path: '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dkubernetes',
    what: 'the API server',
    read: (slice) => list(slice, 'endpoints').flatMap((endpoint) => list(endpoint, 'addresses')),
  },
];

/**
 * Addresses of nodes, pods, Services and the API server, as far as the cluster and the kubeconfig tell, each once.
 *
 * @returns also results for what could not be read
 */
export async function clusterNetworks(reader: ClusterReader): Promise<{
  readonly networks: readonly ClusterNetwork[];
  readonly hidden: readonly CheckResult[];
}> {
  const hidden: CheckResult[] = [];
  const server = (async () => (await reader.addresses?.()) ?? [])();
  const paths = [...new Set(SOURCES.map(({ path }) => path))];
  const answers = new Map(await Promise.all(paths.map(async (path) => [path, await reader.get(path)] as const)));
  const found = (await server).map((address) => ({ address, what: 'the API server' }));
  for (const { path, what, read } of SOURCES) {
    const answer = answers.get(path)!;
    if (answer.kind === 'refused') hidden.push(couldNotRead('cluster-cidrs', `addresses of ${what}`, answer));
    if (answer.kind !== 'found') continue;
    for (const item of list(answer.value, 'items')) {
      for (const address of read(item)) found.push({ address: typeof address === 'string' ? address : '', what });
    }
  }
  const networks = new Map<string, ClusterNetwork>();
  for (const { address, what } of found.filter((each) => IPV4.test(each.address))) {
    const cidr = address.includes('/') ? address : `${address}/32`;
    if (!contains(LOOPBACK, parseNetwork(cidr)) && !networks.has(cidr)) networks.set(cidr, { cidr, what });
  }
  return { networks: [...networks.values()], hidden };
}

/** The networks that no range covers. */
export function uncovered(networks: readonly ClusterNetwork[], ranges: readonly string[]): ClusterNetwork[] {
  const closed = ranges.map(parseNetwork);
  return networks.filter(({ cidr }) => !closed.some((range) => contains(range, parseNetwork(cidr))));
}

/** Checks that `network.clusterCidrs` covers all networks of the cluster: an opened egress could reach others. */
export async function clusterCidrs({ reader, platform, previews }: DoctorContext): Promise<CheckResult[]> {
  if (!previews) return [];
  const { networks, hidden } = await clusterNetworks(reader);
  const missing = uncovered(networks, forbiddenCidrs(platform.network));
  const opened = platform.egress.map(({ cidr }) => parseNetwork(cidr));
  const isOpen = ({ cidr }: ClusterNetwork) => opened.some((range) => overlap(range, parseNetwork(cidr)));
  const open = missing.filter(isOpen);
  const add = (some: readonly ClusterNetwork[]) =>
    `Add ${names([...new Set(some.map(({ cidr }) => cidr))], 9)} to network.clusterCidrs and run greenroom upgrade.`;
  if (open.length > 0)
    return [...hidden, fail('cluster-cidrs', `egress lets previews reach ${listed(open)}.`, add(open))];
  if (missing.length > 0) {
    const message = `network.clusterCidrs does not cover ${listed(missing)}: an egress that is opened later could reach it.`;
    return [...hidden, warn('cluster-cidrs', message, add(missing))];
  }
  return hidden.length > 0
    ? [...hidden]
    : [ok('cluster-cidrs', 'network.clusterCidrs covers the nodes, pods, Services and the API server')];
}

const listed = (some: readonly ClusterNetwork[]) => names(some.map(({ cidr, what }) => `${what} (${cidr})`));
const overlap = (a: Network, b: Network) => a.first <= b.last && b.first <= a.last;

import { carveOut, parseNetwork } from '../../model/ipv4.ts';
import type { NetworkPolicyPeer, NetworkPolicySpec } from '../../model/kube.ts';
import { METADATA_CIDRS } from '../../model/platform/network.ts';
import { operatedPolicies } from './operated.ts';
import { type DnsProps, PRIVATE_CIDRS, type PreviewNamespaceProps } from './props.ts';

/** Allows the ingress controller. Only this policy differs between previews, since each opens the ports of its apps. */
export const INGRESS_POLICY = 'allow-ingress';

/** Networks that no egress rule can open. */
export function forbiddenCidrs(props: Pick<PreviewNamespaceProps, 'clusterCidrs'>): readonly string[] {
  return [...METADATA_CIDRS, ...(props.clusterCidrs ?? PRIVATE_CIDRS)];
}

/**
 * The network policies by name. Policies add up: traffic that none of them allows is denied, since `default-deny` selects
 * every pod in both directions.
 */
export function networkPolicies(props: PreviewNamespaceProps): ReadonlyMap<string, NetworkPolicySpec> {
  const policies = new Map<string, NetworkPolicySpec>([
    ['default-deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }],
    [INGRESS_POLICY, { podSelector: {}, policyTypes: ['Ingress'], ingress: ingressRules(props) }],
    ['allow-same-preview', samePreview()],
    ['allow-dns', dns(props.dns ?? {})],
  ]);
  if (props.egress !== undefined && props.egress.length > 0) policies.set('allow-egress', allowList(props));
  for (const [name, spec] of operatedPolicies(props.services ?? [])) policies.set(name, spec);
  return policies;
}

function namespacePeer(name: string): NetworkPolicyPeer {
  // The API server sets this label to the name, so another namespace cannot have it.
  return { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } };
}

/** If nothing listens there is no rule: a rule without ports would open all ports. */
export function ingressRules(
  props: Pick<PreviewNamespaceProps, 'ingress' | 'ingressPorts' | 'testHarness'>,
): NonNullable<NetworkPolicySpec['ingress']> {
  const from = ingressPeers(props);
  if (props.ingressPorts === undefined) return [{ from }];
  const ports = [...new Set(props.ingressPorts)].sort((a, b) => a - b);
  return ports.length === 0 ? [] : [{ from, ports: ports.map((port) => ({ protocol: 'TCP', port })) }];
}

function ingressPeers({
  ingress,
  testHarness = [],
}: Pick<PreviewNamespaceProps, 'ingress' | 'testHarness'>): NetworkPolicyPeer[] {
  const namespaces = [ingress.controllerNamespace, ...(ingress.additionalNamespaces ?? [])];
  return [...namespaces.map(namespacePeer), ...testHarness.map((cidr) => ({ ipBlock: { cidr } }))];
}

/** A pod selector without a namespace selector means this namespace: pods of one preview may reach each other. */
function samePreview(): NetworkPolicySpec {
  return {
    podSelector: {},
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from: [{ podSelector: {} }] }],
    egress: [{ to: [{ podSelector: {} }] }],
  };
}

function dns(props: DnsProps): NetworkPolicySpec {
  const { namespace = 'kube-system', podLabels = { 'k8s-app': 'kube-dns' }, ports = [53], nodeLocal } = props;
  const both = (numbers: readonly number[]) =>
    numbers.flatMap((port) => ['UDP', 'TCP'].map((protocol) => ({ protocol, port })));
  const pods = { ...namespacePeer(namespace), podSelector: { matchLabels: { ...podLabels } } };
  const egress = [{ to: [pods] as NetworkPolicyPeer[], ports: both(ports) }];
  // One address and one port of the link-local range, which is otherwise closed.
  if (nodeLocal !== undefined) egress.push({ to: [{ ipBlock: { cidr: `${nodeLocal}/32` } }], ports: both([53]) });
  return { podSelector: {}, policyTypes: ['Egress'], egress };
}

function allowList(props: PreviewNamespaceProps): NetworkPolicySpec {
  const forbidden = forbiddenCidrs(props).map(parseNetwork);
  const egress = (props.egress ?? []).map(({ cidr, ports }) => {
    const except = carveOut(parseNetwork(cidr), forbidden);
    const to = [{ ipBlock: { cidr, ...(except.length > 0 && { except }) } }];
    return ports === undefined ? { to } : { to, ports: ports.map((port) => ({ protocol: 'TCP', port })) };
  });
  return { podSelector: {}, policyTypes: ['Egress'], egress };
}

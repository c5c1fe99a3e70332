import * as z from 'zod';
import { bounded, cidr, dnsLabel, platformNamespace } from '../scalars.ts';
import { routeAnnotations } from './objects.ts';
import { section } from './section.ts';

// Who may connect to a preview, and where it may connect to.

export const ingress = section({
  kind: z.enum(['ingress', 'gateway']).default('ingress').meta({ description: 'Ingress, or Gateway API HTTPRoute.' }),
  class: dnsLabel.default('nginx').meta({ description: 'ingressClassName, or the GatewayClass of the bootstrap.' }),
  controllerNamespace: platformNamespace.optional().meta({
    description:
      'The only namespace that may open connections to a preview. Default: ingress-nginx, for the classes of that controller.',
    examples: ['ingress-nginx'],
  }),
  gateway: section({
    name: dnsLabel.default('previews').meta({ description: 'Its name.' }),
    namespace: platformNamespace
      .optional()
      .meta({ description: 'Its namespace. Default: `ingress.controllerNamespace`.', examples: ['ingress-nginx'] }),
    listener: dnsLabel
      .default('https')
      .meta({ description: 'Its listener for HTTPS, which HTTPRoutes name: a route is never served without TLS.' }),
  }).meta({ description: 'The Gateway that HTTPRoutes attach to.' }),
  tls: section({
    issuer: dnsLabel
      .default('letsencrypt')
      .meta({ description: 'cert-manager ClusterIssuer of the wildcard certificate.' }),
    secretName: dnsLabel.default('preview-wildcard-tls').meta({
      description: "Secret of the wildcard certificate, in the controller's namespace: its default certificate.",
    }),
  }).meta({ description: 'The one wildcard certificate of all previews.' }),
  annotations: routeAnnotations,
})
  .superRefine(({ class: name, controllerNamespace }, context) => {
    const message = misfit(name, controllerNamespace);
    if (message !== null) context.addIssue({ code: 'custom', path: ['controllerNamespace'], message });
  })
  .transform((own) => ({ ...own, controllerNamespace: own.controllerNamespace ?? 'ingress-nginx' }))
  .meta({ description: 'How people reach a preview.' });

/** Ingress controllers, by a word that their classes and namespaces usually contain. */
const CONTROLLERS = ['nginx', 'traefik', 'haproxy', 'kong', 'contour', 'istio', 'envoy', 'cilium', 'apisix'];

/** A controller in another namespace than configured cannot connect to any preview. */
function misfit(name: string, namespace: string | undefined): string | null {
  const [wanted, found] = [name, namespace ?? ''].map((text) => CONTROLLERS.find((word) => text.includes(word)));
  if (namespace === undefined) {
    return wanted === 'nginx' ? null : `is needed with the class ${name}: the namespace that its controller runs in`;
  }
  const fits = wanted === undefined || found === undefined || wanted === found;
  return fits
    ? null
    : `must be the namespace of the controller of the class ${name}; found ${namespace}, which belongs to ${found}`;
}

/**
 * Metadata services with the credentials and settings of a node: link-local, which nearly all clouds use, and the
 * addresses of Azure's host, of Oracle's and of Alibaba's metadata service. No preview can reach them, whatever
 * `egress` says.
 */
export const METADATA_CIDRS: readonly string[] = [
  '169.254.0.0/16',
  '168.63.129.16/32',
  '192.0.0.192/32',
  '100.100.100.200/32',
];

const egressRule = z.strictObject({
  cidr: cidr.meta({ description: 'Addresses that it may reach.', examples: ['203.0.113.0/24'] }),
  ports: z
    .array(z.int().min(1).max(65_535))
    .min(1)
    .optional()
    .meta({ description: 'TCP ports. Default: all.', examples: [[443]] }),
});

/** Names for common egress rules. */
const EGRESS_PRESETS = { none: [], https: [{ cidr: '0.0.0.0/0', ports: [443] }] };

export const egress = z
  .union([z.enum(['none', 'https']), z.array(egressRule)])
  .default('none')
  .transform((value): z.output<typeof egressRule>[] => (typeof value === 'string' ? EGRESS_PRESETS[value] : value))
  .meta({
    description:
      'What a preview may reach besides DNS and its own apps: none, https (port 443 of the internet), or a list. Clusters and cloud metadata are never reachable.',
    default: 'none',
    examples: [[{ cidr: '203.0.113.0/24', ports: [443] }]],
  });

const apiServer = z.strictObject({
  cidr: cidr
    .refine((network) => Number(network.split('/')[1]) >= 24, 'must contain at most 256 addresses (/24 to /32)')
    .meta({ description: 'Its addresses.', examples: ['10.0.0.10/32'] }),
  ports: z.array(z.int().min(1).max(65_535)).min(1).default([443, 6443]).meta({ description: 'Its TCP ports.' }),
});

export const network = section({
  dnsNamespace: dnsLabel.default('kube-system').meta({ description: 'Where the cluster DNS runs.' }),
  dnsPodLabels: z.record(z.string().max(317), z.string().max(63)).default({ 'k8s-app': 'kube-dns' }).meta({
    description: "Labels of the cluster DNS's pods; on OpenShift `dns.operator.openshift.io/daemonset-dns: default`.",
  }),
  dnsPorts: z
    .array(z.int().min(1).max(65_535))
    .min(1)
    .default([53])
    .meta({ description: 'Ports of those pods; on OpenShift 5353.' }),
  nodeLocalDns: bounded(15, /^((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)$/, 'must be an IPv4 address')
    .optional()
    .meta({
      description: 'Address of the DNS cache on each node, if there is one. Default: none.',
      examples: ['169.254.20.10'],
    }),
  clusterCidrs: z
    .array(cidr)
    .default(['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16'])
    .meta({ description: 'Ranges of nodes, pods and services; never reachable, even if `egress` allows them.' }),
  apiServer: z
    .array(apiServer)
    .max(10)
    .default([])
    .meta({
      description:
        'Addresses of the API server: of its Service and of what is behind it. Only pods of `services` with `class.callsApi` can reach them. Default: none.',
      examples: [[{ cidr: '10.0.0.10/32', ports: [6443] }]],
    }),
}).meta({ description: 'Addresses of the cluster, for the network policies.' });

import * as z from 'zod';
import { cidr, dnsLabel } from '../scalars.ts';
import { section } from './section.ts';

// Who may speak with a preview, and with whom it may.

export const ingress = section({
  kind: z.enum(['ingress', 'gateway']).default('ingress').meta({ description: 'Ingress, or Gateway API HTTPRoute.' }),
  class: dnsLabel.default('nginx').meta({ description: 'ingressClassName, or the GatewayClass of the bootstrap.' }),
  controllerNamespace: dnsLabel
    .default('ingress-nginx')
    .meta({ description: 'The only namespace that may open connections to a preview.' }),
  gateway: section({
    name: dnsLabel.default('previews').meta({ description: 'Its name.' }),
    namespace: dnsLabel
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
}).meta({ description: 'How people reach a preview.' });

export const egress = z.strictObject({
  cidr: cidr.meta({ description: 'Addresses that it may reach.', examples: ['203.0.113.0/24'] }),
  ports: z
    .array(z.int().min(1).max(65_535))
    .min(1)
    .optional()
    .meta({ description: 'TCP ports. Default: all.', examples: [[443]] }),
});

export const network = section({
  dnsNamespace: dnsLabel.default('kube-system').meta({ description: 'Where the cluster DNS runs.' }),
  clusterCidrs: z
    .array(cidr)
    .default(['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16'])
    .meta({ description: 'Ranges of nodes, pods and services; never reachable, whatever `egress` allows.' }),
}).meta({ description: 'What the network policies have to know of the cluster.' });

import type { Construct } from 'constructs';
import { PREVIEW_LABEL, PREVIEW_PREFIX } from '../../model/labels.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { celLiteral } from '../../policies/engines/cel-text.ts';
import { ownHost } from '../../policies/rules/own-host.ts';
import { Guard } from './guards.ts';
import { certificateNamespace } from './ingress.ts';

/** Hosts in a Certificate, a Gateway, a ListenerSet, an Ingress and a route. */
const HOSTS = [
  'dyn(object).spec.?dnsNames.orValue([])',
  '[dyn(object).spec.?commonName.orValue("")]',
  'dyn(object).spec.?literalSubject.orValue("").split(",").map(part, part.trim().replace("CN=", ""))',
  'dyn(object).spec.?listeners.orValue([]).map(l, l.?hostname.orValue(""))',
  'dyn(object).spec.?rules.orValue([]).map(r, r.?host.orValue(""))',
  'dyn(object).spec.?hostnames.orValue([])',
];

const RESOURCES: Readonly<Record<string, readonly string[]>> = {
  'cert-manager.io': ['certificates'],
  'gateway.networking.k8s.io': ['gateways', 'grpcroutes', 'httproutes', 'listenersets', 'tlsroutes'],
  'networking.k8s.io': ['ingresses'],
};

/**
 * Allows objects that certify, open or route hosts of previews only as greenroom's own Certificate and Gateway, and to each
 * preview for its own host. Anybody else with such an object could answer for a preview, or read its traffic. The guard
 * applies to service accounts: to objects applied from Git, and to those that controllers create. RBAC limits people.
 *
 * cert-manager's CertificateRequests are not checked, since the names in them are encoded. Few accounts should be allowed
 * to write those.
 */
export function domainGuard(scope: Construct, id: string, platform: PlatformSpec): Guard {
  const { domain, ingress } = platform;
  const isOfPreviews = `h.lowerAscii() == ${celLiteral(`*.${domain}`)} || (h.lowerAscii().startsWith('${PREVIEW_PREFIX}') && h.lowerAscii().endsWith(${celLiteral(`.${domain}`)}))`;
  const own = `namespaceObject.metadata.?labels[?'${PREVIEW_LABEL}'].orValue('') == request.namespace`;
  // In a preview the rule decides: its sentence is the one that the maker read before commit, and it knows exceptions.
  const byRule = (platform.policies.severities[ownHost.id] ?? 'deny') === 'deny';
  const ruled = `(${own} && request.resource.resource in ['httproutes', 'ingresses'])`;
  const names = [ingress.tls.secretName, ...(ingress.kind === 'gateway' ? [ingress.gateway.name] : [])];
  return new Guard(scope, id, {
    name: 'greenroom-domain',
    rule: Object.entries(RESOURCES).map(([group, resources]) => ({
      apiGroups: [group],
      apiVersions: ['*'],
      operations: ['CREATE', 'UPDATE'],
      resources,
    })),
    when: "request.userInfo.username.startsWith('system:serviceaccount:')",
    validations: [
      {
        expression: [
          `(request.namespace == ${celLiteral(certificateNamespace(platform))} && request.name in [${names.map(celLiteral).join(', ')}])`,
          `|| (${HOSTS.join(' + ')}).all(h, !(${isOfPreviews}) || (${own} && h == request.namespace + ${celLiteral(`.${domain}`)}))`,
          ...(byRule ? [`|| ${ruled}`] : []),
        ].join('\n'),
        message: `addresses of previews (*.${domain}) have one certificate and one Gateway: those that greenroom writes`,
      },
    ],
  });
}

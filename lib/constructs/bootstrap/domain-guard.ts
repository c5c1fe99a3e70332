import type { Construct } from 'constructs';
import { PREVIEW_LABEL, PREVIEW_PREFIX } from '../../model/labels.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { celLiteral } from '../../policies/engines/cel-text.ts';
import { Guard } from './guards.ts';
import { certificateNamespace } from './ingress.ts';

/** Hosts of a Certificate, of a Gateway and of a ListenerSet. */
const HOSTS = [
  'dyn(object).spec.?dnsNames.orValue([])',
  '[dyn(object).spec.?commonName.orValue("")]',
  'dyn(object).spec.?listeners.orValue([]).map(l, l.?hostname.orValue(""))',
];

/**
 * Certificates and Gateways for addresses of previews: the one Certificate and the one Gateway that greenroom writes,
 * and those of a preview for itself. Whoever else has one can answer for a preview, or read what is sent to it. It
 * holds accounts of programs: what is applied from Git, and what controllers make of it. People are held by RBAC.
 *
 * cert-manager's CertificateRequests are not looked at: the names in them are encoded. Who may write those should be few.
 */
export function domainGuard(scope: Construct, id: string, platform: PlatformSpec): Guard {
  const { domain, ingress } = platform;
  const isOfPreviews = `h == ${celLiteral(`*.${domain}`)} || (h.startsWith('${PREVIEW_PREFIX}') && h.endsWith(${celLiteral(`.${domain}`)}))`;
  const own = `namespaceObject.metadata.?labels[?'${PREVIEW_LABEL}'].orValue('') == request.namespace`;
  const names = [ingress.tls.secretName, ...(ingress.kind === 'gateway' ? [ingress.gateway.name] : [])];
  return new Guard(scope, id, {
    name: 'greenroom-domain',
    rule: [
      {
        apiGroups: ['cert-manager.io'],
        apiVersions: ['*'],
        operations: ['CREATE', 'UPDATE'],
        resources: ['certificates'],
      },
      {
        apiGroups: ['gateway.networking.k8s.io'],
        apiVersions: ['*'],
        operations: ['CREATE', 'UPDATE'],
        resources: ['gateways', 'listenersets'],
      },
    ],
    when: "request.userInfo.username.startsWith('system:serviceaccount:')",
    validations: [
      {
        expression: [
          `(request.namespace == ${celLiteral(certificateNamespace(platform))} && request.name in [${names.map(celLiteral).join(', ')}])`,
          `|| (${HOSTS.join(' + ')}).all(h, !(${isOfPreviews}) || (${own} && h == request.namespace + ${celLiteral(`.${domain}`)}))`,
        ].join('\n'),
        message: `addresses of previews (*.${domain}) have one certificate and one entrance: those that greenroom writes`,
      },
    ],
  });
}

import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { PREVIEW_LABEL } from '../../model/labels.ts';
import type { PlatformSpec } from '../../model/platform.ts';

type IngressSpec = Pick<PlatformSpec, 'domain' | 'ingress'>;

/** Namespace of the wildcard certificate's Secret: that of the Gateway, or of the ingress controller. */
export function certificateNamespace({ ingress }: IngressSpec): string {
  return ingress.kind === 'gateway'
    ? (ingress.gateway.namespace ?? ingress.controllerNamespace)
    : ingress.controllerNamespace;
}

/**
 * One certificate for all previews, renewed by cert-manager: with one for each preview the authority's rate limits would
 * be exceeded. Its issuer must support DNS-01, the only challenge for wildcards.
 */
export function wildcardCertificate(scope: Construct, id: string, spec: IngressSpec): ApiObject {
  const { issuer, secretName } = spec.ingress.tls;
  return new ApiObject(scope, id, {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: secretName, namespace: certificateNamespace(spec) },
    spec: {
      secretName,
      dnsNames: [`*.${spec.domain}`],
      issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: issuer },
      privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
    },
  });
}

/** The Gateway that previews' HTTPRoutes attach to: HTTPS only, one level below the domain, from previews only. */
export function previewGateway(scope: Construct, id: string, spec: IngressSpec): ApiObject {
  const { gateway, tls } = spec.ingress;
  return new ApiObject(scope, id, {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: gateway.name, namespace: certificateNamespace(spec) },
    spec: {
      gatewayClassName: spec.ingress.class,
      listeners: [
        {
          name: 'https',
          protocol: 'HTTPS',
          port: 443,
          hostname: `*.${spec.domain}`,
          tls: { mode: 'Terminate', certificateRefs: [{ name: tls.secretName }] },
          allowedRoutes: {
            namespaces: {
              from: 'Selector',
              selector: { matchExpressions: [{ key: PREVIEW_LABEL, operator: 'Exists' }] },
            },
          },
        },
      ],
    },
  });
}

import type { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { PORT_NAME } from '../../model/templates/runtime.ts';
import { kubeObject } from '../kube-object.ts';
import type { StringMap } from '../metadata.ts';
import { PlainObject } from '../plain-object.ts';
import type { PreviewAppProps } from './props.ts';

/** Port of the Service. */
export const SERVICE_PORT = 80;

type Metadata = { name: string; namespace: string; labels: StringMap; annotations: StringMap };

/** The Ingress or HTTPRoute from the host to the Service. */
export function route(scope: Construct, props: PreviewAppProps, metadata: Metadata): ApiObject {
  return props.ingress.kind === 'gateway' ? httpRoute(scope, props, metadata) : ingress(scope, props, metadata);
}

/** TLS without a Secret: the controller uses its default certificate, the platform's wildcard certificate. */
function ingress(scope: Construct, props: PreviewAppProps, metadata: Metadata): ApiObject {
  const backend = { service: { name: props.name, port: { name: PORT_NAME } } };
  return kubeObject(scope, 'route', 'Ingress', {
    metadata,
    spec: {
      ingressClassName: props.ingress.class ?? 'nginx',
      rules: [{ host: props.host, http: { paths: [{ path: props.path ?? '/', pathType: 'Prefix', backend }] } }],
      tls: [{ hosts: [props.host] }],
    },
  });
}

/**
 * The Gateway's listener handles TLS. Defaults in list items are written out: Argo CD compares list items of custom
 * resources as a whole and would never be in sync.
 */
function httpRoute(scope: Construct, props: PreviewAppProps, metadata: Metadata): ApiObject {
  const { name, namespace, listener } = props.ingress.gateway ?? { name: '', namespace: '' };
  const section = listener === undefined ? {} : { sectionName: listener };
  return new PlainObject(scope, 'route', {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata,
    spec: {
      parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name, namespace, ...section }],
      hostnames: [props.host],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: props.path ?? '/' } }],
          backendRefs: [{ group: '', kind: 'Service', name: props.name, port: SERVICE_PORT, weight: 1 }],
        },
      ],
    },
  });
}

/**
 * The host of a Knative Service. By default it would be `<name>.<namespace>.<domain>`, which a wildcard certificate does
 * not cover; the DomainMapping gives it the preview's host.
 */
export function domainMapping(scope: Construct, props: PreviewAppProps, metadata: Metadata): ApiObject {
  return new PlainObject(scope, 'route', {
    apiVersion: 'serving.knative.dev/v1beta1',
    kind: 'DomainMapping',
    metadata: { ...metadata, name: props.host },
    spec: { ref: { apiVersion: 'serving.knative.dev/v1', kind: 'Service', name: props.name } },
  });
}

import type { StringMap } from '../../model/kube-object.ts';
import { operatorNamespace, type ServiceClass } from '../../model/platform/service-class.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import type { OperatedService } from './operated.ts';
import type { PreviewNamespaceProps } from './props.ts';

/** Namespace of Knative's activator, which forwards requests to the pods, and autoscaler, which reads their load. */
const KNATIVE_NAMESPACE = 'knative-serving';

/** The label that makes policy-controller check a namespace. */
function verifierLabels({ evidence }: PlatformSpec): StringMap {
  const isAsked = evidence.admission === 'signatures' && evidence.verifier === 'policy-controller';
  return isAsked ? { 'policy.sigstore.dev/include': 'true' } : {};
}

/** The object of a class for one preview. */
export function operatedService(
  { network }: Pick<PlatformSpec, 'network'>,
  type: string,
  { apiVersion, kind, spec, secret, account, podLabel, ports, callsApi }: ServiceClass,
  name: string,
): OperatedService {
  return {
    name,
    type,
    apiVersion,
    kind,
    spec,
    ...(secret !== undefined && { secret: secret.replaceAll('{name}', name) }),
    network: {
      podLabel,
      operatorNamespace: operatorNamespace({ account }),
      ports,
      apiServer: callsApi ? network.apiServer : [],
    },
  };
}

/** The props of a fence that do not depend on the preview. */
export function platformFence(
  platform: PlatformSpec,
): Omit<PreviewNamespaceProps, 'name' | 'repository' | 'repositoryId' | 'number' | 'expires'> {
  return {
    quota: platform.namespace.quota,
    limitRange: platform.namespace.limitRange,
    ingress: {
      controllerNamespace: platform.ingress.controllerNamespace,
      additionalNamespaces: platform.knative ? [KNATIVE_NAMESPACE] : [],
    },
    testHarness: platform.testHarness,
    egress: platform.egress,
    dns: {
      namespace: platform.network.dnsNamespace,
      podLabels: platform.network.dnsPodLabels,
      ports: platform.network.dnsPorts,
      nodeLocal: platform.network.nodeLocalDns,
    },
    imagePullSecrets: platform.imagePullSecrets,
    secretStore: platform.secrets.store,
    labels: { ...platform.labels, ...verifierLabels(platform) },
    annotations: platform.annotations,
    clusterCidrs: platform.network.clusterCidrs,
    reconciler: { kind: platform.reconciler },
    watched: platform.status.watch,
  };
}

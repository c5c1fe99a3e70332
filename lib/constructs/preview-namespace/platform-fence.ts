import type { StringMap } from '../../model/kube-object.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import type { PreviewNamespaceProps } from './props.ts';

/** Namespace of Knative's activator, which forwards requests to the pods, and autoscaler, which reads their load. */
const KNATIVE_NAMESPACE = 'knative-serving';

/** The label that makes policy-controller check a namespace. */
function verifierLabels({ evidence }: PlatformSpec): StringMap {
  const isAsked = evidence.admission === 'signatures' && evidence.verifier === 'policy-controller';
  return isAsked ? { 'policy.sigstore.dev/include': 'true' } : {};
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

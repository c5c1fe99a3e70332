import type { PlatformSpec } from '../../model/platform.ts';
import type { PreviewNamespaceProps } from './props.ts';

/** Where Knative's activator and autoscaler run: the one passes requests on to the pods, the other reads their load. */
const KNATIVE_NAMESPACE = 'knative-serving';

/** What a platform says of every fence: the props that do not depend on the preview. */
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
    labels: platform.labels,
    annotations: platform.annotations,
    clusterCidrs: platform.network.clusterCidrs,
    reconciler: { kind: platform.reconciler },
  };
}

/** Versions of kinds, newest first. A kind that is not listed has those of {@link REST}. */
type Versions = Readonly<Record<string, readonly string[]>>;

const REST = '*';

/**
 * Versions that clusters serve of the groups in previews. Groups that are not listed are left to the cluster.
 *
 * Source: the API reference of Kubernetes 1.30 to 1.36, and the current definitions of Gateway API, External Secrets,
 * Sealed Secrets and Knative.
 */
const SERVED: Readonly<Record<string, Versions>> = {
  '': { [REST]: ['v1'] },
  apps: { [REST]: ['v1'] },
  autoscaling: { [REST]: ['v1'], HorizontalPodAutoscaler: ['v2', 'v1'] },
  batch: { [REST]: ['v1'] },
  'bitnami.com': { [REST]: ['v1alpha1'] },
  'external-secrets.io': {
    [REST]: ['v1', 'v1beta1'],
    PushSecret: ['v1alpha1'],
    ClusterPushSecret: ['v1alpha1'],
  },
  'gateway.networking.k8s.io': {
    [REST]: ['v1', 'v1beta1', 'v1alpha3', 'v1alpha2'],
    Gateway: ['v1', 'v1beta1'],
    GatewayClass: ['v1', 'v1beta1'],
    HTTPRoute: ['v1', 'v1beta1'],
    GRPCRoute: ['v1'],
    TCPRoute: ['v1alpha2'],
    UDPRoute: ['v1alpha2'],
  },
  'networking.k8s.io': {
    [REST]: ['v1'],
    IPAddress: ['v1', 'v1beta1'],
    ServiceCIDR: ['v1', 'v1beta1'],
  },
  policy: { [REST]: ['v1'] },
  'rbac.authorization.k8s.io': { [REST]: ['v1'] },
  'serving.knative.dev': { [REST]: ['v1'], DomainMapping: ['v1beta1'] },
};

/** The values of `apiVersion` that a cluster accepts for this kind; undefined for a group that is not listed. */
export function servedVersions(apiVersion: string, kind: string): readonly string[] | undefined {
  const slash = apiVersion.indexOf('/');
  const group = apiVersion.slice(0, Math.max(slash, 0));
  if (!Object.hasOwn(SERVED, group)) return undefined;
  const versions = SERVED[group] as Versions;
  const served = Object.hasOwn(versions, kind) ? versions[kind] : versions[REST];
  return served?.map((version) => (group === '' ? version : `${group}/${version}`));
}

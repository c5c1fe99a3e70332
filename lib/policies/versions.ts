/**
 * Versions of the groups that previews are made of, newest first; groups that are not here are left to the cluster.
 *
 * Source: the API reference of Kubernetes 1.36, and the current definitions of Gateway API, External Secrets, Sealed
 * Secrets and Knative.
 */
const SERVED: Readonly<Record<string, readonly string[]>> = {
  '': ['v1'],
  apps: ['v1'],
  autoscaling: ['v2', 'v1'],
  batch: ['v1'],
  'bitnami.com': ['v1alpha1'],
  'external-secrets.io': ['v1', 'v1beta1'],
  'gateway.networking.k8s.io': ['v1', 'v1beta1', 'v1alpha3', 'v1alpha2'],
  'networking.k8s.io': ['v1', 'v1beta1'],
  policy: ['v1'],
  'rbac.authorization.k8s.io': ['v1'],
  'serving.knative.dev': ['v1', 'v1beta1'],
};

/** The values of `apiVersion` that a cluster takes for this group; undefined for a group that is not known here. */
export function servedVersions(apiVersion: string): readonly string[] | undefined {
  const slash = apiVersion.indexOf('/');
  const group = apiVersion.slice(0, Math.max(slash, 0));
  if (!Object.hasOwn(SERVED, group)) return undefined;
  return SERVED[group]?.map((version) => (group === '' ? version : `${group}/${version}`));
}

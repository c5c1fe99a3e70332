import type { Construct } from 'constructs';
import {
  FENCER_ACCOUNT,
  FENCES_PROJECT,
  PREVIEW_PREFIX,
  PREVIEWS_PROJECT,
  RECONCILER_ACCOUNT,
} from '../../model/labels.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { AppProject } from '../app-project/app-project.ts';
import { BOOTSTRAP_ACCOUNT, CLUSTER_ACCOUNT } from './accounts.ts';
import { certificateNamespace } from './ingress.ts';
import { ARGOCD_KINDS, clusterKinds, FENCE_KINDS, GUARD_KINDS, NAMESPACE_KIND, workloadKinds } from './kinds.ts';

/** Project of the root Application. */
export const BOOTSTRAP_PROJECT = 'greenroom';
/** Project of each cluster's own Application. */
export const CLUSTERS_PROJECT = 'greenroom-clusters';

/** Argo CD's address for the cluster that it runs in. */
export const IN_CLUSTER = 'https://kubernetes.default.svc';

/** May write what bootstrap/argocd/ holds, in Argo CD's own namespace. */
export function bootstrapProject(scope: Construct, spec: PlatformSpec, repoUrl: string): AppProject {
  const { namespace } = spec.argocd;
  return new AppProject(scope, BOOTSTRAP_PROJECT, {
    name: BOOTSTRAP_PROJECT,
    namespace,
    description: 'Projects and ApplicationSets of previews',
    sourceRepos: [repoUrl],
    destinations: [{ server: IN_CLUSTER, namespace, serviceAccount: `${namespace}:${BOOTSTRAP_ACCOUNT}` }],
    clusterKinds: GUARD_KINDS,
    namespacedKinds: ARGOCD_KINDS,
  });
}

/** May write what bootstrap/clusters/ and policies/ hold. */
export function clustersProject(scope: Construct, spec: PlatformSpec, repoUrl: string): AppProject {
  const { namespace } = spec.argocd;
  const kinds = clusterKinds(spec);
  const namespaces = [...new Set([namespace, certificateNamespace(spec)])];
  return new AppProject(scope, CLUSTERS_PROJECT, {
    name: CLUSTERS_PROJECT,
    namespace,
    description: 'Admission policies, cleaner and certificate of each cluster of previews',
    sourceRepos: [repoUrl],
    destinations: servers(spec).flatMap((server) =>
      namespaces.map((target) => ({
        server,
        namespace: target,
        serviceAccount: `${namespace}:${CLUSTER_ACCOUNT}`,
      })),
    ),
    clusterKinds: kinds.cluster,
    namespacedKinds: [...kinds.cleaner, ...kinds.ingress],
  });
}

/** Fences: the Namespace and what limits it, written by the one fencer. */
export function fencesProject(scope: Construct, spec: PlatformSpec, repoUrl: string): AppProject {
  const { namespace } = spec.argocd;
  return new AppProject(scope, FENCES_PROJECT, {
    name: FENCES_PROJECT,
    namespace,
    description: 'Namespaces of previews and their limits',
    sourceRepos: [repoUrl],
    destinations: previewDestinations(spec, `${namespace}:${FENCER_ACCOUNT}`),
    clusterKinds: [NAMESPACE_KIND],
    namespacedKinds: FENCE_KINDS,
  });
}

/** Apps: workloads, written by the account of the preview's own namespace. */
export function previewsProject(scope: Construct, spec: PlatformSpec, repoUrl: string): AppProject {
  return new AppProject(scope, PREVIEWS_PROJECT, {
    name: PREVIEWS_PROJECT,
    namespace: spec.argocd.namespace,
    description: 'Workloads of previews',
    sourceRepos: [repoUrl],
    // No colon: the account of that name in the destination's own namespace.
    destinations: previewDestinations(spec, RECONCILER_ACCOUNT),
    namespacedKinds: workloadKinds(spec),
  });
}

function previewDestinations(spec: PlatformSpec, serviceAccount: string) {
  return servers(spec).map((server) => ({ server, namespace: `${PREVIEW_PREFIX}*`, serviceAccount }));
}

function servers(spec: PlatformSpec): string[] {
  return [...new Set(spec.clusters.map((cluster) => cluster.server))];
}

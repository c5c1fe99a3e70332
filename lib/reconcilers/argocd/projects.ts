import { CLUSTER_ACCOUNT, FENCER_ACCOUNT, PREVIEW_PREFIX, RECONCILER_ACCOUNT } from '../../model/labels.ts';
import { IN_CLUSTER, type PlatformSpec } from '../../model/platform.ts';
import type { BootstrapInput } from '../reconciler.ts';
import type { AppProjectProps } from './app-project.ts';
import { BOOTSTRAP_ACCOUNT, BOOTSTRAP_PROJECT, CLUSTERS_PROJECT, FENCES_PROJECT, PREVIEWS_PROJECT } from './names.ts';

/** What the root Application applies in Argo CD's namespace. */
export const ARGOCD_KINDS = ['Application', 'ApplicationSet'].map((kind) => ({
  group: 'argoproj.io',
  kind,
  resource: `${kind.toLowerCase()}s`,
}));

/** May write what bootstrap/argocd/ holds, in Argo CD's own namespace. */
export function bootstrapProject({ platform, repoUrl }: BootstrapInput): AppProjectProps {
  const { namespace } = platform.argocd;
  return {
    name: BOOTSTRAP_PROJECT,
    namespace,
    description: 'Projects and ApplicationSets of previews',
    sourceRepos: [repoUrl],
    destinations: [{ server: IN_CLUSTER, namespace, serviceAccount: `${namespace}:${BOOTSTRAP_ACCOUNT}` }],
    namespacedKinds: ARGOCD_KINDS,
  };
}

/** Argo CD takes an empty list of kinds for all of them. */
const NO_KIND = { group: 'greenroom.dev', kind: 'None' };

/** May write what policies/ holds. */
export function clustersProject({ platform, repoUrl, kinds }: BootstrapInput): AppProjectProps {
  const { namespace } = platform.argocd;
  return {
    name: CLUSTERS_PROJECT,
    namespace,
    description: 'Admission policies of each cluster of previews',
    sourceRepos: [repoUrl],
    destinations: servers(platform).map((server) => ({
      server,
      namespace,
      serviceAccount: `${namespace}:${CLUSTER_ACCOUNT}`,
    })),
    clusterKinds: kinds.policies,
    namespacedKinds: [NO_KIND],
  };
}

/** Fences: the Namespace and what limits it, written by the one fencer. */
export function fencesProject({ platform, repoUrl, kinds }: BootstrapInput): AppProjectProps {
  const { namespace } = platform.argocd;
  return {
    name: FENCES_PROJECT,
    namespace,
    description: 'Namespaces of previews and their limits',
    sourceRepos: [repoUrl],
    destinations: previewDestinations(platform, `${namespace}:${FENCER_ACCOUNT}`),
    clusterKinds: [kinds.namespace],
    namespacedKinds: kinds.fence,
  };
}

/** Apps: workloads, written by the account of the preview's own namespace. */
export function previewsProject({ platform, repoUrl, kinds }: BootstrapInput): AppProjectProps {
  return {
    name: PREVIEWS_PROJECT,
    namespace: platform.argocd.namespace,
    description: 'Workloads of previews',
    sourceRepos: [repoUrl],
    // No colon: the account of that name in the destination's own namespace.
    destinations: previewDestinations(platform, RECONCILER_ACCOUNT),
    namespacedKinds: kinds.workload,
  };
}

function previewDestinations(spec: PlatformSpec, serviceAccount: string) {
  return servers(spec).map((server) => ({ server, namespace: `${PREVIEW_PREFIX}*`, serviceAccount }));
}

function servers(spec: PlatformSpec): string[] {
  return [...new Set(spec.clusters.map((cluster) => cluster.server))];
}

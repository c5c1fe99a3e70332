import { CLUSTER_ACCOUNT, FENCER_ACCOUNT, PREVIEW_PREFIX, RECONCILER_ACCOUNT } from '../../model/labels.ts';
import { IN_CLUSTER, type PlatformSpec } from '../../model/platform.ts';
import type { BootstrapInput } from '../reconciler.ts';
import type { AppProjectProps } from './app-project.ts';
import { BOOTSTRAP_ACCOUNT, BOOTSTRAP_PROJECT, CLUSTERS_PROJECT, FENCES_PROJECT, PREVIEWS_PROJECT } from './names.ts';

/** Kinds that the root Application applies in Argo CD's namespace. */
export const ARGOCD_KINDS = ['Application', 'ApplicationSet'].map((kind) => ({
  group: 'argoproj.io',
  kind,
  resource: `${kind.toLowerCase()}s`,
}));

/** May write the objects of bootstrap/argocd/ in Argo CD's namespace. */
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

/** A dummy: to Argo CD an empty list of kinds means all kinds. */
const NO_KIND = { group: 'greenroom.dev', kind: 'None' };

/** May write the objects of policies/. */
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

/** Fences: the Namespace and its limits, written by the fencer. */
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

/** Apps: workloads, written by the account in the preview's namespace. */
export function previewsProject({ platform, repoUrl, kinds }: BootstrapInput): AppProjectProps {
  return {
    name: PREVIEWS_PROJECT,
    namespace: platform.argocd.namespace,
    description: 'Workloads of previews',
    sourceRepos: [repoUrl],
    // Without a colon it is the account of that name in the destination's namespace.
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

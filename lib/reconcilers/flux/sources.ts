import type { KubeObject } from '../../model/kube-object.ts';
import { APPS_REPO_SOURCE } from './kustomization.ts';
import { FLUX_NAMESPACE } from './names.ts';

/** GitRepository with only the Kustomizations of one cluster's previews. */
export const INDEX_SOURCE = 'previews-index';

export interface AppsRepoSourcesProps {
  readonly repoUrl: string;
  readonly branch: string;
  /** Name of the cluster: its folder is `previews/<cluster>/`. */
  readonly cluster: string;
}

/**
 * Two sources of the apps repo: the whole, and only the `flux/` folders of a cluster's previews. Plain Flux has no
 * generators, but a Kustomization applies all YAML below its path: with the second source it creates the Kustomizations
 * of all previews, and no file must list them.
 */
export function appsRepoSources({ repoUrl, branch, cluster }: AppsRepoSourcesProps): KubeObject[] {
  const source = (name: string, ignore?: string): KubeObject => ({
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind: 'GitRepository',
    metadata: { name, namespace: FLUX_NAMESPACE },
    spec: {
      interval: '1m',
      url: repoUrl,
      ref: { branch },
      // The platform team creates this Secret, since an apps repo is private.
      secretRef: { name: APPS_REPO_SOURCE },
      ignore,
    },
  });
  return [source(APPS_REPO_SOURCE), source(INDEX_SOURCE, indexOnly(cluster))];
}

/** Lines in .gitignore format, from the outside in: exclude everything except one folder, then the same inside it. */
function indexOnly(cluster: string): string {
  return [
    '/*',
    '!/previews',
    '/previews/*',
    `!/previews/${cluster}`,
    `/previews/${cluster}/*/*/*`,
    `!/previews/${cluster}/*/*/flux`,
    '',
  ].join('\n');
}

import type { KubeObject } from '../../model/kube-object.ts';
import { APPS_REPO_SOURCE } from './kustomization.ts';
import { FLUX_NAMESPACE } from './names.ts';

/** GitRepository of the apps repo that holds nothing but the Kustomizations of one cluster's previews. */
export const INDEX_SOURCE = 'previews-index';

export interface AppsRepoSourcesProps {
  readonly repoUrl: string;
  readonly branch: string;
  /** Name of the cluster: its folder is `previews/<cluster>/`. */
  readonly cluster: string;
}

/**
 * The apps repo twice: whole, and narrowed down to the `flux/` folders of a cluster's previews. Plain Flux generates
 * nothing, but a Kustomization applies all YAML below its path: over the narrow one it makes every preview's
 * Kustomizations, and no file has to list them.
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
      // Made by the platform team: an apps repo is not for everyone to read.
      secretRef: { name: APPS_REPO_SOURCE },
      ignore,
    },
  });
  return [source(APPS_REPO_SOURCE), source(INDEX_SOURCE, indexOnly(cluster))];
}

/** Lines of a .gitignore, from the outside in: leave out everything but one folder, then look into that one. */
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

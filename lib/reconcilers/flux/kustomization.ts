import type { KubeObject, ResourceKind, StringMap } from '../../model/kube-object.ts';
import type { Decryption } from './decryption.ts';
import { FLUX_NAMESPACE } from './names.ts';

export const KUSTOMIZATION: ResourceKind = {
  group: 'kustomize.toolkit.fluxcd.io',
  kind: 'Kustomization',
  resource: 'kustomizations',
};

/** GitRepository with the whole apps repo. */
export const APPS_REPO_SOURCE = 'previews';

/** Props of a Kustomization. */
export interface KustomizationProps {
  readonly name: string;
  /** Folder of plain YAML, from the root of the source: `./previews/main/shop/pr-shop-7/app`. */
  readonly path: string;
  /** Name of the GitRepository. @default previews */
  readonly source?: string;
  /** The account in its namespace that applies it. */
  readonly serviceAccount: string;
  /**
   * What happens to its objects when it is deleted: `MirrorPrune` deletes them, `Orphan` keeps them.
   * @default MirrorPrune
   */
  readonly deletionPolicy?: 'MirrorPrune' | 'Orphan';
  /** Namespace that replaces the namespace of every object. @default - not replaced */
  readonly targetNamespace?: string;
  /** Kustomizations that must be applied first. @default - none */
  readonly dependsOn?: readonly string[];
  /** @default - nothing is encrypted */
  readonly decryption?: Decryption | undefined;
  /** @default - no labels */
  readonly labels?: StringMap;
}

/** A Flux Kustomization in Flux's namespace: applies, heals and prunes one folder with its own account. */
export function kustomization(props: KustomizationProps): KubeObject {
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name: props.name, namespace: FLUX_NAMESPACE, ...(props.labels && { labels: { ...props.labels } }) },
    spec: {
      interval: '10m',
      // Short, since a preview waits for its fence, and a fence for its account.
      retryInterval: '30s',
      timeout: '2m',
      prune: true,
      deletionPolicy: props.deletionPolicy ?? 'MirrorPrune',
      path: props.path,
      sourceRef: { kind: 'GitRepository', name: props.source ?? APPS_REPO_SOURCE },
      serviceAccountName: props.serviceAccount,
      targetNamespace: props.targetNamespace,
      decryption: props.decryption,
      dependsOn: props.dependsOn?.map((name) => ({ name })),
    },
  };
}

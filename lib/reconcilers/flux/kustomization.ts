import type { KubeObject, ResourceKind, StringMap } from '../../model/kube-object.ts';
import type { Decryption } from './decryption.ts';
import { FLUX_NAMESPACE } from './names.ts';

export const KUSTOMIZATION: ResourceKind = {
  group: 'kustomize.toolkit.fluxcd.io',
  kind: 'Kustomization',
  resource: 'kustomizations',
};

/** GitRepository of the apps repo, whole. */
export const APPS_REPO_SOURCE = 'previews';

/** Props of a Kustomization. */
export interface KustomizationProps {
  readonly name: string;
  /** Folder of plain YAML, from the root of the source: `./previews/main/shop/pr-shop-7/app`. */
  readonly path: string;
  /** Name of the GitRepository. @default previews */
  readonly source?: string;
  /** The account beside it that it applies with. */
  readonly serviceAccount: string;
  /**
   * What becomes of its objects when it is deleted itself: `MirrorPrune` deletes them, `Orphan` leaves them.
   * @default MirrorPrune
   */
  readonly deletionPolicy?: 'MirrorPrune' | 'Orphan';
  /** Namespace that every object is put into, whatever it says. @default - as the objects say */
  readonly targetNamespace?: string;
  /** Kustomizations that must have been applied first. @default - none */
  readonly dependsOn?: readonly string[];
  /** @default - nothing is encrypted */
  readonly decryption?: Decryption | undefined;
  /** @default - no labels */
  readonly labels?: StringMap;
}

/** A Flux Kustomization beside Flux itself: applies, heals and prunes one folder with an account of its own. */
export function kustomization(props: KustomizationProps): KubeObject {
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name: props.name, namespace: FLUX_NAMESPACE, ...(props.labels && { labels: { ...props.labels } }) },
    spec: {
      interval: '10m',
      // A preview is not applied until its fence is there, and a fence not while its account is missing.
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

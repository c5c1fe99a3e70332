export type { KustomizationProps } from '../../reconcilers/flux/kustomization.ts';
export type { PreviewKustomizationsProps } from '../../reconcilers/flux/preview-kustomizations.ts';
export { Kustomization } from './kustomization.ts';
export { PreviewKustomizations } from './preview-kustomizations.ts';

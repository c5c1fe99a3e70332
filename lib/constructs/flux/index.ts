export { Kustomization, type KustomizationProps } from './kustomization.ts';
export { PreviewKustomizations, type PreviewKustomizationsProps } from './preview-kustomizations.ts';

/** The namespace of Flux, of the Kustomizations of previews and of their accounts. */
export const FLUX_NAMESPACE = 'flux-system';

/** Where Flux runs, and with it the Kustomizations of previews and their accounts. */
export const FLUX_NAMESPACE = 'flux-system';

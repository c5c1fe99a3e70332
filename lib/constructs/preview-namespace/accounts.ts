import type { PreviewNamespaceProps } from './props.ts';

/** The account that a preview's pods run as; it has no token and no rights. */
export const APP_SERVICE_ACCOUNT = 'preview-app';

/** Who applies the app's objects: an account beside what impersonates it or looks it up. */
export function reconcilerAccount({ name, reconciler = {} }: PreviewNamespaceProps): {
  name: string;
  namespace: string;
} {
  const flux = reconciler.kind === 'flux';
  return {
    name: reconciler.account ?? (flux ? name : 'preview-reconciler'),
    namespace: reconciler.accountNamespace ?? (flux ? 'flux-system' : name),
  };
}

import { FLUX_NAMESPACE, RECONCILER_ACCOUNT } from '../../model/labels.ts';
import type { PreviewNamespaceProps } from './props.ts';

/** Who applies the app's objects: an account beside what impersonates it or looks it up. */
export function reconcilerAccount({ name, reconciler = {} }: PreviewNamespaceProps): {
  name: string;
  namespace: string;
} {
  const flux = reconciler.kind === 'flux';
  return {
    name: reconciler.account ?? (flux ? name : RECONCILER_ACCOUNT),
    namespace: reconciler.accountNamespace ?? (flux ? FLUX_NAMESPACE : name),
  };
}

import { DEFAULT_RECONCILER } from '../../model/platform.ts';
import { previewAccount, RECONCILERS } from '../../reconcilers/index.ts';
import type { PreviewNamespaceProps } from './props.ts';

/** The account that applies the app's objects, in the namespace where the reconciler expects it. */
export function reconcilerAccount({ name, reconciler = {} }: PreviewNamespaceProps): {
  name: string;
  namespace: string;
} {
  const usual = previewAccount(RECONCILERS[reconciler.kind ?? DEFAULT_RECONCILER], name);
  return { name: reconciler.account ?? usual.name, namespace: reconciler.accountNamespace ?? usual.namespace };
}

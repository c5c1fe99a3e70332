import { RECONCILER_ACCOUNT } from '../model/labels.ts';
import type { PlatformSpec, ReconcilerName } from '../model/platform.ts';
import { argoCd } from './argocd/index.ts';
import { flux } from './flux/index.ts';
import type { Reconciler } from './reconciler.ts';

/** All reconcilers for `greenroom.yaml`; the type checker compares it with the model's list of names. */
export const RECONCILERS: Readonly<Record<ReconcilerName, Reconciler>> = { argocd: argoCd, flux };

/** In the order of the registry. */
export const ALL_RECONCILERS: readonly Reconciler[] = Object.values(RECONCILERS);

/** Folders that previews may have in addition to `fence/` and `app/`. */
export const RECONCILER_FOLDERS: readonly string[] = ALL_RECONCILERS.flatMap(({ preview }) => preview?.folder ?? []);

export function reconcilerOf(platform: Pick<PlatformSpec, 'reconciler'>): Reconciler {
  return RECONCILERS[platform.reconciler];
}

/** The namespace of the reconciler and of its accounts. */
export function reconcilerNamespace(platform: PlatformSpec): string {
  return reconcilerOf(platform).namespace(platform);
}

/** The account that applies a preview's app. */
export function previewAccount({ accountsBeside }: Reconciler, preview: string): { name: string; namespace: string } {
  return accountsBeside === null
    ? { name: RECONCILER_ACCOUNT, namespace: preview }
    : { name: preview, namespace: accountsBeside };
}

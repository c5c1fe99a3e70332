import { RECONCILER_ACCOUNT } from '../model/labels.ts';
import type { PlatformSpec, ReconcilerName } from '../model/platform.ts';
import { argoCd } from './argocd/index.ts';
import { flux } from './flux/index.ts';
import type { Reconciler } from './reconciler.ts';

/** Every reconciler that `greenroom.yaml` can name; the compiler holds it to the model's list of names. */
export const RECONCILERS: Readonly<Record<ReconcilerName, Reconciler>> = { argocd: argoCd, flux };

/** In the order of the registry. */
export const ALL_RECONCILERS: readonly Reconciler[] = Object.values(RECONCILERS);

/** Folders that previews may have beside `fence/` and `app/`. */
export const RECONCILER_FOLDERS: readonly string[] = ALL_RECONCILERS.flatMap(({ preview }) => preview?.folder ?? []);

export function reconcilerOf(platform: Pick<PlatformSpec, 'reconciler'>): Reconciler {
  return RECONCILERS[platform.reconciler];
}

/** Where the reconciler runs, and with it the accounts that it acts with. */
export function reconcilerNamespace(platform: PlatformSpec): string {
  return reconcilerOf(platform).namespace(platform);
}

/** The account that a preview's app is applied with. */
export function previewAccount({ accountsBeside }: Reconciler, preview: string): { name: string; namespace: string } {
  return accountsBeside === null
    ? { name: RECONCILER_ACCOUNT, namespace: preview }
    : { name: preview, namespace: accountsBeside };
}

import type { Reconciler } from '../reconciler.ts';
import { SYNC_OPTIONS_ANNOTATION, SYNC_WAVE_ANNOTATION } from './application.ts';
import { bootstrap } from './bootstrap.ts';
import { doctor } from './checks/index.ts';
import { statusesWritten } from './notifications.ts';
import { pinned } from './pinned.ts';
import { readme } from './readme.ts';

/** One Argo CD for all clusters; ApplicationSets create the Applications of previews from `preview.json`. */
export const argoCd: Reconciler = {
  title: 'Argo CD',
  namespace: ({ argocd }) => argocd.namespace,
  refusedSettings: () => [],
  decrypts: false,
  metadata: {
    domains: ['argocd.argoproj.io'],
    bookkeeping: ['argocd.argoproj.io/'],
    tracking: ['argocd.argoproj.io/installation-id', 'argocd.argoproj.io/tracking-id'],
    keep: { [SYNC_OPTIONS_ANNOTATION]: 'Delete=false' },
    late: { [SYNC_WAVE_ANNOTATION]: '1', [SYNC_OPTIONS_ANNOTATION]: 'SkipDryRunOnMissingResource=true' },
  },
  // Impersonation uses an account in the destination's namespace.
  accountsBeside: null,
  preview: null,
  pinned,
  bootstrap,
  doctor,
  commitStatuses: statusesWritten,
  readme,
  listsPullRequests: true,
};

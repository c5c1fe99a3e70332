import type { Reconciler } from '../reconciler.ts';
import { bootstrap, refusedSettings } from './bootstrap.ts';
import { statusesWritten } from './commit-statuses.ts';
import { decryptionOf } from './decryption.ts';
import { doctor } from './doctor.ts';
import { kustomization } from './kustomization.ts';
import { FLUX_NAMESPACE } from './names.ts';
import { toldBy } from './notifications.ts';
import { pinned } from './pinned.ts';
import { previewKustomizations } from './preview-kustomizations.ts';
import { readme } from './readme.ts';

/** One Flux in each cluster. Plain Flux has no generators, so each preview contains its two Kustomizations. */
export const flux: Reconciler = {
  title: 'Flux',
  namespace: () => FLUX_NAMESPACE,
  refusedSettings,
  decrypts: true,
  metadata: {
    domains: ['fluxcd.io'],
    bookkeeping: ['kustomize.toolkit.fluxcd.io/'],
    tracking: ['checksum', 'name', 'namespace'].map((key) => `kustomize.toolkit.fluxcd.io/${key}`),
    keep: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' },
    // Its controller applies definitions first, and retries by itself.
    late: {},
  },
  // Flux looks for an account in the namespace of the Kustomization.
  accountsBeside: FLUX_NAMESPACE,
  preview: {
    folder: 'flux',
    objects: (name, folder, platform) =>
      Object.values(previewKustomizations({ name, folder, decryption: decryptionOf(platform) })).map(kustomization),
  },
  pinned,
  bootstrap,
  doctor,
  toldBy,
  commitStatuses: statusesWritten,
  readme,
  listsPullRequests: false,
};

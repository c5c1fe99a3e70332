import type { Reconciler } from '../reconciler.ts';
import { bootstrap, refusedSettings } from './bootstrap.ts';
import { decryptionOf } from './decryption.ts';
import { doctor } from './doctor.ts';
import { kustomization } from './kustomization.ts';
import { FLUX_NAMESPACE } from './names.ts';
import { toldBy } from './notifications.ts';
import { pinned } from './pinned.ts';
import { previewKustomizations } from './preview-kustomizations.ts';
import { readme } from './readme.ts';

/** A Flux in each cluster; plain Flux generates nothing, so that each preview brings its two Kustomizations. */
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
    // Its controller sorts definitions to the front and tries again by itself.
    late: {},
  },
  // An account is looked up beside the Kustomization that names it.
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
  readme,
  listsPullRequests: false,
};

import type { DoctorPart } from '../reconciler.ts';
import { decryptionKey } from './decryption-key.ts';

export const doctor: DoctorPart = {
  serves: 'each',
  needs: [
    { groupVersion: 'kustomize.toolkit.fluxcd.io/v1', kinds: ['Kustomization'], by: "Flux' kustomize-controller" },
    { groupVersion: 'source.toolkit.fluxcd.io/v1', kinds: ['GitRepository'], by: "Flux' source-controller" },
  ],
  checks: [decryptionKey],
  resync: 'Let Flux reconcile the Kustomizations greenroom-policies-*; they apply policies/.',
};

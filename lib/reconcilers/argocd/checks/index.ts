import type { DoctorPart } from '../../reconciler.ts';
import { applications } from './applications.ts';
import { controllers } from './controllers.ts';
import { filteredKinds } from './filtered-kinds.ts';
import { applicationSets, generators } from './sets.ts';
import { controllerRights, settings, version } from './settings.ts';

export const doctor: DoctorPart = {
  serves: 'all',
  needs: [
    { groupVersion: 'argoproj.io/v1alpha1', kinds: ['Application', 'ApplicationSet', 'AppProject'], by: 'Argo CD' },
  ],
  home: [
    'bootstrap/install/argocd/',
    'bootstrap/install/notifications/',
    'bootstrap/install/root/',
    'bootstrap/argocd/',
  ],
  checks: [version, controllers, settings, filteredKinds, controllerRights, generators, applicationSets, applications],
  resync:
    'Let Argo CD sync the Applications greenroom and greenroom-<cluster>; they apply bootstrap/argocd/ and policies/.',
};

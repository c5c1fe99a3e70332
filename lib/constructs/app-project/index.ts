export type { AppProjectProps, GroupKind, ProjectDestination } from '../../reconcilers/argocd/app-project.ts';
export { AppProject } from './app-project.ts';

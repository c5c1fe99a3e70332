export type {
  ApplicationDestination,
  ApplicationMetadata,
  ApplicationSource,
} from '../../reconcilers/argocd/application.ts';
export type { ApplicationSetProps, ApplicationTemplate } from '../../reconcilers/argocd/application-set.ts';
export type {
  ApplicationSetGenerator,
  GitFilesGenerator,
  GitHubCredential,
  PullRequestGenerator,
} from '../../reconcilers/argocd/generators.ts';
export { FENCES_PROJECT, PREVIEWS_PROJECT } from '../../reconcilers/argocd/names.ts';
export type { PreviewApplicationSetsProps } from '../../reconcilers/argocd/preview-application-sets.ts';
export { ApplicationSet } from './application-set.ts';
export { PreviewApplicationSets } from './preview-application-sets.ts';

export { FENCES_PROJECT, PREVIEWS_PROJECT } from '../../model/labels.ts';
export type { ApplicationDestination, ApplicationMetadata, ApplicationSource } from './application.ts';
export { ApplicationSet, type ApplicationSetProps, type ApplicationTemplate } from './application-set.ts';
export type {
  ApplicationSetGenerator,
  GitFilesGenerator,
  GitHubCredential,
  PullRequestGenerator,
} from './generators.ts';
export {
  PreviewApplicationSets,
  type PreviewApplicationSetsProps,
} from './preview-application-sets.ts';

export {
  type ManifestRepository,
  PullRequestPreviews,
  type PullRequestPreviewsProps,
} from './pull-request-previews.ts';

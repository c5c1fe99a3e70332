/** Project of the root Application. */
export const BOOTSTRAP_PROJECT = 'greenroom';

/** Project of each cluster's own Application. */
export const CLUSTERS_PROJECT = 'greenroom-clusters';

/** Project of fences. */
export const FENCES_PROJECT = 'preview-fences';

/** Project of apps. */
export const PREVIEWS_PROJECT = 'previews';

/** Prefix of projects whose previews come directly from pull requests, without commits to the apps repo. */
export const PULL_REQUEST_PROJECTS = 'pull-request-';

/** Account that applies AppProjects, ApplicationSets and their guard. */
export const BOOTSTRAP_ACCOUNT = 'greenroom-bootstrap';

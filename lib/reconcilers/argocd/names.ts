/** Project of the root Application. */
export const BOOTSTRAP_PROJECT = 'greenroom';

/** Project of each cluster's own Application. */
export const CLUSTERS_PROJECT = 'greenroom-clusters';

/** Project of fences. */
export const FENCES_PROJECT = 'preview-fences';

/** Project of apps. */
export const PREVIEWS_PROJECT = 'previews';

/** What the names of projects begin with whose previews are made of pull requests without a commit each. */
export const PULL_REQUEST_PROJECTS = 'pull-request-';

/** Account that applies AppProjects, ApplicationSets and their guard. */
export const BOOTSTRAP_ACCOUNT = 'greenroom-bootstrap';

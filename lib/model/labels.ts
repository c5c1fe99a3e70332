/** Names that greenroom puts on objects; a contract between fence, admission policies, cleaner and reconciler. */

/** Label of every object of a preview, its Namespace included: the preview's name. */
export const PREVIEW_LABEL = 'greenroom.dev/preview';

/** Label of a preview's Namespace: when it ends, in unix seconds. Digits, so that a label selector can compare it. */
export const EXPIRES_LABEL = 'greenroom.dev/expires';

/** Annotation of a preview's Namespace: when it ends, in ISO 8601, which a label cannot hold. */
export const EXPIRES_ANNOTATION = 'greenroom.dev/expires';

/** Label of a preview's Namespace: the forge's numeric id of its repository, which outlives a new name. */
export const REPOSITORY_ID_LABEL = 'greenroom.dev/repository-id';

/** Label of a preview's Namespace: the number of its pull request. */
export const PULL_REQUEST_LABEL = 'greenroom.dev/pull-request';

/** Annotation of a preview's Namespace: `owner/name` of its repository. */
export const REPOSITORY_ANNOTATION = 'greenroom.dev/repository';

/** Labels and annotation of all that is made for a registered repository: who pays, and who answers for it. */
export const TEAM_LABEL = 'greenroom.dev/team';
export const COST_CENTRE_LABEL = 'greenroom.dev/cost-centre';
export const OWNER_ANNOTATION = 'greenroom.dev/owner';

/** Annotation of a preview's Namespace: where its secrets begin in the store, if elsewhere than the platform says. */
export const SECRETS_PREFIX_ANNOTATION = 'greenroom.dev/secrets-prefix';

/** The account in each preview's namespace that pods run as; it has no rights and no token. */
export const APP_ACCOUNT = 'preview-app';

/** Annotation of an Application whose preview is past its time: it is no longer healed. */
export const EXPIRED_ANNOTATION = 'greenroom.dev/expired';

/** What every preview's name, and so its namespace, starts with. */
export const PREVIEW_PREFIX = 'pr-';

/** The account in each preview's namespace that workloads are written with. */
export const RECONCILER_ACCOUNT = 'preview-reconciler';

/** The one account, in the reconciler's namespace, that fences are written with. */
export const FENCER_ACCOUNT = 'preview-fencer';

/** ClusterRole that each fence binds {@link RECONCILER_ACCOUNT} to, in its own namespace only. */
export const WORKLOADS_ROLE = 'preview-workloads';

/** The account, in the reconciler's namespace, that policies are written with. */
export const CLUSTER_ACCOUNT = 'greenroom-cluster';

/** Namespace of what ends expired previews, apart from everything that is applied from Git. */
export const CLEANER_NAMESPACE = 'greenroom-cleaner';

/** The account that ends expired previews. */
export const CLEANER_ACCOUNT = 'preview-cleaner';

/** Namespace and account of the reporter that tells what a cluster sees of its previews. */
export const WATCH_ACCOUNT = 'greenroom-watch';

/** Secret beside {@link WATCH_ACCOUNT}: its key `secret` is what `serve` knows the cluster by. */
export const WATCH_SECRET = 'greenroom-status';

/** ClusterRole that each fence binds {@link WATCH_ACCOUNT} to, in its own namespace only, and the name of that binding. */
export const WATCH_ROLE = 'preview-readers';

/** Label of an app's objects and pods: the name of its workload, which no two apps of a preview share. */
export const APP_LABEL = 'greenroom.dev/app';

/** Annotations of a preview's Namespace and workload: where it comes from. */
export const PULL_REQUEST_ANNOTATION = 'greenroom.dev/pull-request';
export const COMMIT_ANNOTATION = 'greenroom.dev/commit';
export const AUTHOR_ANNOTATION = 'greenroom.dev/author';

/** Label of a preview's workload: the commit that it shows. */
export const VERSION_LABEL = 'app.kubernetes.io/version';

/** Label of every object that greenroom writes. */
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'greenroom' } as const;

/** Labels of what belongs to the platform and to no single preview: bootstrap, policies, roles. */
export const PLATFORM_LABELS = {
  ...MANAGED_BY,
  'app.kubernetes.io/name': 'greenroom',
  'app.kubernetes.io/part-of': 'greenroom',
} as const;

/** Selects by one of {@link PLATFORM_LABELS} what is greenroom's. */
export const PART_OF_GREENROOM = 'app.kubernetes.io/part-of=greenroom';

/**
 * Labels of an object of a preview, by Kubernetes' recommended keys.
 *
 * @param app the app's own name; `fence` for what surrounds it
 * @param partOf what the preview shows, usually its repository
 */
export function previewLabels(preview: string, app: string, partOf: string): Readonly<Record<string, string>> {
  return {
    ...MANAGED_BY,
    [PREVIEW_LABEL]: preview,
    'app.kubernetes.io/name': app,
    'app.kubernetes.io/instance': preview,
    'app.kubernetes.io/part-of': partOf,
  };
}

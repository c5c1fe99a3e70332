/** Names that greenroom sets on objects. Fence, admission policies, cleaner and reconciler rely on them. */

/** Label of every object of a preview, including its Namespace: the preview's name. */
export const PREVIEW_LABEL = 'greenroom.dev/preview';

/** Label of a preview's Namespace: its expiry in unix seconds. Digits, so that a label selector can compare it. */
export const EXPIRES_LABEL = 'greenroom.dev/expires';

/** Annotation of a preview's Namespace: its expiry in ISO 8601, which is not a valid label value. */
export const EXPIRES_ANNOTATION = 'greenroom.dev/expires';

/** Label of a preview's Namespace: the forge's numeric id of its repository, which does not change on renames. */
export const REPOSITORY_ID_LABEL = 'greenroom.dev/repository-id';

/** Label of a preview's Namespace: the number of its pull request. */
export const PULL_REQUEST_LABEL = 'greenroom.dev/pull-request';

/** Annotation of a preview's Namespace: `owner/name` of its repository. */
export const REPOSITORY_ANNOTATION = 'greenroom.dev/repository';

/** Labels and annotation of all objects for a registered repository: its team, cost centre and owner. */
export const TEAM_LABEL = 'greenroom.dev/team';
export const COST_CENTRE_LABEL = 'greenroom.dev/cost-centre';
export const OWNER_ANNOTATION = 'greenroom.dev/owner';

/** Annotation of a preview's Namespace: the prefix of its secrets in the store, if it differs from the platform's. */
export const SECRETS_PREFIX_ANNOTATION = 'greenroom.dev/secrets-prefix';

/** The account in each preview's namespace that pods run as. It has no permissions and no token. */
export const APP_ACCOUNT = 'preview-app';

/** Annotation of an Application whose preview has expired: Argo CD no longer heals it. */
export const EXPIRED_ANNOTATION = 'greenroom.dev/expired';

/** Prefix of every preview's name and namespace. */
export const PREVIEW_PREFIX = 'pr-';

/** The account in each preview's namespace that applies workloads. */
export const RECONCILER_ACCOUNT = 'preview-reconciler';

/** The one account, in the reconciler's namespace, that applies fences. */
export const FENCER_ACCOUNT = 'preview-fencer';

/** ClusterRole that each fence binds to {@link RECONCILER_ACCOUNT}, only in its own namespace. */
export const WORKLOADS_ROLE = 'preview-workloads';

/** The account, in the reconciler's namespace, that applies policies. */
export const CLUSTER_ACCOUNT = 'greenroom-cluster';

/** Namespace of the cleaner, which ends expired previews. Nothing else that is applied from Git is in it. */
export const CLEANER_NAMESPACE = 'greenroom-cleaner';

/** The account that ends expired previews. */
export const CLEANER_ACCOUNT = 'preview-cleaner';

/** Namespace and account of the reporter, which reports the state of previews in a cluster. */
export const WATCH_ACCOUNT = 'greenroom-watch';

/** Secret in the namespace {@link WATCH_ACCOUNT}. With its key `secret`, `serve` authenticates the cluster. */
export const WATCH_SECRET = 'greenroom-status';

/**
 * ClusterRole that each fence binds to {@link WATCH_ACCOUNT}, only in its own namespace, and the name of that binding.
 */
export const WATCH_ROLE = 'preview-readers';

/** Label of an app's objects and pods: the name of its workload, unique within a preview. */
export const APP_LABEL = 'greenroom.dev/app';

/** Annotations of a preview's Namespace and workloads: where it comes from. */
export const PULL_REQUEST_ANNOTATION = 'greenroom.dev/pull-request';
export const COMMIT_ANNOTATION = 'greenroom.dev/commit';
export const AUTHOR_ANNOTATION = 'greenroom.dev/author';

/** Annotation of pods: Secrets that operators write for their services, with commas between them. */
export const SERVICE_SECRETS_ANNOTATION = 'greenroom.dev/service-secrets';

/** Label of a preview's workloads: the commit that they show. */
export const VERSION_LABEL = 'app.kubernetes.io/version';

/** Label of every object that greenroom writes. */
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'greenroom' } as const;

/** Labels of objects that belong to the platform and not to a preview: bootstrap, policies, roles. */
export const PLATFORM_LABELS = {
  ...MANAGED_BY,
  'app.kubernetes.io/name': 'greenroom',
  'app.kubernetes.io/part-of': 'greenroom',
} as const;

/** Label selector for greenroom's own objects, by one of {@link PLATFORM_LABELS}. */
export const PART_OF_GREENROOM = 'app.kubernetes.io/part-of=greenroom';

/**
 * Labels of an object of a preview, with Kubernetes' recommended keys.
 *
 * @param app name of the app; `fence` for objects of the fence
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

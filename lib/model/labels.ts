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

/** The account, in the reconciler's namespace, that guards, policies and the cleaner are written with. */
export const CLUSTER_ACCOUNT = 'greenroom-cluster';

/** The account that ends expired previews. */
export const CLEANER_ACCOUNT = 'preview-cleaner';

/** Labels of every object that greenroom writes. */
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'greenroom' } as const;

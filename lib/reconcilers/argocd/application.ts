/** A folder of plain YAML in a Git repository. */
export interface ApplicationSource {
  /** Address from which Argo CD clones. */
  readonly repoUrl: string;
  /** Branch, tag or commit. */
  readonly targetRevision: string;
  /** Folder, without leading or trailing slashes. */
  readonly path: string;
  /**
   * Whether subfolders are read, too.
   * @default false
   */
  readonly recurse?: boolean;
  /**
   * Values of the folder's Helm chart. Only for charts of the platform team: the author of a chart can run templates in
   * the repo-server.
   * @default - plain YAML
   */
  readonly helmValues?: Readonly<Record<string, string>>;
}

/** A namespace of a cluster. */
export interface ApplicationDestination {
  /** Address of the API server as Argo CD knows it. */
  readonly server: string;
  readonly namespace: string;
}

/** Metadata of an Application other than its name. */
export interface ApplicationMetadata {
  /** @default - no labels */
  readonly labels?: Readonly<Record<string, string>>;
  /** @default - no annotations */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** If another Application already owns an object, it is an error and not a silent change of owner. */
export const SYNC_OPTIONS: readonly string[] = ['FailOnSharedResource=true'];

/** With this finalizer, deleting an Application deletes its objects. */
export const RESOURCES_FINALIZER = 'resources-finalizer.argocd.argoproj.io';

/** Argo CD's finalizers for cascading deletion, and those that the API server sets while it waits for dependents. */
export const FINALIZERS = [
  ...['', '/background', '/foreground'].map((policy) => `${RESOURCES_FINALIZER}${policy}`),
  'foregroundDeletion',
  'orphan',
];

/** The only files of a folder that are read: no JSON, and no Jsonnet, which can read files of the repo-server. */
export const PLAIN_YAML = '*.yaml';

/** Sets the kind of the source, so that a Chart.yaml or kustomization.yaml in the folder cannot. */
export function renderSource({
  repoUrl,
  targetRevision,
  path,
  recurse,
  helmValues,
}: ApplicationSource): Record<string, unknown> {
  const parameters = Object.entries(helmValues ?? {}).map(([name, value]) => ({ name, value, forceString: true }));
  return {
    repoURL: repoUrl,
    targetRevision,
    path,
    ...(helmValues === undefined
      ? { directory: { include: PLAIN_YAML, ...(recurse && { recurse }) } }
      : { helm: { parameters } }),
  };
}

/**
 * Applies, prunes and heals automatically. The number of attempts is limited, since Argo CD finishes a failing operation
 * before it handles a deletion: with endless attempts a broken preview could never be removed. The attempts take a minute
 * in total, which is how long an app waits for its fence. `refresh` makes each attempt use the newest commit.
 */
export function automatedSync(): Record<string, unknown> {
  return {
    automated: { prune: true, selfHeal: true },
    retry: { limit: 5, refresh: true, backoff: { duration: '2s', factor: 2, maxDuration: '30s' } },
    syncOptions: SYNC_OPTIONS,
  };
}

/** Filters webhooks: a commit elsewhere in the repository does not render this Application again. */
export const GENERATE_PATHS_ANNOTATION = 'argocd.argoproj.io/manifest-generate-paths';

/** Options of one object, such as `Prune=confirm`. */
export const SYNC_OPTIONS_ANNOTATION = 'argocd.argoproj.io/sync-options';

/** Order within one Application: lower numbers are applied first, and must be healthy before higher ones. */
export const SYNC_WAVE_ANNOTATION = 'argocd.argoproj.io/sync-wave';

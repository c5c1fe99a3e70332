/** What Applications are made of, in ApplicationSets and on their own. */

/** A folder of plain YAML in a Git repository. */
export interface ApplicationSource {
  /** Address as Argo CD clones it. */
  readonly repoUrl: string;
  /** Branch, tag or commit. */
  readonly targetRevision: string;
  /** Folder, without slashes at either end. */
  readonly path: string;
  /**
   * Whether manifests of subfolders are read as well.
   * @default false
   */
  readonly recurse?: boolean;
  /**
   * Arguments of the functions that the folder's `.jsonnet` files consist of.
   * @default - none
   */
  readonly jsonnetArguments?: Readonly<Record<string, string>>;
}

/** A namespace of a cluster. */
export interface ApplicationDestination {
  /** Address of the API server as Argo CD knows it. */
  readonly server: string;
  readonly namespace: string;
}

/** Metadata of an Application beside its name. */
export interface ApplicationMetadata {
  /** @default - no labels */
  readonly labels?: Readonly<Record<string, string>>;
  /** @default - no annotations */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** With it, deleting an Application deletes what it made. */
export const RESOURCES_FINALIZER = 'resources-finalizer.argocd.argoproj.io';

export function renderSource(source: ApplicationSource): Record<string, unknown> {
  return {
    repoURL: source.repoUrl,
    targetRevision: source.targetRevision,
    path: source.path,
    directory: renderDirectory(source),
  };
}

function renderDirectory({ recurse, jsonnetArguments }: ApplicationSource): Record<string, unknown> | undefined {
  if (!recurse && jsonnetArguments === undefined) return undefined;
  const tlas = Object.entries(jsonnetArguments ?? {}).map(([name, value]) => ({ name, value }));
  return { recurse: recurse ? true : undefined, jsonnet: tlas.length > 0 ? { tlas } : undefined };
}

/**
 * Applies, prunes and heals by itself. The number of attempts is bounded, since Argo CD lets a failing operation go on
 * before it looks at a deletion: with endless attempts a broken preview could never be removed. Attempts take a minute
 * in all, which is how long an app waits for its fence. `refresh` makes each attempt use the newest commit.
 */
export function automatedSync(): Record<string, unknown> {
  return {
    automated: { prune: true, selfHeal: true },
    retry: { limit: 5, refresh: true, backoff: { duration: '2s', factor: 2, maxDuration: '30s' } },
    // An object that another Application already owns is an error, never a silent change of owner.
    syncOptions: ['FailOnSharedResource=true'],
  };
}

/** Filters webhooks: a commit elsewhere in the repository does not render this Application anew. */
export const GENERATE_PATHS_ANNOTATION = 'argocd.argoproj.io/manifest-generate-paths';

/** Options of one object, such as `Prune=confirm`. */
export const SYNC_OPTIONS_ANNOTATION = 'argocd.argoproj.io/sync-options';

/** Order within one Application: lower numbers are applied, and healthy, before higher ones. */
export const SYNC_WAVE_ANNOTATION = 'argocd.argoproj.io/sync-wave';

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
   * Values of the folder's Helm chart. Only for charts that the platform team writes: whoever writes one runs templates
   * in the repo-server.
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

/** Metadata of an Application beside its name. */
export interface ApplicationMetadata {
  /** @default - no labels */
  readonly labels?: Readonly<Record<string, string>>;
  /** @default - no annotations */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An object that another Application already owns is an error, never a silent change of owner. */
export const SYNC_OPTIONS: readonly string[] = ['FailOnSharedResource=true'];

/** With it, deleting an Application deletes what it made. */
export const RESOURCES_FINALIZER = 'resources-finalizer.argocd.argoproj.io';

/** Argo CD's own for cascading deletion, and those that the API server sets while it waits for what is owned. */
export const FINALIZERS = [
  ...['', '/background', '/foreground'].map((policy) => `${RESOURCES_FINALIZER}${policy}`),
  'foregroundDeletion',
  'orphan',
];

/** The only files of a folder that are read: no JSON, and no Jsonnet, which can read the repo-server's own files. */
export const PLAIN_YAML = '*.yaml';

/** Says what kind of source it is, so that no file in the folder can: no Chart.yaml, no kustomization.yaml. */
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
 * Applies, prunes and heals by itself. The number of attempts is bounded, since Argo CD lets a failing operation go on
 * before it looks at a deletion: with endless attempts a broken preview could never be removed. Attempts take a minute
 * in all, which is how long an app waits for its fence. `refresh` makes each attempt use the newest commit.
 */
export function automatedSync(): Record<string, unknown> {
  return {
    automated: { prune: true, selfHeal: true },
    retry: { limit: 5, refresh: true, backoff: { duration: '2s', factor: 2, maxDuration: '30s' } },
    syncOptions: SYNC_OPTIONS,
  };
}

/** Filters webhooks: a commit elsewhere in the repository does not render this Application anew. */
export const GENERATE_PATHS_ANNOTATION = 'argocd.argoproj.io/manifest-generate-paths';

/** Options of one object, such as `Prune=confirm`. */
export const SYNC_OPTIONS_ANNOTATION = 'argocd.argoproj.io/sync-options';

/** Order within one Application: lower numbers are applied, and healthy, before higher ones. */
export const SYNC_WAVE_ANNOTATION = 'argocd.argoproj.io/sync-wave';

import { invalidInput } from '../../core/errors.ts';
import type { KubeObject, StringMap } from '../../model/kube-object.ts';

/** A kind of object; `group` is empty for the core group. */
export interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

/** A destination that Applications of a project may write to, and the account that they use. */
export interface ProjectDestination {
  /** Address of the API server as Argo CD knows it; never a pattern. */
  readonly server: string;
  /** Namespace, or a glob such as `pr-*`. */
  readonly namespace: string;
  /**
   * The account that Argo CD impersonates there: `<name>` in the destination's namespace, or `<namespace>:<name>`. Needs `application.sync.impersonation.enabled: "true"` in the ConfigMap `argocd-cm`.
   */
  readonly serviceAccount: string;
}

/** Props of an AppProject. */
export interface AppProjectProps {
  readonly name: string;
  /**
   * Argo CD's namespace.
   * @default argocd
   */
  readonly namespace?: string;
  readonly description: string;
  /** Repositories, by their full address; never a pattern. */
  readonly sourceRepos: readonly string[];
  readonly destinations: readonly ProjectDestination[];
  /**
   * Cluster-scoped kinds that may be written.
   * @default - none
   */
  readonly clusterKinds?: readonly GroupKind[];
  /** Namespaced kinds that may be written. At least one: to Argo CD an empty list means all kinds. */
  readonly namespacedKinds: readonly GroupKind[];
}

/**
 * An Argo CD AppProject with everything explicit: repositories, destinations, kinds and the account for each destination.
 *
 * @throws GreenroomError `invalid-input` for an empty list, which Argo CD would read as "all", or for a wildcard
 */
export function appProject(props: AppProjectProps, annotations?: StringMap): KubeObject {
  requireExplicit(props);
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name: props.name, namespace: props.namespace ?? 'argocd', ...(annotations && { annotations }) },
    spec: {
      description: props.description,
      sourceRepos: [...props.sourceRepos],
      destinations: props.destinations.map(({ server, namespace }) => ({ server, namespace })),
      destinationServiceAccounts: props.destinations.map(({ server, namespace, serviceAccount }) => ({
        server,
        namespace,
        defaultServiceAccount: serviceAccount,
      })),
      clusterResourceWhitelist: kinds(props.clusterKinds ?? []),
      namespaceResourceWhitelist: kinds(props.namespacedKinds),
    },
  };
}

function kinds(list: readonly GroupKind[]): GroupKind[] {
  return list.map(({ group, kind }) => ({ group, kind }));
}

function requireExplicit(props: AppProjectProps): void {
  const problems = (['sourceRepos', 'destinations', 'namespacedKinds'] as const)
    .filter((field) => props[field].length === 0)
    .map((field) => ({ field, message: 'must name at least one' }));
  const patterns = [
    ...props.sourceRepos.map((value) => ({ field: 'sourceRepos', value })),
    ...props.destinations.map(({ server }) => ({ field: 'destinations.server', value: server })),
  ]
    .filter(({ value }) => value.includes('*'))
    .map(({ field, value }) => ({ field, message: `must be a full address; found ${value}` }));
  if (problems.length + patterns.length > 0) throw invalidInput([...problems, ...patterns]);
}

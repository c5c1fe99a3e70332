import type { CheckResult } from '../cluster/check-result.ts';
import type { ClusterReader } from '../cluster/reader.ts';
import type { Problem } from '../core/errors.ts';
import type { KubeObject, ResourceKind, StringMap } from '../model/kube-object.ts';
import type { PlatformSpec } from '../model/platform.ts';

/**
 * A program that applies an apps repo in clusters, and everything that greenroom must know about it. All other code uses
 * this interface and never compares a reconciler's name. It returns plain data; constructs and files are made elsewhere.
 */
export interface Reconciler {
  /** Name as its project writes it. */
  readonly title: string;
  /** The namespace where it runs, and where its accounts are. */
  namespace(platform: PlatformSpec): string;
  /** Settings that do not work with it. */
  refusedSettings(platform: PlatformSpec): readonly Problem[];
  /** Whether it decrypts what sops has encrypted by itself, without a plugin. */
  readonly decrypts: boolean;
  readonly metadata: SteeringMetadata;
  /**
   * Namespace of the accounts of previews: one shared namespace, where each account has the name of its preview, or
   * (`null`) the namespace of each preview.
   */
  readonly accountsBeside: string | null;
  /** What a preview needs in addition to `fence/` and `app/`; null if `preview.json` is enough. */
  readonly preview: PreviewPart | null;
  readonly pinned: PinnedObjects;
  /** Folders of `bootstrap/`. */
  bootstrap(input: BootstrapInput): readonly BootstrapFolder[];
  readonly doctor: DoctorPart;
  /**
   * What an event in its own format says about a preview: null for nothing, undefined if the event has another format. Not
   * needed if it can be configured to send the format of `/status`.
   */
  readonly toldBy?: (event: unknown) => Told | null | undefined;
  readonly commitStatuses: StatusesWritten;
  /** Text for the README of an apps repo. */
  readme(platform: PlatformSpec): ReadmeWords;
  /** Whether it can list pull requests itself, so that a preview needs no commit. */
  readonly listsPullRequests: boolean;
}

/** The commit statuses that it writes in the apps repo, if `status.commitStatuses` lets it. */
export interface StatusesWritten {
  /**
   * `line`: one at each change of state, whose description is the line that is also kept on deployments. `failures`: only
   * that it could not apply a commit, and again in each half hour in which it tries and fails.
   */
  readonly form: 'line' | 'failures';
  /** Whether a status of this name is about the preview. */
  isAbout(context: string, preview: string): boolean;
}

/**
 * What a reconciler reports about a preview, in the format of `/status`. The apps repo at that revision says which pull
 * request and commit it is about.
 */
export interface Told {
  readonly cluster: string;
  readonly preview: string;
  /** Commit of the apps repo. */
  readonly revision: string;
  /** Unix seconds. */
  readonly sentAt: number;
  readonly observation: {
    readonly source: 'reconciler';
    readonly at: number;
    readonly condition: string;
    readonly reason?: string;
    readonly words?: string;
  };
}

/** Labels and annotations that change what the reconciler does with an object. */
export interface SteeringMetadata {
  /** Domains of the keys, including subdomains; makers' objects must not use them. */
  readonly domains: readonly string[];
  /** Prefixes of the annotations that it writes on objects that it applies. */
  readonly bookkeeping: readonly string[];
  /** Keys in these domains that it writes on objects that it applies, and that do not change its behaviour. */
  readonly tracking: readonly string[];
  /** Keeps an object of a fence when the preview is removed: it must outlive the last pod, and is deleted with the namespace. */
  readonly keep: StringMap;
  /** For an object whose kind is defined by another object of the same folder. */
  readonly late: StringMap;
}

/** A folder in addition to `fence/` and `app/`, and its objects. */
export interface PreviewPart {
  readonly folder: string;
  /** @param folder folder of the preview: `previews/<cluster>/<repo>/<name>` */
  objects(name: string, folder: string, platform: PlatformSpec): readonly KubeObject[];
}

/** Its objects that deploy previews: each must be exactly as greenroom writes it (rule `own-application`). */
export interface PinnedObjects {
  readonly kinds: readonly ResourceKind[];
  /** Variables of the conditions, `variables.<name>`, evaluated at most once; each may use earlier ones. */
  readonly variables: readonly { readonly name: string; readonly expression: string }[];
  /** CEL over `object` and `params.application`; each must be true for objects that deploy no preview. */
  readonly conditions: readonly { readonly cel: string; readonly field: string }[];
  /** Additional values in `params.application`, next to the apps repo and its clusters. */
  readonly params: StringMap;
}

export interface BootstrapInput {
  readonly platform: PlatformSpec;
  /** Address from which the reconciler clones the apps repo. */
  readonly repoUrl: string;
  readonly kinds: {
    readonly namespace: ResourceKind;
    /** Kinds of a fence inside its namespace. */
    readonly fence: readonly ResourceKind[];
    /** Kinds that a preview's `app/` may contain. */
    readonly workload: readonly ResourceKind[];
    /** Kinds of compiled policies, all cluster-scoped. */
    readonly policies: readonly ResourceKind[];
  };
}

/**
 * Objects that every reconciler needs and that the caller creates:
 *
 * - `accounts`: accounts and roles of a cluster of previews; `accounts-namespace`: their namespace, if nothing else creates it;
 * - `cleaner-namespace`: the namespace of the cleaner; namespaces have a folder that is applied first;
 * - `cluster`: guards of those accounts and of namespaces, the cleaner of expired previews, certificate and Gateway;
 * - `pinned`: the guard of the reconciler's objects ({@link PinnedObjects}).
 */
export type SharedPart = 'accounts' | 'accounts-namespace' | 'cleaner-namespace' | 'cluster' | 'pinned';

/**
 * One folder below `bootstrap/`. An administrator applies folders in `install/`, the reconciler the others from Git.
 * Guards, accounts, projects and everything else about permissions belong in `install/`, since a push can remove what is
 * applied from Git.
 */
export interface BootstrapFolder {
  readonly path: string;
  /** Name of the one cluster that it is applied in. @default - it is of no single one */
  readonly cluster?: string;
  /** @default - none */
  readonly shared?: readonly SharedPart[];
  /** Additional accounts. @default - none */
  readonly accounts?: readonly OwnerAccount[];
  /** Additional guards. @default - none */
  readonly guards?: readonly GuardSpec[];
  /** @default - none */
  readonly objects?: readonly KubeObject[];
  /** Objects of another installation that this adds to: they keep their labels. @default - none */
  readonly additions?: readonly KubeObject[];
}

/** A ServiceAccount with full access to objects of some kinds, in the whole cluster or in single namespaces. */
export interface OwnerAccount {
  readonly name: string;
  readonly namespace: string;
  readonly clusterKinds: readonly ResourceKind[];
  readonly namespaceKinds: Readonly<Record<string, readonly ResourceKind[]>>;
}

/** A ValidatingAdmissionPolicy and its binding: matching requests, condition, and messages. Expressions are CEL. */
export interface GuardSpec {
  readonly name: string;
  /** Resource rules of an admission policy: the requests that it checks. */
  readonly rule: readonly Readonly<Record<string, unknown>>[];
  readonly when: string;
  readonly validations: readonly { readonly expression: string; readonly message: string }[];
}

/** Input of a check of `greenroom doctor`. */
export interface ClusterContext {
  readonly reader: ClusterReader;
  readonly platform: PlatformSpec;
  /** Unix seconds. */
  readonly now: number;
}

/** Kinds that a cluster must serve. */
export interface NeededKinds {
  /** `group/version`. */
  readonly groupVersion: string;
  readonly kinds: readonly string[];
  /** Name of the project that serves them. */
  readonly by: string;
  /** What does not work without them, if everything else works. @default - nothing works without them */
  readonly onlyFor?: string;
}

export interface DoctorPart {
  /** `all`: one installation may serve many clusters. `each`: every cluster of previews has its own. */
  readonly serves: 'all' | 'each';
  /** Kinds that exist where it runs; the first one shows whether it runs there. */
  readonly needs: readonly [NeededKinds, ...NeededKinds[]];
  /** Folders of `bootstrap/` whose objects exist only where it runs. @default - none */
  readonly home?: readonly string[];
  /** Checks for the cluster where it runs, in the order in which problems should be fixed. */
  readonly checks: readonly ((context: ClusterContext) => Promise<readonly CheckResult[]>)[];
  /** One sentence: how to make it apply the objects in Git again. */
  readonly resync: string;
}

/** Texts by placeholder of the template. Further lines are indented as in a list item. */
export interface ReadmeWords {
  readonly RECONCILER: string;
  readonly RECONCILER_NEEDS: string;
  readonly RECONCILER_WEBHOOK: string;
  readonly RECONCILER_STEPS: string;
  readonly INSTALL: string;
  readonly RECONCILER_TEARDOWN: string;
  /** Commands that end every preview and remove what was applied, in their order. */
  readonly TEARDOWN: string;
  /** What is left then. */
  readonly TEARDOWN_NOTE: string;
}

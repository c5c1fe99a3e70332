import type { Observation } from '../cluster/observation.ts';
import type { ClusterReader } from '../cluster/reader.ts';
import type { Problem } from '../core/errors.ts';
import type { KubeObject, ResourceKind, StringMap } from '../model/kube-object.ts';
import type { PlatformSpec } from '../model/platform.ts';

/**
 * A program that applies an apps repo in clusters, and all that greenroom has to know of it. Everything outside its
 * folder asks this interface; nothing else compares a reconciler's name. Plain data only: what it writes becomes
 * constructs and files elsewhere.
 */
export interface Reconciler {
  /** As its project calls itself. */
  readonly title: string;
  /** Where it runs, and with it the accounts that it acts with. */
  namespace(platform: PlatformSpec): string;
  /** Settings that do not work with it; none when all is well. */
  refusedSettings(platform: PlatformSpec): readonly Problem[];
  /** Whether it decrypts what sops has encrypted by itself, without a plugin. */
  readonly decrypts: boolean;
  readonly metadata: SteeringMetadata;
  /**
   * Where the account of each preview stands: in a namespace beside the fencer, named after the preview, or (`null`) in
   * the preview's own namespace.
   */
  readonly accountsBeside: string | null;
  /** What a preview needs beside `fence/` and `app/`; null when `preview.json` is enough. */
  readonly preview: PreviewPart | null;
  readonly pinned: PinnedObjects;
  /** Folders of `bootstrap/`. */
  bootstrap(input: BootstrapInput): readonly BootstrapFolder[];
  readonly doctor: DoctorPart;
  /**
   * What an event in its own format says of a preview: null for nothing, undefined where it is in another format. Left out
   * where it can be told to write the format of `/status` itself.
   */
  readonly toldBy?: (event: unknown) => Told | null | undefined;
  /** What the README of an apps repo says of it. */
  readme(platform: PlatformSpec): ReadmeWords;
  /** Whether it can list pull requests itself, so that a preview needs no commit. */
  readonly listsPullRequests: boolean;
}

/**
 * What a reconciler tells of a preview, in the format of `/status`. Which pull request and commit it is about, the apps
 * repo says at that revision.
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
  /** Domains of their keys, subdomains included; nothing of a maker's may use them. */
  readonly domains: readonly string[];
  /** Prefixes of the annotations that it writes on what it applies. */
  readonly bookkeeping: readonly string[];
  /** Keys under these domains that it writes itself on what it applies, and that do not steer it. */
  readonly tracking: readonly string[];
  /** Leaves an object of a fence when the preview is removed: it must outlive the last pod, and goes with the namespace. */
  readonly keep: StringMap;
  /** For an object whose kind comes only with another object of the same folder. */
  readonly late: StringMap;
}

/** A folder beside `fence/` and `app/`, and what it holds. */
export interface PreviewPart {
  readonly folder: string;
  /** @param folder the preview's own: `previews/<cluster>/<repo>/<name>` */
  objects(name: string, folder: string, platform: PlatformSpec): readonly KubeObject[];
}

/** Its objects that deploy previews: each must be exactly one that greenroom would make (rule `own-application`). */
export interface PinnedObjects {
  readonly kinds: readonly ResourceKind[];
  /** What the conditions read as `variables.<name>`, each at most once evaluated; one may use those before it. */
  readonly variables: readonly { readonly name: string; readonly expression: string }[];
  /** CEL over `object` and `params.application`; each passes for objects that deploy no preview. */
  readonly conditions: readonly { readonly cel: string; readonly field: string }[];
  /** What the conditions read as `params.application`, beside the apps repo and its clusters. */
  readonly params: StringMap;
}

export interface BootstrapInput {
  readonly platform: PlatformSpec;
  /** Address of the apps repo as the reconciler clones it. */
  readonly repoUrl: string;
  readonly kinds: {
    readonly namespace: ResourceKind;
    /** What a fence holds inside its namespace. */
    readonly fence: readonly ResourceKind[];
    /** What a preview's `app/` may hold. */
    readonly workload: readonly ResourceKind[];
    /** What compiled policies are, all of them without a namespace. */
    readonly policies: readonly ResourceKind[];
  };
}

/**
 * What every reconciler needs, and the caller makes:
 *
 * - `accounts`: accounts and roles of a cluster of previews; `accounts-namespace`: their namespace, where nothing else makes it;
 * - `cleaner-namespace`: the one of what ends expired previews; namespaces have a folder that is applied first;
 * - `cluster`: guards of those accounts and of namespaces, what ends expired previews, certificate and Gateway;
 * - `pinned`: the guard of its own objects ({@link PinnedObjects}).
 */
export type SharedPart = 'accounts' | 'accounts-namespace' | 'cleaner-namespace' | 'cluster' | 'pinned';

/**
 * One folder below `bootstrap/`. What begins with `install/` is applied by an administrator, the rest from Git. Guards,
 * accounts, projects and whatever else permissions rest on belong below `install/`: what Git applies, a push removes.
 */
export interface BootstrapFolder {
  readonly path: string;
  /** Name of the one cluster that it is applied in. @default - it is of no single one */
  readonly cluster?: string;
  /** @default - none */
  readonly shared?: readonly SharedPart[];
  /** Accounts of its own. @default - none */
  readonly accounts?: readonly OwnerAccount[];
  /** Guards of its own. @default - none */
  readonly guards?: readonly GuardSpec[];
  /** @default - none */
  readonly objects?: readonly KubeObject[];
  /** Objects of another installation that this adds to: they keep their labels. @default - none */
  readonly additions?: readonly KubeObject[];
}

/** A ServiceAccount that owns all objects of some kinds: in the whole cluster, or in single namespaces. */
export interface OwnerAccount {
  readonly name: string;
  readonly namespace: string;
  readonly clusterKinds: readonly ResourceKind[];
  readonly namespaceKinds: Readonly<Record<string, readonly ResourceKind[]>>;
}

/** A ValidatingAdmissionPolicy and its binding: what is refused, when, and what it says. Expressions are CEL. */
export interface GuardSpec {
  readonly name: string;
  /** Resource rules of an admission policy: a request is looked at that one of them matches. */
  readonly rule: readonly Readonly<Record<string, unknown>>[];
  readonly when: string;
  readonly validations: readonly { readonly expression: string; readonly message: string }[];
}

/** What one check of `greenroom doctor` looks at. */
export interface ClusterLook {
  readonly reader: ClusterReader;
  readonly platform: PlatformSpec;
  /** Unix seconds. */
  readonly now: number;
}

/** Kinds that a cluster has to serve. */
export interface NeededKinds {
  /** `group/version`. */
  readonly groupVersion: string;
  readonly kinds: readonly string[];
  /** What serves them, as its project calls itself. */
  readonly by: string;
  /** What does not work without them, where everything else does. @default - nothing works without them */
  readonly onlyFor?: string;
}

export interface DoctorPart {
  /** `all`: one of it may serve many clusters. `each`: every cluster of previews runs its own. */
  readonly serves: 'all' | 'each';
  /** Kinds that are there where it runs; the first tells whether it does. */
  readonly needs: readonly [NeededKinds, ...NeededKinds[]];
  /** Folders of `bootstrap/` whose objects are where it runs and not in every cluster. @default - none */
  readonly home?: readonly string[];
  /** Checks for where it runs, in the order in which one would mend things. */
  readonly checks: readonly ((look: ClusterLook) => Promise<readonly Observation[]>)[];
  /** A sentence: what makes it apply again what Git holds for a cluster. */
  readonly resync: string;
}

/** By placeholder of the template. Lines after the first are indented as a list item. */
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

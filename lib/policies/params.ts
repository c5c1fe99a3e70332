import type { StringMap } from '../model/kube-object.ts';
import { appsRepoUrl, type PlatformSpec } from '../model/platform.ts';
import { ALL_RECONCILERS } from '../reconcilers/index.ts';

/** What an image must show before it runs. */
export type EvidenceKind = PlatformSpec['evidence']['require'][number];

/**
 * What rules read as `params`: plain JSON, so that it can be written into every engine's policy. No field is ever
 * missing; {@link ruleParams} gives each its default.
 */
export interface RuleParams {
  /** Previews answer at `<namespace>.<domain>`. */
  readonly domain: string;
  /** Where images may come from: host and whole path segments, e.g. `ghcr.io/acme`. */
  readonly registries: readonly string[];
  /** Largest limits of one container, as quantities. @default 2 cores, 2Gi */
  readonly maxSize: { readonly cpu: string; readonly memory: string };
  /** How many times its request a limit may be. @default cpu 10, memory 4 */
  readonly limitRequestRatio: { readonly cpu: number; readonly memory: number };
  /** `group/Kind` (`Service` for the core group) that a preview may hold. @default {@link DEFAULT_KINDS} */
  readonly allowedKinds: readonly string[];
  /** Annotation keys of an Ingress or route; one that ends in `/` allows all keys under it. @default {@link DEFAULT_ROUTE_ANNOTATIONS} */
  readonly routeAnnotations: readonly string[];
  /** Annotations that an Ingress or route has to have, with their values: the platform's own. @default none */
  readonly requiredRouteAnnotations: Readonly<Record<string, string>>;
  /** The PriorityClass that the platform gives to apps. @default empty: none */
  readonly priorityClass: string;
  /** Finalizers that Kubernetes itself takes off again. @default {@link DEFAULT_FINALIZERS} */
  readonly finalizers: readonly string[];
  /** Finalizers that well-known controllers add to objects that are there, and take off again. @default {@link CONTROLLER_FINALIZERS} */
  readonly controllerFinalizers: readonly string[];
  /** Label and annotation keys with a prefix that objects may carry; one that ends in `/` allows all under it. @default {@link DEFAULT_KEYS} */
  readonly keys: readonly string[];
  /** Keys that steer the platform's own tools, by what they begin with. @default {@link RESERVED_KEYS} */
  readonly reservedKeys: readonly string[];
  /** Reserved keys that greenroom and the reconciler write themselves; none where a maker's own file is checked. @default {@link OWN_KEYS} */
  readonly ownKeys: readonly string[];
  /** Most node disk, and memory for temporary files, of one container or volume. @default 4Gi */
  readonly maxStorage: string;
  /** Longest that a pod may take to end, in seconds. @default 120 */
  readonly gracePeriodSeconds: number;
  /** The way in: the class of every Ingress, and the Gateway of every route. */
  readonly ingress: IngressParams;
  /** The nodes that previews may ask for. @default - none */
  readonly spot: SpotParams;
  /** What an image must show before it runs. @default nothing */
  readonly evidence: readonly EvidenceKind[];
  /** Severities of known holes that an image may have, `none` among them. @default all below critical */
  readonly toleratedSeverities: readonly string[];
  /** Where references to secrets may lead: the ClusterSecretStore, and what they begin with ({owner} and {repo} are those of the repository). */
  readonly secrets: { readonly store: string; readonly prefix: string };
  /** How the Applications and Kustomizations of previews have to look. */
  readonly application: ApplicationParams;
}

export interface IngressParams {
  readonly class: string;
  readonly gateway: { readonly name: string; readonly namespace: string };
}

/** Keys of the label that selects spot nodes, and of their taint; empty where the platform has none. */
export interface SpotParams {
  readonly label: string;
  readonly value: string;
  readonly toleration: string;
}

/** The one source, path and destination that a preview's Application or Kustomization may have. */
export interface ApplicationParams {
  /** Address of the apps repo. @default https://github.com/<first owner>/previews.git */
  readonly repoURL: string;
  /** Branch of the apps repo. @default main */
  readonly branch: string;
  /** API servers of the clusters, by name of the cluster's folder. */
  readonly servers: Readonly<Record<string, string>>;
  /** Names that each reconciler's conditions read: projects, sources, accounts. */
  readonly [name: string]: string | StringMap;
}

/** Workloads, what they read, and the ways in; no fence kinds, no RBAC, no volumes that outlive the preview. */
export const DEFAULT_KINDS: readonly string[] = [
  'ConfigMap',
  'Service',
  'apps/Deployment',
  'apps/StatefulSet',
  'autoscaling/HorizontalPodAutoscaler',
  'batch/CronJob',
  'batch/Job',
  'gateway.networking.k8s.io/HTTPRoute',
  'networking.k8s.io/Ingress',
  'policy/PodDisruptionBudget',
];

/** The kind that carries a secret's reference (or its sealed text) under each mechanism. */
const SECRET_KINDS: Readonly<Record<PlatformSpec['secrets']['mechanism'], readonly string[]>> = {
  'external-secrets': ['external-secrets.io/ExternalSecret'],
  'sealed-secrets': ['bitnami.com/SealedSecret'],
  sops: [],
};

/** Bookkeeping of the tools that write objects; nothing that a proxy reads its configuration from. */
export const DEFAULT_ROUTE_ANNOTATIONS: readonly string[] = [
  'greenroom.dev/',
  'kubectl.kubernetes.io/last-applied-configuration',
  ...ALL_RECONCILERS.flatMap(({ metadata }) => metadata.bookkeeping),
].sort();

export const DEFAULT_FINALIZERS: readonly string[] = ['foregroundDeletion', 'orphan', 'kubernetes.io/pvc-protection'];

/** Of load balancer and ingress controllers, gateways, External Secrets, and Kubernetes' own jobs. */
export const CONTROLLER_FINALIZERS: readonly string[] = [
  'batch.kubernetes.io/job-tracking',
  'elbv2.k8s.aws/resources',
  'externalsecrets.external-secrets.io/externalsecret-cleanup',
  'gateway-exists-finalizer.gateway.networking.k8s.io',
  'group.ingress.k8s.aws/resources',
  'ingress.k8s.aws/resources',
  'networking.gke.io/ingress-finalizer',
  'networking.gke.io/ingress-finalizer-V2',
  'networking.gke.io/l4-ilb-v2',
  'networking.gke.io/neg-finalizer',
  'service.k8s.aws/resources',
  'service.kubernetes.io/load-balancer-cleanup',
];

/** Bookkeeping that no controller acts on, beside names without a prefix (`app`, `tier`), which are everybody's. */
export const DEFAULT_KEYS: readonly string[] = [
  'app.kubernetes.io/',
  'batch.kubernetes.io/', // written by Kubernetes itself, as are those of deployments
  'checksum/',
  'deployment.kubernetes.io/',
  'helm.sh/chart',
  'kubectl.kubernetes.io/default-container',
  'kubectl.kubernetes.io/last-applied-configuration',
  'kubectl.kubernetes.io/restartedAt',
  'kubernetes.io/change-cause',
  'kubernetes.io/description',
  'kubernetes.io/metadata.name',
  'prometheus.io/',
  // The rule about AppArmor looks at its value.
  'container.apparmor.security.beta.kubernetes.io/',
];

/** What reads each is its comment. */
export const RESERVED_KEYS: readonly string[] = [
  'greenroom.dev/', // identity, evidence and ends of previews
  // hooks, waves, sync options, pruning, substitution
  ...ALL_RECONCILERS.flatMap(({ metadata }) => metadata.domains.map((domain) => `${domain}/`)),
  'helm.sh/hook', // hooks, which Argo CD runs
  'helm.sh/resource-policy', // keeps objects that should go
  'meta.helm.sh/', // ownership by a Helm release
  'config.kubernetes.io/', // leaves objects out of what is applied
  'applyset.kubernetes.io/', // membership in what kubectl prunes
  'cleanup.kyverno.io/', // deletion after a while
  'policies.kyverno.io/', // what policies derive for pods
  'pod-policies.kyverno.io/', // the same
  'pod-security.kubernetes.io/', // levels of Pod Security
  'admission.gatekeeper.sh/', // turns Gatekeeper away
];

/** Written by the compiler, and by the reconciler into everything that it applies. */
export const OWN_KEYS: readonly string[] = [
  'greenroom.dev/',
  'evidence.greenroom.dev/',
  ...ALL_RECONCILERS.flatMap(({ metadata }) => metadata.tracking),
];

/** Kinds that greenroom writes with the platform's own accounts: fences, and Flux's orders for a preview. */
export const FENCE_KINDS: readonly string[] = [
  'LimitRange',
  'Namespace',
  'ResourceQuota',
  'ServiceAccount',
  ...ALL_RECONCILERS.filter(({ preview }) => preview !== null).flatMap(({ pinned }) =>
    pinned.kinds.map(({ group, kind }) => `${group}/${kind}`),
  ),
  'networking.k8s.io/NetworkPolicy',
  'rbac.authorization.k8s.io/RoleBinding',
];

/** The parameters for what the platform's side writes of a preview. */
export function fenceParams(params: RuleParams): RuleParams {
  return { ...params, allowedKinds: FENCE_KINDS };
}

/** The parameters for a maker's own files: in them, no key is one that the platform has written. */
export function makerParams(params: RuleParams): RuleParams {
  return { ...params, ownKeys: [] };
}

/** From harmless to worst. */
const SEVERITIES = ['none', 'low', 'medium', 'high', 'critical'];

/** A list stands in the place of the usual kinds; a map adds to them and takes away. */
function allowedKinds({ policies, secrets, knative }: PlatformSpec): readonly string[] {
  const chosen = policies.parameters.allowedKinds ?? {};
  if (Array.isArray(chosen)) return chosen;
  const usual = [
    ...DEFAULT_KINDS,
    ...SECRET_KINDS[secrets.mechanism],
    ...(knative ? ['serving.knative.dev/DomainMapping', 'serving.knative.dev/Service'] : []),
  ];
  const added = Object.keys(chosen).filter((kind) => chosen[kind] === true && !usual.includes(kind));
  return [...usual.filter((kind) => chosen[kind] !== null), ...added];
}

/** The parameters that a platform's settings stand for. */
export function ruleParams(platform: PlatformSpec): RuleParams {
  const { parameters } = platform.policies;
  return {
    domain: platform.domain,
    registries: platform.registries,
    maxSize: parameters.maxSize,
    limitRequestRatio: parameters.limitRequestRatio,
    allowedKinds: allowedKinds(platform),
    routeAnnotations: [
      ...DEFAULT_ROUTE_ANNOTATIONS,
      ...Object.keys(platform.ingress.annotations),
      ...Object.keys(platform.annotations),
    ],
    requiredRouteAnnotations: platform.ingress.annotations,
    priorityClass: platform.priorityClass ?? '',
    finalizers: DEFAULT_FINALIZERS,
    controllerFinalizers: CONTROLLER_FINALIZERS,
    keys: [
      ...DEFAULT_KEYS,
      ...(platform.knative
        ? ['autoscaling.knative.dev/', 'networking.knative.dev/visibility', 'serving.knative.dev/']
        : []),
      ...parameters.keys,
      ...[platform.labels, platform.annotations, platform.ingress.annotations].flatMap((map) => Object.keys(map)),
    ],
    reservedKeys: RESERVED_KEYS,
    ownKeys: OWN_KEYS,
    maxStorage: '4Gi',
    gracePeriodSeconds: 120,
    ingress: {
      class: platform.ingress.class,
      gateway: {
        name: platform.ingress.gateway.name,
        namespace: platform.ingress.gateway.namespace ?? platform.ingress.controllerNamespace,
      },
    },
    spot: {
      label: platform.spot?.label.key ?? '',
      value: platform.spot?.label.value ?? '',
      toleration: platform.spot?.toleration?.key ?? '',
    },
    evidence: platform.evidence.require,
    toleratedSeverities: SEVERITIES.slice(0, SEVERITIES.indexOf(platform.evidence.vulnerabilities)),
    secrets: { store: platform.secrets.store, prefix: platform.secrets.prefix },
    application: {
      repoURL: appsRepoUrl(platform),
      branch: platform.appsRepo.branch,
      servers: Object.fromEntries(platform.clusters.map((c) => [c.name, c.server])),
      ...Object.assign({}, ...ALL_RECONCILERS.map(({ pinned }) => pinned.params)),
    },
  };
}

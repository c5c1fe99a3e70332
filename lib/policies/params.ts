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
  /** Finalizers that Kubernetes itself takes off again. @default {@link DEFAULT_FINALIZERS} */
  readonly finalizers: readonly string[];
  /** What an image must show before it runs. @default nothing */
  readonly evidence: readonly EvidenceKind[];
  /** Severities of known holes that an image may have, `none` among them. @default all below critical */
  readonly toleratedSeverities: readonly string[];
  /** Where references to secrets may lead: the ClusterSecretStore, and what they begin with ({owner} and {repo} are those of the repository). */
  readonly secrets: { readonly store: string; readonly prefix: string };
  /** How the Applications and Kustomizations of previews have to look. */
  readonly application: ApplicationParams;
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

export const DEFAULT_FINALIZERS: readonly string[] = ['foregroundDeletion', 'orphan'];

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
    finalizers: DEFAULT_FINALIZERS,
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

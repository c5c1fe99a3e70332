import type { StringMap } from '../model/kube-object.ts';
import { addedKinds } from '../model/platform/kinds.ts';
import { appsRepoUrl, type PlatformSpec } from '../model/platform.ts';
import { ALL_RECONCILERS } from '../reconcilers/index.ts';
import {
  CONTROLLER_FINALIZERS,
  DEFAULT_FINALIZERS,
  DEFAULT_KEYS,
  DEFAULT_KINDS,
  DEFAULT_ROUTE_ANNOTATIONS,
  FENCE_KINDS,
  OWN_KEYS,
  RESERVED_KEYS,
  SECRET_KINDS,
} from './defaults.ts';

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
  /** `group/Kind` (`Service` for the core group) that a preview may hold. @default `DEFAULT_KINDS` */
  readonly allowedKinds: readonly string[];
  /** Annotation keys of an Ingress or route; one that ends in `/` allows all keys under it. @default `DEFAULT_ROUTE_ANNOTATIONS` */
  readonly routeAnnotations: readonly string[];
  /** Annotations that an Ingress or route has to have, with their values: the platform's own. @default none */
  readonly requiredRouteAnnotations: Readonly<Record<string, string>>;
  /** The PriorityClass that the platform gives to apps. @default empty: none */
  readonly priorityClass: string;
  /** Finalizers that Kubernetes itself takes off again. @default `DEFAULT_FINALIZERS` */
  readonly finalizers: readonly string[];
  /** Finalizers that well-known controllers add to objects that are there, and take off again. @default `CONTROLLER_FINALIZERS` */
  readonly controllerFinalizers: readonly string[];
  /** Label and annotation keys with a prefix that objects may carry; one that ends in `/` allows all under it. @default `DEFAULT_KEYS` */
  readonly keys: readonly string[];
  /** Keys that steer the platform's own tools, by what they begin with. @default `RESERVED_KEYS` */
  readonly reservedKeys: readonly string[];
  /** Reserved keys that greenroom and the reconciler write themselves; none where a maker's own file is checked. @default `OWN_KEYS` */
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
  readonly secrets: {
    readonly store: string;
    readonly prefix: string;
    readonly mechanism: PlatformSpec['secrets']['mechanism'];
    /** Who may be able to open what sops encrypts. @default nobody */
    readonly recipients: readonly string[];
  };
  /** How the Applications and Kustomizations of previews have to look. */
  readonly application: ApplicationParams;
}

export interface IngressParams {
  readonly class: string;
  /** `listener`: the one for HTTPS, so that no route is served without TLS. */
  readonly gateway: { readonly name: string; readonly namespace: string; readonly listener: string };
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
  /** What decrypts a preview's files, and the Secret with its key; empty for nothing. */
  readonly decryption: StringMap;
  /** API servers of the clusters, by name of the cluster's folder. */
  readonly servers: Readonly<Record<string, string>>;
  /** Names that each reconciler's conditions read: projects, sources, accounts. */
  readonly [name: string]: string | StringMap;
}

/** The parameters for what the platform's side writes of a preview. */
export function fenceParams(
  params: RuleParams,
  platform: Pick<PlatformSpec, 'fenceKinds' | 'imagePullSecrets'>,
): RuleParams {
  return { ...params, allowedKinds: [...FENCE_KINDS, ...addedKinds(platform)] };
}

/** The parameters for a maker's own files: in them, no key is one that the platform has written. */
export function makerParams(params: RuleParams): RuleParams {
  return { ...params, ownKeys: [] };
}

/** From harmless to worst. */
const SEVERITIES = ['none', 'low', 'medium', 'high', 'critical'];

/** Kinds without which no preview comes out: greenroom itself makes them of each preview.yaml. */
export function madeKinds({ knative, ingress }: PlatformSpec): readonly string[] {
  return [
    'Service',
    'apps/Deployment',
    ingress.kind === 'gateway' ? 'gateway.networking.k8s.io/HTTPRoute' : 'networking.k8s.io/Ingress',
    ...(knative ? ['serving.knative.dev/DomainMapping', 'serving.knative.dev/Service'] : []),
  ];
}

/** The kinds of a preview where a platform says nothing of them. */
export function usualKinds(platform: PlatformSpec): readonly string[] {
  return [...new Set([...DEFAULT_KINDS, ...madeKinds(platform), ...SECRET_KINDS[platform.secrets.mechanism]])];
}

/** A list stands in the place of the usual kinds but for those that greenroom makes; a map adds to them and takes away. */
function allowedKinds(platform: PlatformSpec): readonly string[] {
  const chosen = platform.policies.parameters.allowedKinds ?? {};
  if (Array.isArray(chosen)) {
    return [...new Set([...chosen, ...madeKinds(platform), ...SECRET_KINDS[platform.secrets.mechanism]])];
  }
  const usual = usualKinds(platform);
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
    maxStorage: parameters.maxStorage,
    gracePeriodSeconds: parameters.gracePeriodSeconds,
    ingress: {
      class: platform.ingress.class,
      gateway: {
        name: platform.ingress.gateway.name,
        namespace: platform.ingress.gateway.namespace ?? platform.ingress.controllerNamespace,
        listener: platform.ingress.gateway.listener,
      },
    },
    spot: {
      label: platform.spot?.label.key ?? '',
      value: platform.spot?.label.value ?? '',
      toleration: platform.spot?.toleration?.key ?? '',
    },
    evidence: platform.evidence.require,
    toleratedSeverities: SEVERITIES.slice(0, SEVERITIES.indexOf(platform.evidence.vulnerabilities)),
    secrets: {
      store: platform.secrets.store,
      prefix: platform.secrets.prefix,
      mechanism: platform.secrets.mechanism,
      recipients: platform.secrets.sops.recipients,
    },
    application: {
      repoURL: appsRepoUrl(platform),
      branch: platform.appsRepo.branch,
      decryption:
        platform.secrets.mechanism === 'sops' ? { provider: 'sops', key: platform.secrets.sops.key ?? '' } : {},
      servers: Object.fromEntries(platform.clusters.map((c) => [c.name, c.server])),
      ...Object.assign({}, ...ALL_RECONCILERS.map(({ pinned }) => pinned.params)),
    },
  };
}

import type { StringMap } from '../model/kube-object.ts';
import { addedKinds, type FenceAdditions } from '../model/platform/kinds.ts';
import { serviceClasses } from '../model/platform/service-class.ts';
import { appsRepoUrl, type PlatformSpec } from '../model/platform.ts';
import { ALL_RECONCILERS } from '../reconcilers/index.ts';
import {
  CONTROLLER_FINALIZERS,
  DEFAULT_FINALIZERS,
  DEFAULT_KEYS,
  DEFAULT_KINDS,
  DEFAULT_ROUTE_ANNOTATIONS,
  FENCE_KIND_NAMES,
  OWN_KEYS,
  RESERVED_KEYS,
  SECRET_KINDS,
} from './defaults.ts';

/** Evidence that an image must have before it runs. */
export type EvidenceKind = PlatformSpec['evidence']['require'][number];

/**
 * What rules read as `params`: plain JSON, so that it can be written into every engine's policy. All fields are set;
 * {@link ruleParams} fills in the defaults.
 */
export interface RuleParams {
  /** Previews are at `<namespace>.<domain>`. */
  readonly domain: string;
  /** Allowed registries: host and whole path segments, e.g. `ghcr.io/acme`. */
  readonly registries: readonly string[];
  /** Maximum limits of one container, as quantities. @default 2 cores, 2Gi */
  readonly maxSize: { readonly cpu: string; readonly memory: string };
  /** Maximum ratio of limit to request. @default cpu 10, memory 4 */
  readonly limitRequestRatio: { readonly cpu: number; readonly memory: number };
  /** `group/Kind` (`Service` for the core group) that a preview may contain. @default `DEFAULT_KINDS` */
  readonly allowedKinds: readonly string[];
  /**
   * Allowed annotation keys of an Ingress or route; a key that ends in `/` allows all keys below it. @default
   * `DEFAULT_ROUTE_ANNOTATIONS`
   */
  readonly routeAnnotations: readonly string[];
  /** Annotations that an Ingress or route must have, with their values: the platform's own. @default none */
  readonly requiredRouteAnnotations: Readonly<Record<string, string>>;
  /** The PriorityClass that the platform sets for apps. @default empty: none */
  readonly priorityClass: string;
  /** Finalizers that Kubernetes itself removes. @default `DEFAULT_FINALIZERS` */
  readonly finalizers: readonly string[];
  /** Finalizers that well-known controllers add to existing objects, and remove. @default `CONTROLLER_FINALIZERS` */
  readonly controllerFinalizers: readonly string[];
  /**
   * Allowed label and annotation keys with a prefix; a key that ends in `/` allows all below it. @default
   * `DEFAULT_KEYS`
   */
  readonly keys: readonly string[];
  /** Keys that control the platform's own tools, by prefix. @default `RESERVED_KEYS` */
  readonly reservedKeys: readonly string[];
  /** Keys of the labels of pods that operators of the platform run for services; all are reserved. @default none */
  readonly servicePods: readonly string[];
  /**
   * Reserved keys that greenroom and the reconciler write themselves; empty when a maker's own file is checked.
   * @default `OWN_KEYS`
   */
  readonly ownKeys: readonly string[];
  /** Maximum node disk, or memory for temporary files, of one container or volume. @default 4Gi */
  readonly maxStorage: string;
  /** Maximum time for a pod to end, in seconds. @default 120 */
  readonly gracePeriodSeconds: number;
  /** The class of every Ingress, and the Gateway of every route. */
  readonly ingress: IngressParams;
  /** Nodes that previews may request. @default - none */
  readonly spot: SpotParams;
  /** Evidence that an image must have before it runs. @default nothing */
  readonly evidence: readonly EvidenceKind[];
  /** Allowed severities of known vulnerabilities, including `none`. @default all below critical */
  readonly toleratedSeverities: readonly string[];
  /**
   * Allowed secret references: the ClusterSecretStore, and their prefix ({owner} and {repo} are those of the
   * repository).
   */
  readonly secrets: {
    readonly store: string;
    readonly prefix: string;
    readonly mechanism: PlatformSpec['secrets']['mechanism'];
    /** Allowed recipients of sops. @default nobody */
    readonly recipients: readonly string[];
  };
  /** Required values of the Applications and Kustomizations of previews. */
  readonly application: ApplicationParams;
}

export interface IngressParams {
  readonly class: string;
  /** `listener`: the one for HTTPS, so that no route is served without TLS. */
  readonly gateway: { readonly name: string; readonly namespace: string; readonly listener: string };
}

/** Keys of the label that selects spot nodes, and of their taint; empty if the platform has none. */
export interface SpotParams {
  readonly label: string;
  readonly value: string;
  readonly toleration: string;
}

/** The only source, path and destination that a preview's Application or Kustomization may have. */
export interface ApplicationParams {
  /** URL of the apps repo. @default https://github.com/<first owner>/previews.git */
  readonly repoURL: string;
  /** Branch of the apps repo. @default main */
  readonly branch: string;
  /** How a preview's files are decrypted, and the Secret with the key; empty if they are not. */
  readonly decryption: StringMap;
  /** API servers of the clusters, by the name of the cluster's folder. */
  readonly servers: Readonly<Record<string, string>>;
  /** Names that each reconciler's conditions read: projects, sources, accounts. */
  readonly [name: string]: string | StringMap;
}

/** The parameters for objects that the platform writes for a preview. */
export function fenceParams(params: RuleParams, platform: FenceAdditions): RuleParams {
  return { ...params, allowedKinds: [...FENCE_KIND_NAMES, ...addedKinds(platform)] };
}

/** The parameters for a maker's own files: they may not contain keys that the platform writes. */
export function makerParams(params: RuleParams): RuleParams {
  return { ...params, ownKeys: [] };
}

/** From harmless to worst. */
const SEVERITIES = ['none', 'low', 'medium', 'high', 'critical'];

/** Kinds that every preview needs: greenroom creates them from preview.yaml. */
export function madeKinds({ knative, ingress }: PlatformSpec): readonly string[] {
  return [
    'Service',
    'apps/Deployment',
    ingress.kind === 'gateway' ? 'gateway.networking.k8s.io/HTTPRoute' : 'networking.k8s.io/Ingress',
    ...(knative ? ['serving.knative.dev/DomainMapping', 'serving.knative.dev/Service'] : []),
  ];
}

/** The default kinds of a preview. */
export function usualKinds(platform: PlatformSpec): readonly string[] {
  return [...new Set([...DEFAULT_KINDS, ...madeKinds(platform), ...SECRET_KINDS[platform.secrets.mechanism]])];
}

/**
 * A list replaces the default kinds, except those that greenroom creates. A map adds kinds to the defaults and removes
 * others.
 */
function allowedKinds(platform: PlatformSpec): readonly string[] {
  const chosen = platform.policies.parameters.allowedKinds ?? {};
  if (Array.isArray(chosen)) {
    return [...new Set([...chosen, ...madeKinds(platform), ...SECRET_KINDS[platform.secrets.mechanism]])];
  }
  const usual = usualKinds(platform);
  const added = Object.keys(chosen).filter((kind) => chosen[kind] === true && !usual.includes(kind));
  return [...usual.filter((kind) => chosen[kind] !== null), ...added];
}

/** The parameters from a platform's settings. */
export function ruleParams(platform: PlatformSpec): RuleParams {
  const { parameters } = platform.policies;
  const servicePods = [...new Set(serviceClasses(platform.services).map(([, { podLabel }]) => podLabel))];
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
    reservedKeys: [...RESERVED_KEYS, ...servicePods],
    servicePods,
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

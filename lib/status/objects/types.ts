import type { Facts, PreviewCondition } from '../observation.ts';

/** The fields that are read of a cluster's object. Any of them may be missing, since the answer is not validated. */
export interface KubeLike {
  readonly kind?: string;
  readonly metadata?: {
    readonly name?: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly creationTimestamp?: string;
    readonly ownerReferences?: readonly { readonly kind?: string; readonly name?: string }[];
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

export interface PodLike extends KubeLike {
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly ConditionLike[];
    readonly containerStatuses?: readonly ContainerLike[];
    readonly initContainerStatuses?: readonly ContainerLike[];
  };
}

export interface ConditionLike {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface ContainerLike {
  readonly name?: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: ContainerStateLike;
  readonly lastState?: ContainerStateLike;
}

export interface ContainerStateLike {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: object;
  readonly terminated?: { readonly reason?: string; readonly exitCode?: number; readonly message?: string };
}

export interface EventLike extends KubeLike {
  readonly reason?: string;
  readonly message?: string;
  /** ISO 8601: last occurrence. */
  readonly lastTimestamp?: string;
  readonly involvedObject?: { readonly kind?: string; readonly name?: string };
}

/** The objects in the namespace of one preview. */
export interface PreviewObjects {
  readonly namespace: KubeLike;
  readonly deployments: readonly KubeLike[];
  readonly replicaSets: readonly KubeLike[];
  readonly pods: readonly PodLike[];
  readonly events: readonly EventLike[];
  /** Ingresses and HTTPRoutes. */
  readonly routes: readonly KubeLike[];
  readonly externalSecrets: readonly KubeLike[];
}

/** The result of one finder. */
export interface ObjectFinding {
  readonly condition: PreviewCondition;
  readonly reason?: string;
  readonly facts?: Facts;
  /** The system's own message: untrusted text. */
  readonly words?: string | undefined;
}

export function conditionOf(object: KubeLike | undefined, type: string): ConditionLike | undefined {
  const conditions = object?.status?.['conditions'];
  return Array.isArray(conditions) ? (conditions as ConditionLike[]).find((one) => one?.type === type) : undefined;
}

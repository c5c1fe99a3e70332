import type { k8s } from 'cdk8s-plus-28';
import type { KubeObject } from './kube-object.ts';

export type { KubeObject };

/**
 * A generated L1 type of cdk8s-plus-28 as plain manifest data: quantities and ports are strings or numbers instead of
 * wrapper objects. Only types are used; the package is not loaded.
 */
export type Plain<T> = T extends k8s.IntOrString | k8s.Quantity
  ? // Other types with a `value`, such as headers, are not wrappers.
    k8s.IntOrString extends T
    ? string | number
    : k8s.Quantity extends T
      ? string | number
      : { readonly [K in keyof T]: Plain<T[K]> }
  : T extends Date
    ? string
    : T extends readonly (infer Item)[]
      ? Plain<Item>[]
      : T extends object
        ? { readonly [K in keyof T]: Plain<T[K]> }
        : T;

/** {@link Plain} that extensions may change before synthesis. */
export type Mutable<T> = T extends readonly (infer Item)[]
  ? Mutable<Item>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;

/** The specification of a pod. */
export type PodSpec = Plain<k8s.PodSpec>;
/** A container of a pod. */
export type Container = Plain<k8s.Container>;
/** A volume of a pod. */
export type Volume = Plain<k8s.Volume>;
/** A probe of a container. */
export type Probe = Plain<k8s.Probe>;
/** A variable of a container's environment. */
export type EnvVar = Plain<k8s.EnvVar>;
/** The specification of a NetworkPolicy. */
export type NetworkPolicySpec = Plain<k8s.NetworkPolicySpec>;
/** A peer of a NetworkPolicy rule. */
export type NetworkPolicyPeer = Plain<k8s.NetworkPolicyPeer>;

/** The built-in kinds in previews, and the type of each. */
export interface Kinds {
  Namespace: Plain<k8s.KubeNamespaceProps>;
  ResourceQuota: Plain<k8s.KubeResourceQuotaProps>;
  LimitRange: Plain<k8s.KubeLimitRangeProps>;
  ServiceAccount: Plain<k8s.KubeServiceAccountProps>;
  Service: Plain<k8s.KubeServiceProps>;
  Deployment: Plain<k8s.KubeDeploymentProps>;
  CronJob: Plain<k8s.KubeCronJobProps>;
  Ingress: Plain<k8s.KubeIngressProps>;
  NetworkPolicy: Plain<k8s.KubeNetworkPolicyProps>;
  RoleBinding: Plain<k8s.KubeRoleBindingProps>;
}

const API_VERSIONS: Readonly<Record<keyof Kinds, string>> = {
  Namespace: 'v1',
  ResourceQuota: 'v1',
  LimitRange: 'v1',
  ServiceAccount: 'v1',
  Service: 'v1',
  Deployment: 'apps/v1',
  CronJob: 'batch/v1',
  Ingress: 'networking.k8s.io/v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  RoleBinding: 'rbac.authorization.k8s.io/v1',
};

/** A built-in object, type-checked against cdk8s-plus-28's generated types. */
export function builtIn<K extends keyof Kinds>(
  kind: K,
  body: Kinds[K] & { readonly metadata: { readonly name: string } },
): KubeObject {
  return { apiVersion: API_VERSIONS[kind], kind, ...body } as KubeObject;
}

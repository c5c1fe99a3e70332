import type { ApiObject } from 'cdk8s';
import type { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { PlainObject } from './plain-object.ts';

/**
 * A generated level-1 type of cdk8s-plus-28 as the plain data that ends up in the manifest: quantities and ports are
 * strings or numbers instead of wrapper objects.
 */
export type Plain<T> = T extends k8s.IntOrString | k8s.Quantity
  ? string | number
  : T extends Date
    ? string
    : T extends readonly (infer Item)[]
      ? Plain<Item>[]
      : T extends object
        ? { readonly [K in keyof T]: Plain<T[K]> }
        : T;

/** {@link Plain} that an extension may still change before synthesis. */
export type Mutable<T> = T extends readonly (infer Item)[]
  ? Mutable<Item>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;

export type PodSpec = Plain<k8s.PodSpec>;
export type Container = Plain<k8s.Container>;
export type Volume = Plain<k8s.Volume>;
export type Probe = Plain<k8s.Probe>;
export type EnvVar = Plain<k8s.EnvVar>;
export type NetworkPolicySpec = Plain<k8s.NetworkPolicySpec>;
export type NetworkPolicyPeer = Plain<k8s.NetworkPolicyPeer>;

/** The built-in kinds that previews are made of, with their API version and the type of what they hold. */
interface Kinds {
  Namespace: k8s.KubeNamespaceProps;
  ResourceQuota: k8s.KubeResourceQuotaProps;
  LimitRange: k8s.KubeLimitRangeProps;
  ServiceAccount: k8s.KubeServiceAccountProps;
  Service: k8s.KubeServiceProps;
  Deployment: k8s.KubeDeploymentProps;
  Ingress: k8s.KubeIngressProps;
  NetworkPolicy: k8s.KubeNetworkPolicyProps;
  RoleBinding: k8s.KubeRoleBindingProps;
}

const API_VERSIONS: Readonly<Record<keyof Kinds, string>> = {
  Namespace: 'v1',
  ResourceQuota: 'v1',
  LimitRange: 'v1',
  ServiceAccount: 'v1',
  Service: 'v1',
  Deployment: 'apps/v1',
  Ingress: 'networking.k8s.io/v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  RoleBinding: 'rbac.authorization.k8s.io/v1',
};

/**
 * A built-in object, checked by the compiler against cdk8s-plus-28's generated types.
 *
 * Why not its `Kube*` classes: loading their 2.7 MB module costs as much as starting Node, and their conversion runs
 * over every field at synthesis; here both are erased with the types.
 */
export function kubeObject<K extends keyof Kinds>(
  scope: Construct,
  id: string,
  kind: K,
  body: Plain<Kinds[K]> & { readonly metadata: { readonly name: string } },
): ApiObject {
  return new PlainObject(scope, id, { apiVersion: API_VERSIONS[kind], kind, ...body });
}

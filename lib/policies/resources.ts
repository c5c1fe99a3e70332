import type { ResourceKind } from '../model/kube-object.ts';

export type { ResourceKind };

const of = (group: string, kind: string, resource: string, subresources?: readonly string[]): ResourceKind =>
  subresources ? { group, kind, resource, subresources } : { group, kind, resource };

/** Debug containers are added through `ephemeralcontainers`, new limits of a running pod are set through `resize`. */
const POD = of('', 'Pod', 'pods', ['ephemeralcontainers', 'resize']);

/** Every kind that contains a pod or a pod template. */
export const PODS: readonly ResourceKind[] = [
  POD,
  of('', 'PodTemplate', 'podtemplates'),
  of('', 'ReplicationController', 'replicationcontrollers'),
  of('apps', 'Deployment', 'deployments'),
  of('apps', 'StatefulSet', 'statefulsets'),
  of('apps', 'DaemonSet', 'daemonsets'),
  of('apps', 'ReplicaSet', 'replicasets'),
  of('batch', 'Job', 'jobs'),
  of('batch', 'CronJob', 'cronjobs'),
  of('serving.knative.dev', 'Service', 'services'),
  of('serving.knative.dev', 'Configuration', 'configurations'),
  of('serving.knative.dev', 'Revision', 'revisions'),
];

export const SERVICE = of('', 'Service', 'services');
export const CONFIG_MAP = of('', 'ConfigMap', 'configmaps');
export const SECRET = of('', 'Secret', 'secrets');
export const INGRESS = of('networking.k8s.io', 'Ingress', 'ingresses');
export const HTTP_ROUTE = of('gateway.networking.k8s.io', 'HTTPRoute', 'httproutes');
export const GRPC_ROUTE = of('gateway.networking.k8s.io', 'GRPCRoute', 'grpcroutes');
export const TLS_ROUTE = of('gateway.networking.k8s.io', 'TLSRoute', 'tlsroutes');
export const DOMAIN_MAPPING = of('serving.knative.dev', 'DomainMapping', 'domainmappings');
export const EXTERNAL_SECRET = of('external-secrets.io', 'ExternalSecret', 'externalsecrets');
export const SEALED_SECRET = of('bitnami.com', 'SealedSecret', 'sealedsecrets');
export const DISRUPTION_BUDGET = of('policy', 'PodDisruptionBudget', 'poddisruptionbudgets');
export const CLAIM = of('', 'PersistentVolumeClaim', 'persistentvolumeclaims');

/** `group/Kind`, or `Kind` in the core group. */
export function groupKind(group: string, kind: string): string {
  return group === '' ? kind : `${group}/${kind}`;
}

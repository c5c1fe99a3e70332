/** Kinds that the reporter in a cluster reads in preview namespaces. Secrets and logs are not among them. */
export const WATCHED_KINDS = [
  { group: '', version: 'v1', resource: 'pods', kind: 'Pod' },
  { group: 'apps', version: 'v1', resource: 'replicasets', kind: 'ReplicaSet' },
  { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment' },
  { group: '', version: 'v1', resource: 'events', kind: 'Event' },
  { group: 'networking.k8s.io', version: 'v1', resource: 'ingresses', kind: 'Ingress' },
  { group: 'gateway.networking.k8s.io', version: 'v1', resource: 'httproutes', kind: 'HTTPRoute' },
  { group: 'external-secrets.io', version: 'v1', resource: 'externalsecrets', kind: 'ExternalSecret' },
] as const;

/**
 * Settings with a class for CloudNativePG's `Cluster`.
 *
 * Sources: what the operator writes for one Cluster, and the fields that its CRD and its webhook fill in, are those of
 * github.com/cloudnative-pg/cloudnative-pg, internal/controller/cluster_create.go and api/v1/cluster_defaults.go.
 */
export const OPERATOR = 'system:serviceaccount:cnpg-system:cnpg-manager';

export const CLASS = `apiVersion: postgresql.cnpg.io/v1
kind: Cluster
spec:
  instances: 1
  imageName: ghcr.io/cloudnative-pg/postgresql:17.6
  enablePDB: false
  stopDelay: 60
  monitoring: { disableDefaultQueries: true }
  bootstrap: { initdb: { database: app, owner: app } }
  storage: { size: 1Gi }
  resources:
    requests: { cpu: 250m, memory: 256Mi }
    limits: { cpu: "1", memory: 512Mi }
added:
  - affinity.podAntiAffinityType
  - bootstrap.initdb.encoding
  - bootstrap.initdb.localeCType
  - bootstrap.initdb.localeCollate
  - enableSuperuserAccess
  - failoverDelay
  - logLevel
  - maxSyncReplicas
  - minSyncReplicas
  - monitoring.enablePodMonitor
  - postgresGID
  - postgresUID
  - postgresql.parameters
  - primaryUpdateMethod
  - primaryUpdateStrategy
  - probes
  - replicationSlots
  - smartShutdownTimeout
  - startDelay
  - storage.resizeInUseVolumes
  - switchoverDelay
account: ${OPERATOR}
kinds:
  Pod: 1
  PersistentVolumeClaim: 1
  Secret: 4
  Service: 3
  ServiceAccount: 1
  batch/Job: 1
  rbac.authorization.k8s.io/Role: 1
  rbac.authorization.k8s.io/RoleBinding: 1
podLabel: cnpg.io/cluster
ports: [5432, 8000]
callsApi: true
secret: "{name}-app"
outputs: { host: host, port: port, database: dbname, username: username, password: password, url: uri }
`;

const indented = (text: string, by: number) => text.trimEnd().replace(/^(?=.)/gm, ' '.repeat(by));

/** Lines below `spec` of greenroom.yaml: the type postgres, run by the operator, and what it needs. */
export function operatedPostgres(chosen = CLASS): string {
  return `services:
  postgres:
    class:
${indented(chosen, 6)}
network: { apiServer: [{ cidr: 10.0.0.10/32, ports: [6443] }] }
namespace: { quota: { persistentvolumeclaims: "1", requests.storage: 1Gi } }
`;
}

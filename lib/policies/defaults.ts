import type { PlatformSpec } from '../model/platform.ts';
import { ALL_RECONCILERS } from '../reconcilers/index.ts';

// What rules allow by default.

/** Workloads, the objects that they read, and routes; no fence kinds, no RBAC, no volumes that outlive the preview. */
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

/** The kind with a secret's reference (or its sealed text) for each mechanism. */
export const SECRET_KINDS: Readonly<Record<PlatformSpec['secrets']['mechanism'], readonly string[]>> = {
  'external-secrets': ['external-secrets.io/ExternalSecret'],
  'sealed-secrets': ['bitnami.com/SealedSecret'],
  sops: ['Secret'],
};

/** Bookkeeping of the tools that write objects. No proxy reads its configuration from these. */
export const DEFAULT_ROUTE_ANNOTATIONS: readonly string[] = [
  'greenroom.dev/',
  'kubectl.kubernetes.io/last-applied-configuration',
  ...ALL_RECONCILERS.flatMap(({ metadata }) => metadata.bookkeeping),
].sort();

export const DEFAULT_FINALIZERS: readonly string[] = ['foregroundDeletion', 'orphan', 'kubernetes.io/pvc-protection'];

/** Finalizers of load balancer and ingress controllers, gateways, External Secrets, and Kubernetes' own jobs. */
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

/** Bookkeeping that no controller acts on. The rule allowed-keys allows names without a prefix (`app`, `tier`). */
export const DEFAULT_KEYS: readonly string[] = [
  'app.kubernetes.io/',
  'batch.kubernetes.io/', // Kubernetes itself writes these and those of deployments
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
  // The rule apparmor-profile checks its value.
  'container.apparmor.security.beta.kubernetes.io/',
];

/** The comments say what each is for. */
export const RESERVED_KEYS: readonly string[] = [
  'greenroom.dev/', // identity, evidence and expiry of previews
  // hooks, waves, sync options, pruning, substitution
  ...ALL_RECONCILERS.flatMap(({ metadata }) => metadata.domains.map((domain) => `${domain}/`)),
  'helm.sh/hook', // hooks, which Argo CD runs
  'helm.sh/resource-policy', // keeps objects that should be deleted
  'meta.helm.sh/', // ownership by a Helm release
  'config.kubernetes.io/', // excludes objects from apply
  'applyset.kubernetes.io/', // membership in a set that kubectl prunes
  'cleanup.kyverno.io/', // deletion after some time
  'policies.kyverno.io/', // policies that are derived for pods
  'pod-policies.kyverno.io/', // the same
  'pod-security.kubernetes.io/', // levels of Pod Security
  'admission.gatekeeper.sh/', // turns Gatekeeper off
];

/** Keys that the compiler writes, and those that the reconciler adds to everything it applies. */
export const OWN_KEYS: readonly string[] = [
  'greenroom.dev/',
  'evidence.greenroom.dev/',
  ...ALL_RECONCILERS.flatMap(({ metadata }) => metadata.tracking),
];

/** Kinds that greenroom writes with the platform's own accounts: fences, and Flux's objects for a preview. */
export const FENCE_KIND_NAMES: readonly string[] = [
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

import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { CLEANER_ACCOUNT, CLUSTER_ACCOUNT, FENCER_ACCOUNT, WORKLOADS_ROLE } from '../../model/labels.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { reconcilerNamespace } from '../../reconcilers/index.ts';
import type { OwnerAccount } from '../../reconcilers/reconciler.ts';
import { endsByKyverno, kyvernoDeletionRole } from './expiry.ts';
import { certificateNamespace } from './ingress.ts';
import { clusterKinds, FENCE_KINDS, NAMESPACE_KIND, workloadKinds } from './kinds.ts';
import { Account, clusterRole, ownerRules } from './rbac.ts';

/** An account of the reconciler's own. */
export function ownerAccount(scope: Construct, { name, namespace, clusterKinds, namespaceKinds }: OwnerAccount): void {
  new Account(scope, `account-${name}`, {
    name,
    namespace,
    clusterRules: ownerRules(clusterKinds),
    namespaceRules: mergeRules(
      ...Object.entries(namespaceKinds).map(([target, kinds]) => [target, ownerRules(kinds)] as const),
    ),
  });
}

/**
 * The accounts of a cluster and all that hands out permissions there. A cluster administrator applies these, not the
 * reconciler, so that no commit to the apps repo can widen what an account may do.
 */
export function clusterAccounts(scope: Construct, spec: PlatformSpec): void {
  const namespace = reconcilerNamespace(spec);
  const kinds = clusterKinds(spec);
  new Account(scope, 'cluster', {
    name: CLUSTER_ACCOUNT,
    namespace,
    clusterRules: ownerRules(kinds.cluster),
    namespaceRules: mergeRules(
      [namespace, ownerRules(kinds.cleaner)],
      [certificateNamespace(spec), ownerRules(kinds.ingress)],
    ),
  });
  new Account(scope, 'fencer', {
    name: FENCER_ACCOUNT,
    namespace,
    clusterRules: [
      ...ownerRules([NAMESPACE_KIND, ...FENCE_KINDS]),
      // Enough to bind a preview's account to this one role, and to no other.
      {
        apiGroups: ['rbac.authorization.k8s.io'],
        resources: ['clusterroles'],
        resourceNames: [WORKLOADS_ROLE],
        verbs: ['bind'],
      },
    ],
  });
  clusterRole(scope, WORKLOADS_ROLE, ownerRules(workloadKinds(spec)));
  if (endsByKyverno(spec)) {
    kyvernoDeletionRole(scope, 'deletion');
    return;
  }
  new Account(scope, 'cleaner', {
    name: CLEANER_ACCOUNT,
    namespace,
    clusterRules: [{ apiGroups: [''], resources: ['namespaces'], verbs: ['delete', 'get', 'list'] }],
  });
}

/** The namespace of the accounts in a cluster where the reconciler itself does not run. */
export function accountsNamespace(scope: Construct, name: string): ApiObject {
  return new ApiObject(scope, 'namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}

type Rules = ReturnType<typeof ownerRules>;

/** Two entries for one namespace become one Role; one without rules becomes none. */
function mergeRules(...entries: readonly (readonly [string, Rules])[]): Record<string, Rules> {
  const merged: Record<string, Rules> = {};
  for (const [namespace, rules] of entries) {
    if (rules.length > 0) merged[namespace] = [...(merged[namespace] ?? []), ...rules];
  }
  return merged;
}

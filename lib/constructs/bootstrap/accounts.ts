import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import {
  CLEANER_ACCOUNT,
  CLEANER_NAMESPACE,
  CLUSTER_ACCOUNT,
  FENCER_ACCOUNT,
  WATCH_ACCOUNT,
  WATCH_ROLE,
  WORKLOADS_ROLE,
} from '../../model/labels.ts';
import { endsByKyverno, type PlatformSpec } from '../../model/platform.ts';
import { WATCHED_KINDS } from '../../model/watched.ts';
import { compileOptions, compilePolicies } from '../../policies/engines/index.ts';
import type { Rule } from '../../policies/rule.ts';
import { reconcilerNamespace } from '../../reconcilers/index.ts';
import type { OwnerAccount } from '../../reconcilers/reconciler.ts';
import { POD_SECURITY } from '../preview-namespace/preview-namespace.ts';
import { kyvernoDeletionRole } from './expiry.ts';
import { fenceKinds, NAMESPACE_KIND, policyKinds, workloadKinds } from './kinds.ts';
import { AccountWithRoles, clusterRole, ownerRules, type PolicyRule } from './rbac.ts';

/** An account of the reconciler. */
export function ownerAccount(scope: Construct, { name, namespace, clusterKinds, namespaceKinds }: OwnerAccount): void {
  new AccountWithRoles(scope, `account-${name}`, {
    name,
    namespace,
    clusterRules: ownerRules(clusterKinds),
    namespaceRules: mergeRules(
      ...Object.entries(namespaceKinds).map(([target, kinds]) => [target, ownerRules(kinds)] as const),
    ),
  });
}

/**
 * The accounts of a cluster and their permissions. A cluster administrator applies these and not the reconciler, so that
 * no commit to the apps repo can extend the permissions of an account.
 */
export function clusterAccounts(scope: Construct, spec: PlatformSpec, extraRules: readonly Rule[]): void {
  const namespace = reconcilerNamespace(spec);
  new AccountWithRoles(scope, 'cluster', {
    name: CLUSTER_ACCOUNT,
    namespace,
    clusterRules: policyOwner(spec, extraRules),
  });
  new AccountWithRoles(scope, 'fencer', {
    name: FENCER_ACCOUNT,
    namespace,
    clusterRules: [
      ...ownerRules([NAMESPACE_KIND, ...fenceKinds(spec)]),
      // Allows binding accounts in a preview to these roles only.
      {
        apiGroups: ['rbac.authorization.k8s.io'],
        resources: ['clusterroles'],
        resourceNames: spec.status.watch ? [WORKLOADS_ROLE, WATCH_ROLE] : [WORKLOADS_ROLE],
        verbs: ['bind'],
      },
    ],
  });
  clusterRole(scope, WORKLOADS_ROLE, ownerRules(workloadKinds(spec)));
  if (spec.status.watch) watchAccount(scope, spec.status.logs);
  if (endsByKyverno(spec)) {
    kyvernoDeletionRole(scope, 'deletion');
    return;
  }
  new AccountWithRoles(scope, 'cleaner', {
    name: CLEANER_ACCOUNT,
    namespace: CLEANER_NAMESPACE,
    clusterRules: [{ apiGroups: [''], resources: ['namespaces'], verbs: ['delete', 'get', 'list'] }],
  });
}

/**
 * The reporter lists namespaces and reads some kinds inside previews, where each fence allows it. It reads nothing
 * elsewhere, no Secrets, no logs unless the platform allows it, and writes nothing.
 */
function watchAccount(scope: Construct, logs: boolean): void {
  const verbs = ['get', 'list', 'watch'];
  const groups = [...new Set(WATCHED_KINDS.map(({ group }) => group))];
  const rules = groups.map((group) => ({
    apiGroups: [group],
    resources: WATCHED_KINDS.filter((each) => each.group === group).map(({ resource }) => resource),
    verbs,
  }));
  const logRule = { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] };
  clusterRole(scope, WATCH_ROLE, logs ? [...rules, logRule] : rules);
  new AccountWithRoles(scope, 'watch', {
    name: WATCH_ACCOUNT,
    namespace: WATCH_ACCOUNT,
    clusterRules: [{ apiGroups: [''], resources: ['namespaces'], verbs }],
  });
}

/**
 * May create policies, and change and remove those that greenroom compiles, but not those of other tools and not the
 * guards. RBAC must list them by name, since admission does not check admission policies.
 */
function policyOwner(spec: PlatformSpec, extraRules: readonly Rule[]): PolicyRule[] {
  const names = new Map<string, string[]>();
  for (const engine of new Set(spec.policies.engines)) {
    const options = {
      ...compileOptions(spec, engine),
      severities: {},
      extraRules,
      place: 'preview',
      guards: false,
    } as const;
    for (const { apiVersion, kind, metadata } of compilePolicies(options)) {
      const group = apiVersion.split('/')[0]!;
      const resource = policyKinds(spec).find((each) => each.group === group && each.kind === kind)?.resource ?? '*';
      const key = `${group}/${resource}`;
      names.set(key, [...(names.get(key) ?? []), metadata.name]);
    }
  }
  return [...names].flatMap(([key, resourceNames]) => {
    const [group = '', resource = ''] = key.split('/');
    const what = { apiGroups: [group], resources: [resource] };
    return [
      { ...what, verbs: ['create', 'get', 'list'] },
      { ...what, resourceNames, verbs: ['delete', 'patch', 'update'] },
    ];
  });
}

/** A namespace for accounts and their workloads, under Pod Security `restricted`. */
export function accountsNamespace(scope: Construct, name: string): ApiObject {
  const metadata = { name, ...([CLEANER_NAMESPACE, WATCH_ACCOUNT].includes(name) && { labels: { ...POD_SECURITY } }) };
  return new ApiObject(scope, `namespace-${name}`, { apiVersion: 'v1', kind: 'Namespace', metadata });
}

type Rules = ReturnType<typeof ownerRules>;

/** Two entries for one namespace become one Role; entries without rules are dropped. */
function mergeRules(...entries: readonly (readonly [string, Rules])[]): Record<string, Rules> {
  const merged: Record<string, Rules> = {};
  for (const [namespace, rules] of entries) {
    if (rules.length > 0) merged[namespace] = [...(merged[namespace] ?? []), ...rules];
  }
  return merged;
}

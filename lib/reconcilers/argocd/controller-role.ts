import type { KubeObject, ResourceKind } from '../../model/kube-object.ts';
import { CLUSTER_ACCOUNT, FENCER_ACCOUNT, RECONCILER_ACCOUNT } from '../../model/labels.ts';
import type { BootstrapInput } from '../reconciler.ts';
import { BOOTSTRAP_ACCOUNT } from './names.ts';

/** As Argo CD's own installation names it. */
export const CONTROLLER_ROLE = 'argocd-application-controller';

/** As `argocd cluster add` names it in another cluster. */
export const MANAGER_ROLE = 'argocd-manager-role';

/**
 * What Argo CD's application controller needs where every project names its accounts: to read, to impersonate those
 * accounts, and to delete what a preview is made of (a cascading deletion is not impersonated). Argo CD's own
 * installation lets it do everything, and whatever it does without impersonation then has those rights: hooks of
 * deletion are the known case.
 */
export function controllerRole(name: string, { kinds }: Pick<BootstrapInput, 'kinds'>): KubeObject {
  const removed = [kinds.namespace, ...kinds.fence, ...kinds.workload];
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name },
    rules: [
      { apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list', 'watch'] },
      ...byGroup(removed).map(([group, resources]) => ({ apiGroups: [group], resources, verbs: ['delete'] })),
      {
        apiGroups: [''],
        resources: ['serviceaccounts'],
        resourceNames: [BOOTSTRAP_ACCOUNT, CLUSTER_ACCOUNT, FENCER_ACCOUNT, RECONCILER_ACCOUNT],
        verbs: ['impersonate'],
      },
    ],
  };
}

function byGroup(kinds: readonly ResourceKind[]): [string, string[]][] {
  const groups = new Map<string, string[]>();
  for (const { group, resource } of kinds) groups.set(group, [...(groups.get(group) ?? []), resource]);
  return [...groups];
}

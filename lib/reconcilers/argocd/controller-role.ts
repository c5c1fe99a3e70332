import type { KubeObject, ResourceKind } from '../../model/kube-object.ts';
import { CLUSTER_ACCOUNT, FENCER_ACCOUNT, RECONCILER_ACCOUNT } from '../../model/labels.ts';
import type { BootstrapInput } from '../reconciler.ts';
import { BOOTSTRAP_ACCOUNT } from './names.ts';

/** Name in Argo CD's installation. */
export const CONTROLLER_ROLE = 'argocd-application-controller';

/** Name that `argocd cluster add` uses in another cluster. */
export const MANAGER_ROLE = 'argocd-manager-role';

/**
 * What Argo CD's application controller needs if every project names its accounts: to read, to impersonate those
 * accounts, and to delete the objects of previews (a cascading deletion is not impersonated). Argo CD's installation
 * gives it all permissions, and actions without impersonation would use them, such as deletion hooks.
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

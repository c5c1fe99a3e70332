import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { ResourceKind } from '../../policies/resources.ts';

const RBAC = 'rbac.authorization.k8s.io';

export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** What a reconciler does with objects that it owns; no `deletecollection`, and nothing on subresources. */
export const OWNER_VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update'] as const;

/** One rule a group, so that the role reads like the list of kinds. */
export function ownerRules(kinds: readonly ResourceKind[]): PolicyRule[] {
  const groups = new Map<string, string[]>();
  for (const { group, resource } of kinds) groups.set(group, [...(groups.get(group) ?? []), resource]);
  return [...groups].map(([group, resources]) => ({ apiGroups: [group], resources, verbs: OWNER_VERBS }));
}

export function clusterRole(scope: Construct, name: string, rules: readonly PolicyRule[]): ApiObject {
  return new ApiObject(scope, `role-${name}`, {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRole',
    metadata: { name },
    rules,
  });
}

export interface AccountProps {
  readonly name: string;
  readonly namespace: string;
  /** What it may do in the whole cluster. */
  readonly clusterRules: readonly PolicyRule[];
  /**
   * What it may do in single namespaces.
   * @default - nothing
   */
  readonly namespaceRules?: Readonly<Record<string, readonly PolicyRule[]>>;
}

/** A ServiceAccount with roles and bindings of its own. */
export class Account extends Construct {
  constructor(scope: Construct, id: string, props: AccountProps) {
    super(scope, id);
    const { name, namespace } = props;
    new ApiObject(this, 'account', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name, namespace },
      automountServiceAccountToken: false,
    });
    const subjects = [{ kind: 'ServiceAccount', name, namespace }];
    if (props.clusterRules.length > 0) {
      clusterRole(this, name, props.clusterRules);
      new ApiObject(this, 'binding', {
        apiVersion: `${RBAC}/v1`,
        kind: 'ClusterRoleBinding',
        metadata: { name },
        roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name },
        subjects,
      });
    }
    for (const [target, rules] of Object.entries(props.namespaceRules ?? {})) {
      // Named after the namespace as well: one object a file, and files are named by kind and name.
      const metadata = { name: `${name}-${target}`, namespace: target };
      new ApiObject(this, `role-in-${target}`, { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata, rules });
      new ApiObject(this, `binding-in-${target}`, {
        apiVersion: `${RBAC}/v1`,
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: RBAC, kind: 'Role', name: metadata.name },
        subjects,
      });
    }
  }
}

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

/** Verbs that a reconciler needs for its objects; not `deletecollection`, and nothing on subresources. */
export const OWNER_VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update'] as const;

/** One rule for each API group. */
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
  /** Permissions in the whole cluster. */
  readonly clusterRules: readonly PolicyRule[];
  /**
   * Permissions in single namespaces.
   * @default - nothing
   */
  readonly namespaceRules?: Readonly<Record<string, readonly PolicyRule[]>>;
}

/** A ServiceAccount with its roles and bindings. */
export class AccountWithRoles extends Construct {
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
      // The name contains the namespace, since files are named by kind and name.
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

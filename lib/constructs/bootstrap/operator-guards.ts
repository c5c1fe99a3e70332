import { FENCER_ACCOUNT, PREVIEW_LABEL, PREVIEW_PREFIX } from '../../model/labels.ts';
import { classKind, type ServiceClass, serviceClasses } from '../../model/platform/service-class.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { celLiteral } from '../../policies/engines/cel-text.ts';
import { isOwned, kindList } from '../../policies/engines/operators.ts';
import { reconcilerNamespace } from '../../reconcilers/index.ts';
import type { GuardSpec } from '../../reconcilers/reconciler.ts';
import { username } from './guards.ts';
import { classResource } from './kinds.ts';

const IN_PREVIEW = `request.namespace.startsWith('${PREVIEW_PREFIX}')`;
const IS_PREVIEW = `(namespaceObject != null && '${PREVIEW_LABEL}' in namespaceObject.metadata.?labels.orValue({}))`;
const KIND = "(request.kind.group == '' ? '' : request.kind.group + '/') + request.kind.kind";

/**
 * The guards of operators that run services: what each may write into previews, and that nobody but the fencer writes
 * their objects. None if no service has a class.
 */
export function operatorGuards(platform: PlatformSpec): GuardSpec[] {
  const classes = serviceClasses(platform.services).map(([, chosen]) => chosen);
  return classes.length === 0 ? [] : [workGuard(classes), objectGuard(classes, platform)];
}

/**
 * An operator has rights in the whole cluster. In previews it may write the kinds of its class only, each owned by an
 * object of the class before and after, so that it can neither change the fence nor what belongs to the app.
 */
function workGuard(classes: readonly ServiceClass[]): GuardSpec {
  const accounts = [...new Set(classes.map(({ account }) => account))];
  const work = classes.map((chosen) => {
    const before = `(request.operation == 'CREATE' || ${isOwned('oldObject', chosen)})`;
    const after = `(request.operation == 'DELETE' || ${isOwned('object', chosen)})`;
    const made = `(${KIND}) in ${kindList(chosen)} && ${before} && ${after}`;
    const noted = `(${KIND}) == '${classKind(chosen)}' && request.operation == 'UPDATE' && ${isUnchanged(chosen)}`;
    return `(request.userInfo.username == '${chosen.account}' && ((${made}) || (${noted})))`;
  });
  const only = (kind: string, expression: string) =>
    `!${IS_PREVIEW} || request.operation == 'DELETE' || (${KIND}) != '${kind}' || (${expression})`;
  return {
    name: 'greenroom-operators',
    rule: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE', 'UPDATE', 'DELETE'], resources: ['*/*'] }],
    when: `request.userInfo.username in ${celLiteral(accounts)} && ${IN_PREVIEW}`,
    validations: [
      {
        expression: `!${IS_PREVIEW} || request.kind.kind == 'Event' || ${work.join(' || ')}`,
        message:
          'an operator may write into a preview only the kinds of its class (services in greenroom.yaml), owned by the object of the class',
      },
      {
        expression: only(
          'rbac.authorization.k8s.io/RoleBinding',
          `object.roleRef.kind == 'Role' && object.?subjects.orValue([]).all(s, s.kind == 'ServiceAccount' && s.?namespace.orValue('') == object.metadata.namespace && s.name.startsWith('${PREVIEW_PREFIX}'))`,
        ),
        message: 'an operator may bind in a preview a Role of that preview only, to accounts of its own making',
      },
      {
        expression: only(
          'rbac.authorization.k8s.io/Role',
          "object.?rules.orValue([]).all(r, !('*' in r.verbs) && !r.verbs.exists(v, v in ['bind', 'escalate', 'impersonate']) && !('*' in r.?apiGroups.orValue([])) && !r.?resources.orValue([]).exists(n, n.startsWith('*') || n == 'serviceaccounts/token'))",
        ),
        message: 'a Role that an operator writes into a preview must name its verbs, groups and resources',
      },
      {
        expression: only('Secret', "object.?type.orValue('') != 'kubernetes.io/service-account-token'"),
        message: 'an operator may make no token of an account of a preview',
      },
    ],
  };
}

/**
 * Whoever writes the object of an operator steers the operator. `scale` counts as well: an autoscaler of a maker could
 * make it larger than its price.
 */
function objectGuard(classes: readonly ServiceClass[], platform: PlatformSpec): GuardSpec {
  const kinds = [...new Map(classes.map((chosen) => [classKind(chosen), chosen])).values()];
  const cases = kinds.map((chosen) => {
    const { group, resource } = classResource(chosen);
    const isOther = `request.resource.group != '${group}' || request.resource.resource != '${resource}'`;
    return `(${isOther} || (request.operation == 'UPDATE' && ${isUnchanged(chosen)}))`;
  });
  return {
    name: 'greenroom-operator-objects',
    rule: kinds.map((chosen) => {
      const { group, resource } = classResource(chosen);
      const resources = [resource, `${resource}/*`];
      return { apiGroups: [group], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources };
    }),
    when: `!(${username(reconcilerNamespace(platform), FENCER_ACCOUNT)}) && ${IN_PREVIEW}`,
    validations: [
      {
        expression: `!${IS_PREVIEW} || (${cases.join(' && ')})`,
        message:
          'an object of an operator in a preview is written by the fence only: change services in greenroom.yaml',
      },
    ],
  };
}

/**
 * CEL: whether an update leaves the spec and the metadata that counts as they were; the status may change. Annotations can
 * be orders to an operator, which writes them for itself only.
 */
function isUnchanged({ finalizers, account }: ServiceClass): string {
  const before = 'oldObject.metadata.?finalizers.orValue([])';
  const known = celLiteral(['foregroundDeletion', 'orphan', ...finalizers]);
  return [
    "request.?subResource.orValue('') in ['', 'status']",
    'dyn(object).?spec == dyn(oldObject).?spec',
    `object.metadata.?finalizers.orValue([]).all(f, f in ${known} || f in ${before})`,
    'object.metadata.?ownerReferences.orValue([]) == oldObject.metadata.?ownerReferences.orValue([])',
    `(request.userInfo.username == '${account}' || object.metadata.?annotations.orValue({}) == oldObject.metadata.?annotations.orValue({}))`,
  ].join(' && ');
}

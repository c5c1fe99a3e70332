import { groupOf } from '../../model/platform/kinds.ts';
import { classKind, type ServiceClass } from '../../model/platform/service-class.ts';
import type { Variable } from '../variable.ts';
import { celLiteral } from './cel-text.ts';

/** What an operator does for the objects of one class. */
export type OperatorWork = Pick<ServiceClass, 'account' | 'apiVersion' | 'kind' | 'kinds'>;

/** CEL: `group/Kind` of an object, as in allowedKinds. */
const KIND_OF = '(object.apiVersion.contains("/") ? object.apiVersion.split("/")[0] + "/" : "") + object.kind';

/**
 * CEL: whether an object belongs to an object of the class in its own namespace. Only the fencer writes such objects,
 * and their names start with the name of the preview.
 */
export function isOwned(object: string, work: Pick<ServiceClass, 'apiVersion' | 'kind'>): string {
  const { group, kind } = groupOf(classKind(work));
  const metadata = `dyn(${object}).metadata`;
  return `${metadata}.?ownerReferences.orValue([]).exists(o, o.apiVersion.startsWith(${celLiteral(`${group}/`)}) && o.kind == ${celLiteral(kind)} && o.name.startsWith(${metadata}.?namespace.orValue("") + "-"))`;
}

/** CEL list of the kinds that the operator writes. */
export function kindList(work: Pick<ServiceClass, 'kinds'>): string {
  return `[${Object.keys(work.kinds).map(celLiteral).join(', ')}]`;
}

/**
 * Rules about makers do not apply to what an operator makes of its own object, or notes at that object. Anything else
 * that its account writes is held to them.
 */
export function operatorCondition(works: readonly OperatorWork[]): Variable[] {
  if (works.length === 0) return [];
  const cases = works.map((work) => {
    const made = `(${KIND_OF}) in ${kindList(work)} && ${isOwned('object', work)}`;
    const noted = `(${KIND_OF}) == ${celLiteral(classKind(work))} && request.?operation.orValue("") == "UPDATE"`;
    return `(request.userInfo.?username.orValue("") == ${celLiteral(work.account)} && ((${made}) || (${noted})))`;
  });
  return [{ name: 'not-the-work-of-an-operator', expression: `!(${cases.join(' || ')})` }];
}

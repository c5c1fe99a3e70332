import { isRecord, type JsonRecord } from '../../core/json.ts';
import { classKind, type ServiceClass, serviceClasses } from '../../model/platform/service-class.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { celLiteral } from '../../policies/engines/cel-text.ts';
import type { GuardSpec } from '../../reconcilers/reconciler.ts';
import { classResource } from './kinds.ts';

/**
 * Limits the fencer to objects of operators as greenroom.yaml has them: another spec could read a stranger's backup,
 * open a load balancer or be of any size. Defaults that a webhook or a CRD fills in are allowed where `added` says so.
 */
export function classShape(platform: PlatformSpec): GuardSpec['validations'] {
  const byKind = new Map<string, ServiceClass[]>();
  for (const [, chosen] of serviceClasses(platform.services)) {
    byKind.set(classKind(chosen), [...(byKind.get(classKind(chosen)) ?? []), chosen]);
  }
  return [...byKind].map(([kind, classes]) => {
    const { group, resource } = classResource(classes[0]!);
    const isOther = `request.operation == 'DELETE' || request.resource.group != '${group}' || request.resource.resource != '${resource}'`;
    const shapes = classes.map(({ spec, added }) => `(${shapeOf('dyn(object).spec', spec, paths(added))})`);
    return {
      expression: `${isOther} || (object.metadata.name.startsWith(object.metadata.namespace + '-') && (${shapes.join(' || ')}))`,
      message: `a ${kind} of a preview must be as a class of services in greenroom.yaml, and may have no other fields than its spec and added name`,
    };
  });
}

type Path = readonly string[];

const paths = (texts: readonly string[]): Path[] => texts.map((text) => text.split('.'));

/** CEL: whether the map at `place` is `given`, and has nothing else than what `added` allows. */
function shapeOf(place: string, given: JsonRecord, added: readonly Path[]): string {
  const own = Object.entries(given).filter(([, value]) => value !== null);
  const more = [...new Set(added.map(([first]) => first!))].filter((key) => !Object.hasOwn(given, key));
  const below = (key: string) => added.filter(([first]) => first === key).map(([, ...rest]) => rest);
  const at = (key: string) => `${place}[${JSON.stringify(key)}]`;
  const there = (key: string) => `${JSON.stringify(key)} in ${place}`;
  return [
    `${place}.all(k, k in ${celLiteral([...own.map(([key]) => key), ...more])})`,
    ...own.map(([key, value]) => {
      const inner = isRecord(value) ? shapeOf(at(key), value, below(key)) : `${at(key)} == dyn(${celLiteral(value)})`;
      return `${there(key)} && ${inner}`;
    }),
    ...more.flatMap((key) => {
      const rest = below(key);
      return rest.some((path) => path.length === 0) ? [] : [`(!(${there(key)}) || (${shapeOf(at(key), {}, rest)}))`];
    }),
  ].join(' && ');
}

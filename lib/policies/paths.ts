import { member, valueAt } from '../core/json.ts';
import { metadataPaths } from './metadata.ts';
import type { ItemList } from './rule.ts';

/** Path of an object's pod or pod template; empty if it is the object itself. */
export function podPath(object: unknown): string[] {
  switch (member(object, 'kind')) {
    case 'Pod':
    case 'Revision':
      return [];
    case 'PodTemplate':
      return ['template'];
    case 'CronJob':
      return ['spec', 'jobTemplate', 'spec', 'template'];
    default:
      return ['spec', 'template'];
  }
}

/** Container lists of a pod spec. Debug containers are last. */
export const CONTAINER_LISTS = ['containers', 'initContainers', 'ephemeralContainers'] as const;

/** Paths of the items of a list, in the order in which CEL sees them. */
export function itemPaths(object: unknown, { items, inner }: ItemList): (string | number)[][] {
  const outer =
    items === 'metadata'
      ? metadataPaths((path) => valueAt(object, path))
      : listPaths(object, items).flatMap((path) => indexed(object, path));
  return inner === undefined ? outer : outer.flatMap((path) => indexed(object, [...path, ...inner.split('.')]));
}

function listPaths(object: unknown, items: ItemList['items']): (string | number)[][] {
  const spec = [...podPath(object), 'spec'];
  switch (items) {
    case 'containers':
      return CONTAINER_LISTS.map((name) => [...spec, name]);
    case 'ownContainers':
      return CONTAINER_LISTS.slice(0, 2).map((name) => [...spec, name]);
    case 'volumes':
      return [[...spec, 'volumes']];
    case 'tolerations':
      return [[...spec, 'tolerations']];
    case 'sysctls':
      return [[...spec, 'securityContext', 'sysctls']];
    default:
      return [items.split('.')];
  }
}

function indexed(object: unknown, path: readonly (string | number)[]): (string | number)[][] {
  const list = valueAt(object, path);
  return Array.isArray(list) ? list.map((_, i) => [...path, i]) : [];
}

/** `spec.containers[0].image`; keys that are not names are in brackets: `metadata.annotations["a/b"]`. */
export function formatPath(path: readonly (string | number)[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_$][\w$-]*$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

/** The inverse of {@link formatPath}. */
export function parsePath(text: string): (string | number)[] {
  const parts: (string | number)[] = [];
  for (const [, name, index, quoted] of text.matchAll(/\.?([A-Za-z_$][\w$-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g)) {
    parts.push(name ?? (index === undefined ? (JSON.parse(quoted!) as string) : Number(index)));
  }
  return parts;
}

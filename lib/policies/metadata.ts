/**
 * Paths of labels, annotations and finalizers: the object's own, and those of objects that are created from it. CEL and
 * the paths of findings use the same list.
 */

/** Paths inside the object. */
const PLACES = [
  'metadata',
  'template.metadata',
  'spec.template.metadata',
  'spec.jobTemplate.metadata',
  'spec.jobTemplate.spec.template.metadata',
  // Metadata that External Secrets and cert-manager copy to the Secrets that they create, and gateways to their
  // infrastructure.
  'spec.target.template.metadata',
  'spec.secretTemplate',
  'spec.infrastructure',
] as const;

/** Lists whose items have metadata, and its path inside an item. */
const LISTS = [
  { list: 'spec.volumeClaimTemplates', inner: 'metadata' },
  { list: 'spec.template.spec.volumes', inner: 'ephemeral.volumeClaimTemplate.metadata' },
  { list: 'spec.volumes', inner: 'ephemeral.volumeClaimTemplate.metadata' },
  { list: 'template.spec.volumes', inner: 'ephemeral.volumeClaimTemplate.metadata' },
  { list: 'spec.jobTemplate.spec.template.spec.volumes', inner: 'ephemeral.volumeClaimTemplate.metadata' },
] as const;

const optional = (path: string): string => `.?${path.replaceAll('.', '.?')}`;

/** CEL: the list of all metadata of an object, in the order of {@link metadataPaths}. */
export const METADATA_CEL = [
  ...PLACES.map((path) => `(dyn(object)${optional(path)}.hasValue() ? [dyn(object).${path}] : [])`),
  ...LISTS.map(
    ({ list, inner }) =>
      `dyn(object)${optional(list)}.orValue([]).filter(i, i${optional(inner)}.hasValue()).map(i, i.${inner})`,
  ),
].join(' + ');

/** Paths of all existing metadata; `at` returns the value at a path, or undefined. */
export function metadataPaths(at: (path: readonly (string | number)[]) => unknown): (string | number)[][] {
  const places = PLACES.map((path) => path.split('.'));
  const items = LISTS.flatMap(({ list, inner }) => {
    const path = list.split('.');
    const found = at(path);
    return Array.isArray(found) ? found.map((_, i) => [...path, i, ...inner.split('.')]) : [];
  });
  return [...places, ...items].filter((path) => at(path) !== undefined);
}

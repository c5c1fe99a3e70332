import type { Manifest } from './api-server.ts';

/** Whether an API server has to be told of the kind first. */
export function isForeign({ apiVersion }: Manifest): boolean {
  const group = apiVersion.split('/')[0] as string;
  return group.includes('.') && (group.startsWith('gateway.') || !group.endsWith('.k8s.io'));
}

/** Definitions of all kinds that Kubernetes does not have. */
export function crdsFor(objects: readonly Manifest[]): Manifest[] {
  const versions = new Map<string, Set<string>>();
  for (const { apiVersion, kind } of objects.filter(isForeign)) {
    const [group, version] = apiVersion.split('/') as [string, string];
    const key = `${group}/${kind}`;
    versions.set(key, (versions.get(key) ?? new Set()).add(version));
  }
  return [...versions].map(([key, served]) => crdOf(...(key.split('/') as [string, string]), [...served]));
}

/**
 * A definition under which an API server stores any object of the kind as it is. The real definitions do not matter
 * here: rules look at what an object says, and a schema would only refuse some of it before they do.
 */
function crdOf(group: string, kind: string, versions: readonly string[]): Manifest {
  const plural = pluralOf(kind);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      // Groups of Kubernetes itself are kept from being defined by accident.
      annotations: { 'api-approved.kubernetes.io': 'unapproved, for a test' },
    },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: versions.map((name, i) => ({
        name,
        served: true,
        storage: i === 0,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      })),
    },
  };
}

function pluralOf(kind: string): string {
  const singular = kind.toLowerCase();
  if (/(s|x|ch)$/.test(singular)) return `${singular}es`;
  return /[^aeiou]y$/.test(singular) ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}

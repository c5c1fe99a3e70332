import type { Manifest } from './api-server.ts';

/**
 * A definition under which an API server stores any object of the kind as it is. For kinds whose real definitions do
 * not matter here: rules look at what an object says, and a schema would only refuse some of it before they do.
 */
export function crdOf({ apiVersion, kind }: Pick<Manifest, 'apiVersion' | 'kind'>): Manifest {
  const [group, version] = apiVersion.split('/') as [string, string];
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
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  };
}

function pluralOf(kind: string): string {
  const singular = kind.toLowerCase();
  if (/(s|x|ch)$/.test(singular)) return `${singular}es`;
  return /[^aeiou]y$/.test(singular) ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}

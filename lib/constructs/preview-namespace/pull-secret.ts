import type { StoredPullSecret } from '../../model/platform/objects.ts';
import { secretEntry } from '../secret-entry.ts';

/** The default ClusterSecretStore. */
export const DEFAULT_STORE = 'previews';

/** Kind of the objects that read pull secrets from the store. */
export const PULL_SECRET = { apiVersion: 'external-secrets.io/v1', kind: 'ExternalSecret' } as const;

/**
 * Reads a Docker configuration from the store into a Secret of the type for pulling images.
 *
 * A template without data sets the type of the Secret and does not change its data.
 * Source: github.com/external-secrets/external-secrets, pkg/controllers/externalsecret, `ApplyTemplate`
 */
export function pullSecretSpec({ name, secret }: StoredPullSecret, store: string = DEFAULT_STORE) {
  return {
    refreshInterval: '1h',
    secretStoreRef: { kind: 'ClusterSecretStore', name: store },
    target: {
      name,
      creationPolicy: 'Owner',
      deletionPolicy: 'Retain',
      template: { type: 'kubernetes.io/dockerconfigjson', engineVersion: 'v2', mergePolicy: 'Replace' },
    },
    data: [secretEntry('.dockerconfigjson', secret)] as const,
  };
}

import type { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { COMMITTED_SECRET, lastPart } from '../../model/secret-reference.ts';
import { type StringMap, sortedEntries } from '../metadata.ts';
import { PlainObject } from '../plain-object.ts';
import { secretEntry } from '../secret-entry.ts';
import type { PreviewAppProps } from './props.ts';

/** The Secret of the variables, and the key of each variable in it. */
export function secretKeys(props: PreviewAppProps): { secretName: string; keys: ReadonlyMap<string, string> } {
  const external = props.secretStore?.mechanism === 'external-secrets';
  const entries = sortedEntries(props.secrets ?? {});
  return {
    secretName: external ? props.name : COMMITTED_SECRET,
    keys: new Map(entries.map(([variable, reference]) => [variable, external ? variable : lastPart(reference)])),
  };
}

/**
 * Reads each reference into a key of one Secret. Other features of External Secrets are not used: no templates (they could
 * read other secrets), no `dataFrom` or `find` (they read whole prefixes).
 */
export function externalSecret(
  scope: Construct,
  props: PreviewAppProps,
  metadata: { name: string; namespace: string; labels: StringMap; annotations: StringMap },
): ApiObject {
  return new PlainObject(scope, 'secrets', {
    apiVersion: 'external-secrets.io/v1',
    kind: 'ExternalSecret',
    metadata,
    spec: {
      refreshInterval: '1h',
      secretStoreRef: { kind: 'ClusterSecretStore', name: props.secretStore?.store ?? 'previews' },
      target: { name: props.name, creationPolicy: 'Owner', deletionPolicy: 'Retain' },
      data: sortedEntries(props.secrets ?? {}).map(([variable, reference]) => secretEntry(variable, reference)),
    },
  });
}

/**
 * One entry of an ExternalSecret: reads a secret of the store into a key of the Secret.
 *
 * @param reference its key in the store, with `#property` for a part of it
 */
export function secretEntry(secretKey: string, reference: string) {
  const [key = '', property] = reference.split('#');
  return {
    secretKey,
    // The webhook's defaults, written out: Argo CD compares list items as a whole and would never be in sync.
    remoteRef: {
      key,
      ...(property !== undefined && { property }),
      conversionStrategy: 'Default',
      decodingStrategy: 'None',
      metadataPolicy: 'None',
    },
  };
}

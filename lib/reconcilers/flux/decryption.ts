import type { PlatformSpec } from '../../model/platform.ts';

/** How kustomize-controller decrypts a folder. Source: Flux documentation, Kustomization, `spec.decryption` */
export interface Decryption {
  readonly provider: 'sops';
  /** The Secret beside the Kustomization that holds the key. @default - the controller's own identity in a cloud */
  readonly secretRef?: { readonly name: string };
}

/** How the app of each preview is decrypted; undefined if nothing in it is encrypted. */
export function decryptionOf({ secrets: { mechanism, sops } }: PlatformSpec): Decryption | undefined {
  if (mechanism !== 'sops') return undefined;
  return { provider: 'sops', ...(sops.key !== null && { secretRef: { name: sops.key } }) };
}

/** One thing that a registry keeps for an image and that may be signed; the bytes as they came. */
export type Piece =
  /** A sigstore bundle: statement, signature and what proves when and by whom. */
  | { readonly format: 'bundle' /** Of the blob. */; readonly digest: string; readonly bytes: Uint8Array }
  /** cosign's older layout: the payload or envelope is the blob, all else stands in the layer's annotations. */
  | {
      readonly format: 'signature' | 'attestation';
      /** Of the blob. */
      readonly digest: string;
      readonly bytes: Uint8Array;
      readonly annotations: Readonly<Record<string, string>>;
    };

/** The form of a layer by its media type; undefined for layers of other things. */
export function formatOf(mediaType: string): Piece['format'] | undefined {
  if (/^application\/vnd\.dev\.sigstore\.bundle(\.v0\.\d+)?\+json(;version=0\.\d+)?$/.test(mediaType)) return 'bundle';
  if (mediaType === 'application/vnd.dev.cosign.simplesigning.v1+json') return 'signature';
  if (mediaType === 'application/vnd.dsse.envelope.v1+json') return 'attestation';
  return undefined;
}

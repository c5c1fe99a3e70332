/** A piece of evidence that a registry stores for an image, unverified. */
export type Piece =
  /** A sigstore bundle: statement, signature, and proof of time and signer. */
  | { readonly format: 'bundle' /** Of the blob. */; readonly digest: string; readonly bytes: Uint8Array }
  /** cosign's older layout: the blob is the payload or envelope, everything else is in the layer's annotations. */
  | {
      readonly format: 'signature' | 'attestation';
      /** Of the blob. */
      readonly digest: string;
      readonly bytes: Uint8Array;
      readonly annotations: Readonly<Record<string, string>>;
    };

/**
 * Whether it is the media type of a bundle of a known version; a later one could mean something else.
 *
 * Source: https://github.com/sigstore/protobuf-specs, sigstore_bundle.proto.
 */
export function isBundleType(mediaType: string): boolean {
  return /^application\/vnd\.dev\.sigstore\.bundle(\.v0\.3\+json|\+json(;version=0\.[123])?)$/.test(mediaType);
}

/** The format of a piece by the media type of its layer; undefined for other layers. */
export function pieceFormatOf(mediaType: string): Piece['format'] | undefined {
  if (isBundleType(mediaType)) return 'bundle';
  if (mediaType === 'application/vnd.dev.cosign.simplesigning.v1+json') return 'signature';
  if (mediaType === 'application/vnd.dsse.envelope.v1+json') return 'attestation';
  return undefined;
}

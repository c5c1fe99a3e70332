import type { ImageReference } from '../model/image.ts';

/**
 * What a registry says of an image. Only its own word that there is no such image is `missing`; a refusal, a time-out
 * and an answer that makes no sense are `unknown`.
 */
export type ImageLookup =
  | { readonly status: 'found' /** `sha256:` and 64 hexadecimal digits. */; readonly digest: string }
  | { readonly status: 'missing' }
  | { readonly status: 'unknown' /** Holds no credential. */; readonly reason: string };

/** Where images are kept. */
export interface ImageRegistry {
  /** The digest that a tag stands for now. Never throws for what the registry answers. */
  resolve(image: ImageReference): Promise<ImageLookup>;
}

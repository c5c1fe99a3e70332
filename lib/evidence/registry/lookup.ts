import type { ImageReference } from '../../model/image.ts';

/** A registry's answer about an image. */
export type ImageLookup =
  | { readonly status: 'found' /** `sha256:` and 64 hexadecimal digits. */; readonly digest: string }
  /** The repository exists, and the registry says that this image is not in it. */
  | { readonly status: 'missing' }
  /**
   * `refused`: there is no such repository, or it is not visible; most registries do not tell the two apart.
   * `unknown`: no answer, or one that makes no sense: it proves nothing.
   */
  | {
      readonly status: 'refused' | 'unknown';
      /** One sentence without a full stop that begins with the registry; contains no credentials. */
      readonly reason: string;
    };

/** Looks up images in registries. */
export interface ImageRegistry {
  /** The current digest of a reference; a digest is looked up, too. Never throws because of a registry's answer. */
  resolve(image: ImageReference): Promise<ImageLookup>;
}

import type { ImageReference } from '../../model/image.ts';

/** What a registry says of an image. */
export type ImageLookup =
  | { readonly status: 'found' /** `sha256:` and 64 hexadecimal digits. */; readonly digest: string }
  /** It knows the repository, and says that this image is not in it. */
  | { readonly status: 'missing' }
  /**
   * `refused`: there is no such repository, or it is not shown to us; most registries do not tell the two apart.
   * `unknown`: no answer, or one that makes no sense; nothing follows from it.
   */
  | {
      readonly status: 'refused' | 'unknown';
      /** One sentence without a full stop that begins with the registry; holds no credential. */
      readonly reason: string;
    };

/** Where images are kept. */
export interface ImageRegistry {
  /** The digest that a reference stands for now; a digest is looked up, too. Never throws for what the registry answers. */
  resolve(image: ImageReference): Promise<ImageLookup>;
}

import { taggedImage } from '../../compile/resolve.ts';
import type { ImageRegistry } from '../../evidence/registry.ts';
import type { PullRequest } from '../../forge/forge.ts';
import { formatImage, type ImageReference, isInRegistries } from '../../model/image.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import type { PreviewSpec } from '../../model/preview.ts';
import type { PreviewRecord } from '../../model/record.ts';

/** What is known of the image before the preview is compiled. */
export type ImageState =
  /** Compile with it; undefined where nothing was asked, and the rules say what they think of a tag. */
  | { readonly status: 'go'; readonly digest: string | undefined }
  /** The build that pushes it has not finished. */
  | { readonly status: 'waiting'; readonly image: string }
  /** The registry gave no answer: what runs stays. */
  | { readonly status: 'unknown'; readonly reason: string };

/**
 * The image with its tag where its digest has to be looked up; null where nobody is asked. A wrong reference, and one
 * that may not be used here, is for the compiler and the rules: no stranger is asked.
 */
export function needsDigest(
  platform: PlatformSpec,
  text: string,
  of: { readonly number: number; readonly headSha: string },
): ImageReference | null {
  if (platform.evidence.require.length === 0) return null;
  const image = taggedImage(text, platform, of);
  if (typeof image === 'string' || image.digest !== undefined) return null;
  return isInRegistries(image, platform.registries) ? image : null;
}

/**
 * The digest of the preview's image, where the platform asks for evidence. A tag is resolved once a commit: what was
 * committed for this head and this file stays, also when somebody moves the tag.
 */
export async function imageState(
  registry: ImageRegistry | undefined,
  platform: PlatformSpec,
  pull: PullRequest,
  spec: PreviewSpec,
  before: { readonly record: PreviewRecord | null; readonly specDigest: string },
): Promise<ImageState> {
  const image = needsDigest(platform, spec.image, { number: pull.number, headSha: pull.head.sha });
  if (registry === undefined || image === null) return { status: 'go', digest: undefined };
  const { record, specDigest } = before;
  if (record !== null && record.headSha === pull.head.sha && record.specDigest === specDigest && record.imageDigest)
    return { status: 'go', digest: record.imageDigest };
  const lookup = await registry.resolve(image);
  switch (lookup.status) {
    case 'found':
      return { status: 'go', digest: lookup.digest };
    case 'missing':
      return { status: 'waiting', image: formatImage(image) };
    case 'unknown':
      return { status: 'unknown', reason: `the image cannot be looked up: ${lookup.reason}` };
  }
}

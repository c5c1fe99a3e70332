import { imagesToLookUp, recordedDigests, taggedImages } from '../../compile/images.ts';
import { activeSince } from '../../compile/lifetime.ts';
import type { FileSet } from '../../core/fileset.ts';
import { imageGate } from '../../evidence/gate.ts';
import type { ImageRegistry } from '../../evidence/registry/lookup.ts';
import type { PullRequest } from '../../forge/forge.ts';
import { formatImage } from '../../model/image.ts';
import type { Loaded } from '../../model/load.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import type { Preview } from '../../model/preview.ts';
import type { PreviewRecord } from '../../model/record.ts';
import { durationSeconds } from '../../model/scalars.ts';
import { timesOf } from './times.ts';

/** What is known of the images before the preview is compiled. */
export type ImageState =
  /** Compile with them, by the image with its tag; none where nothing was asked, and the rules say what they think of a tag. */
  | { readonly status: 'go'; readonly digests: ReadonlyMap<string, string> }
  /** The build that pushes it has not finished. */
  | { readonly status: 'waiting'; readonly image: string; readonly note?: string }
  /** Its repository is not there, or not shown to us, and a build had its time. */
  | { readonly status: 'absent'; readonly image: string; readonly reason: string }
  /** The registry gave no answer: what runs stays. */
  | { readonly status: 'unknown'; readonly reason: string };

/** What the maker's repository holds at the head, and what the apps repo remembers. */
export interface ImageSources {
  readonly preview: Loaded<Preview>;
  readonly manifests: FileSet | null;
  readonly record: PreviewRecord | null;
  /** Of the preview file at the head. */
  readonly specDigest: string;
}

/**
 * The digests of the images of a preview's apps, where the platform asks for evidence, once all its images are there. A
 * tag is resolved once a commit: what was committed for this head and this file stays, also when somebody moves the tag.
 *
 * @param now unix seconds
 * @throws GreenroomError `invalid-input` for manifests that are none
 */
export async function imageState(
  registry: ImageRegistry | undefined,
  platform: PlatformSpec,
  pull: PullRequest,
  { preview, manifests, record, specDigest }: ImageSources,
  now: number,
): Promise<ImageState> {
  if (registry === undefined || platform.evidence.require.length === 0) return { status: 'go', digests: new Map() };
  const context = { number: pull.number, headSha: pull.head.sha };
  const tagged = taggedImages(preview.value, platform, context).map(formatImage);
  const isSame = record !== null && record.headSha === pull.head.sha && record.specDigest === specDigest;
  const known = isSame ? recordedDigests(record, preview.value, platform) : new Map<string, string>();
  if (tagged.length > 0 && tagged.every((name) => known.has(name))) return { status: 'go', digests: known };
  const images = imagesToLookUp(preview, manifests, platform, context);
  const answers = await Promise.all(
    [...images].map(async ([name, image]) => [name, await registry.resolve(image)] as const),
  );
  const patience = durationSeconds(platform.evidence.repositoryWait);
  const gate = imageGate(new Map(answers), { age: now - activeSince(timesOf(pull)), patience });
  if (gate.status === 'unknown') return { status: 'unknown', reason: `the image cannot be looked up: ${gate.reason}` };
  if (gate.status !== 'open') return gate;
  const digests = tagged.flatMap((name): [string, string][] => {
    const digest = gate.digests.get(name);
    return digest === undefined ? [] : [[name, digest]];
  });
  return { status: 'go', digests: new Map(digests) };
}

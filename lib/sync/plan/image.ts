import type { EvidenceByDigest } from '../../compile/evidence.ts';
import { recordedDigests, taggedImages } from '../../compile/images.ts';
import { imagesToLookUp } from '../../compile/images-to-look-up.ts';
import { activeSince } from '../../compile/lifetime.ts';
import type { FileSet } from '../../core/fileset.ts';
import { type Gate, imageGate } from '../../evidence/gate.ts';
import type { ImageRegistry } from '../../evidence/registry/lookup.ts';
import type { PullRequest } from '../../forge/forge.ts';
import { formatImage, type ImageReference } from '../../model/image.ts';
import type { Loaded } from '../../model/load.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import type { Preview } from '../../model/preview.ts';
import type { PreviewRecord } from '../../model/record.ts';
import { durationSeconds } from '../../model/scalars.ts';
import type { Base, SyncContext } from './base.ts';
import { evidenceState } from './evidence.ts';
import { timesOf } from './times.ts';

/** State of the images before the preview is compiled. */
export type ImageState =
  /** Compile with these digests, by image with tag. Empty if nothing was looked up; then the rules check the tags. */
  | { readonly status: 'go'; readonly digests: ReadonlyMap<string, string>; readonly evidence?: EvidenceByDigest }
  /** This image is not there yet. */
  | { readonly status: 'waiting'; readonly image: string; readonly note?: string }
  /** Its repository does not exist or is not visible to us, although there was time for a build. */
  | { readonly status: 'absent'; readonly image: string; readonly reason: string }
  /** The registry did not answer: the running preview stays. */
  | { readonly status: 'unknown'; readonly reason: string };

/** The maker's files at the head, and the record in the apps repo. */
export interface ImageSources {
  readonly preview: Loaded<Preview>;
  readonly manifests: FileSet | null;
  readonly record: PreviewRecord | null;
  /** The preview's files in the apps repo. */
  readonly running: FileSet;
  /** Of the preview file at the head. */
  readonly specDigest: string;
}

/**
 * Looks up the digests of the apps' images if the platform requires evidence, and evaluates all images of the preview
 * once they exist. An image is looked up once for each commit: the digest that was committed for this head and this file
 * stays, even if the tag moves.
 *
 * @throws GreenroomError `invalid-input` for invalid manifests
 */
export async function imageState(
  context: Pick<SyncContext, 'images' | 'verifier' | 'forge'>,
  base: Pick<Base, 'platform' | 'trust' | 'now'>,
  pull: PullRequest,
  sources: ImageSources,
): Promise<ImageState> {
  const { platform } = base;
  if (context.images === undefined || platform.evidence.require.length === 0)
    return { status: 'go', digests: new Map() };
  const naming = { number: pull.number, headSha: pull.head.sha };
  const images = imagesToLookUp(sources.preview, sources.manifests, platform, naming);
  const tagged = taggedImages(sources.preview.value, platform, naming).map(formatImage);
  const known = knownDigests(sources, pull, images, platform);
  const others = new Map([...images].filter(([name]) => !known.has(name)));
  const gate = await askRegistries(context.images, others, base, pull);
  if (gate.status === 'unknown') return { status: 'unknown', reason: `the image cannot be looked up: ${gate.reason}` };
  if (gate.status !== 'open') return gate;
  const digestOf = (name: string) => known.get(name) ?? gate.digests.get(name);
  const there = [...images].flatMap(([name, image]) => {
    const digest = digestOf(name) ?? image.digest;
    return digest === undefined ? [] : [{ image, digest }];
  });
  const shown = await evidenceState(context, base, pull, pull.head.sha, there);
  if (shown.status === 'unknown') return { status: 'unknown', reason: `the image cannot be verified: ${shown.reason}` };
  const digests = tagged.flatMap((name): [string, string][] => {
    const digest = digestOf(name);
    return digest === undefined ? [] : [[name, digest]];
  });
  return { status: 'go', digests: new Map(digests), evidence: shown.evidence };
}

/** By image: what was found for this head and this file, and what runs already. */
function knownDigests(
  { record, specDigest, preview, running }: ImageSources,
  pull: PullRequest,
  images: ReadonlyMap<string, ImageReference>,
  platform: PlatformSpec,
): ReadonlyMap<string, string> {
  if (record === null || record.headSha !== pull.head.sha || record.specDigest !== specDigest) return new Map();
  const texts = [...running.values()];
  const pinned = [...images].flatMap(([name, { digest }]): [string, string][] =>
    digest !== undefined && texts.some((text) => text.includes(name)) ? [[name, digest]] : [],
  );
  return new Map([...recordedDigests(record, preview.value, platform), ...pinned]);
}

async function askRegistries(
  registry: ImageRegistry,
  images: ReadonlyMap<string, ImageReference>,
  { platform, now }: Pick<Base, 'platform' | 'now'>,
  pull: PullRequest,
): Promise<Gate> {
  const answers = await Promise.all(
    [...images].map(async ([name, image]) => [name, await registry.resolve(image)] as const),
  );
  const patience = durationSeconds(platform.evidence.repositoryWait);
  return imageGate(new Map(answers), { age: now - activeSince(timesOf(pull)), patience });
}

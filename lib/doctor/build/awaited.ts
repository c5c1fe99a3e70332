import { taggedImages, tagOf } from '../../compile/images.ts';
import type { Problem } from '../../core/errors.ts';
import type { FileSet } from '../../core/fileset.ts';
import { loadPreview } from '../../model/files.ts';
import { formatImage } from '../../model/image.ts';
import { PREVIEW_FILE } from '../../model/layout.ts';
import { appsRepoUrl, type PlatformSpec } from '../../model/platform.ts';
import { fits } from '../../model/wildcard.ts';
import { type BuildFile, readBuild, type Sample } from './pushes.ts';

/** Files that describe builds in a micro app's repository. */
export const BUILD_FILES = /^(\.github\/workflows\/[^/]+\.ya?ml|\.gitlab-ci\.ya?ml)$/;

const SAMPLE = { number: 7, headSha: 'a1b2c3d4e5f60718293a4b5c6d7e8f9001122334' };

/** Problems of a micro app's build, and what cannot be known without running it. */
export interface BuildReading {
  readonly problems: readonly Problem[];
  /** One sentence each. */
  readonly unknown: readonly string[];
}

/**
 * Compares the images that the CI files of a micro app push with those that its previews expect.
 *
 * @param files preview.yaml and {@link BUILD_FILES}, by path
 * @param repository `owner/name`
 * @throws GreenroomError `invalid-input` for an invalid preview.yaml
 */
export function checkBuild(files: FileSet, repository: string, platform: PlatformSpec): BuildReading {
  const preview = loadPreview(files.get(PREVIEW_FILE) ?? '', PREVIEW_FILE).value;
  const sample: Sample = { ...SAMPLE, repository };
  const builds = [...files].filter(([path]) => BUILD_FILES.test(path));
  const read = builds.map(([file, text]) => ({ file, ...readBuild(text, sample) }));
  const awaited = taggedImages(preview, platform, SAMPLE).filter((image) => image.tag === tagOf(platform, SAMPLE));
  const problems: Problem[] = [];
  const unknown: string[] = [];
  for (const image of awaited.map(formatImage)) {
    const name = image.replace(/:[^:/]*$/, '');
    if (read.some((build) => callsOurs(build, name, repository, platform))) continue;
    const pushes = read.flatMap(({ file, pushes: own }) => own.map((push) => ({ file, ...push })));
    if (pushes.some((push) => push.image === image)) continue;
    const own = pushes.filter((push) => nameOf(push.image) === name);
    const isOpen = pushes.filter((push) => push.image.includes('?') && mayBe(push.image, image));
    const rule = `${name}:${platform.tag.replace('{number}', '<number>').replace('{sha7}', '<sha7>').replace('{sha}', '<sha>')}`;
    if (isOpen.length > 0)
      unknown.push(`${isOpen[0]!.file}:${isOpen[0]!.line}: whether it pushes ${rule} only a run can tell`);
    else if (own.length > 0) {
      const { file, line } = own[0]!;
      const tags = own.map((push) => words(push.image)).join(', ');
      problems.push({
        file,
        line,
        column: 1,
        message: `pushes ${tags}; previews expect ${rule}, so none would ever start`,
      });
    } else {
      const lack =
        builds.length === 0 ? 'there is no CI file' : `nothing in ${builds.map(([file]) => file).join(', ')} pushes it`;
      const message = `expects ${rule}, and ${lack}; call the build of the apps repo, or push that tag`;
      problems.push({ file: PREVIEW_FILE, message });
    }
  }
  return { problems, unknown };
}

/** The build that `init` writes pushes the expected tag, for the image that it is called with. */
function callsOurs({ calls }: BuildFile, image: string, repository: string, platform: PlatformSpec): boolean {
  const appsRepo = appsRepoUrl(platform)
    .replace(/\.git$/, '')
    .split(/[/:]/)
    .slice(-2)
    .join('/');
  const standard = `${platform.registries[0]!.replace(/\/$/, '')}/${repository.split('/').at(-1)!.toLowerCase()}`;
  return calls.some(
    (call) =>
      (call.name === `${appsRepo}/.github/workflows/build.yaml` || call.name === '/ci/build.gitlab-ci.yml') &&
      (call.image ?? standard) === image,
  );
}

function nameOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
}

/** Whether a reference with gaps could be this image. */
function mayBe(open: string, image: string): boolean {
  return fits(open.replaceAll('?', '**'), image);
}

/** With placeholders, so that it is true for every pull request. */
function words(image: string): string {
  return image
    .replaceAll('f'.repeat(40), "<sha of GitHub's merge>")
    .replaceAll(SAMPLE.headSha, '<sha>')
    .replaceAll(SAMPLE.headSha.slice(0, 7), '<sha7>');
}

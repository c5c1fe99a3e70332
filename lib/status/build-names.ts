import { fits } from '../model/wildcard.ts';

/** How sure it is that a job builds the image of a preview. */
export type BuildKind = 'image' | 'maybe' | 'other';

const wordsOf = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** Words of a job name that are about container images. */
const IMAGE = wordsOf(
  'image images docker dockerfile container containers oci kaniko buildah bake buildx buildpack buildpacks',
);

/** Words for making something: alone, they may mean an image, but also a program, a library or a page. */
const MAKE = wordsOf('build builds publish push package release');

/** Words of jobs that check something, or make something else. */
const OTHER = wordsOf(
  `test tests testing e2e unit integration lint linter hadolint format style types typecheck check checks scan scanner trivy
  grype snyk audit verify security codeql coverage benchmark size docs doc documentation storybook notes changelog npm pypi
  chart charts helm pages cleanup prune preview greenroom`,
);

/**
 * What a job's name tells about it. Names that the platform lists (`status.builds`) decide alone; without a list the words
 * of the name are all there is.
 *
 * @param listed patterns of names; compared without regard to case @default - the platform lists none
 */
export function buildKind(name: string, listed?: readonly string[]): BuildKind {
  if (listed !== undefined) {
    return listed.some((pattern) => fits(pattern.toLowerCase(), name.toLowerCase())) ? 'image' : 'other';
  }
  const words = name.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const has = (some: ReadonlySet<string>) => words.some((word) => some.has(word));
  if (has(IMAGE)) return !has(OTHER) || has(MAKE) ? 'image' : 'other';
  return has(MAKE) && !has(OTHER) ? 'maybe' : 'other';
}

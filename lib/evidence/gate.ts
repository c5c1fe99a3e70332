import type { ImageLookup } from './registry/lookup.ts';

/** Whether all images of a preview exist, so that it can be compiled. */
export type Gate =
  | { readonly status: 'open' /** By image. */; readonly digests: ReadonlyMap<string, string> }
  /** This image is not there yet. */
  | { readonly status: 'waiting'; readonly image: string /** @default - none */; readonly note?: string }
  /** Its repository does not exist, or is not visible, for longer than a build may take. */
  | { readonly status: 'absent'; readonly image: string; readonly reason: string }
  /** A registry did not answer, so nothing is known. */
  | { readonly status: 'unknown'; readonly reason: string };

export interface BuildTime {
  /** Seconds since the push. */
  readonly age: number;
  /** Seconds after a push during which the build may still create a missing repository. */
  readonly patience: number;
}

/**
 * Combines the registries' answers for the whole preview: all images must exist, and a certain answer takes precedence
 * over an unknown one.
 *
 * @param lookups by image, in the order of the preview file
 */
export function imageGate(lookups: ReadonlyMap<string, ImageLookup>, { age, patience }: BuildTime): Gate {
  const answers = [...lookups];
  const refused = answers.flatMap(([image, answer]) =>
    answer.status === 'refused' ? [{ image, reason: answer.reason }] : [],
  )[0];
  if (refused !== undefined && age > patience) return { status: 'absent', ...refused };
  const missing = answers.find(([, { status }]) => status === 'missing');
  if (missing !== undefined) return { status: 'waiting', image: missing[0] };
  if (refused !== undefined) return { status: 'waiting', image: refused.image, note: refused.reason };
  for (const [, answer] of answers) {
    if (answer.status === 'unknown') return { status: 'unknown', reason: answer.reason };
  }
  const digests = answers.flatMap(([image, answer]) =>
    answer.status === 'found' ? [[image, answer.digest] as const] : [],
  );
  return { status: 'open', digests: new Map(digests) };
}

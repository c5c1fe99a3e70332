import type { ImageLookup } from './registry/lookup.ts';

/** Whether a preview's images are there, so that it may be compiled. */
export type Gate =
  | { readonly status: 'open' /** By image. */; readonly digests: ReadonlyMap<string, string> }
  /** The build that pushes this one has not finished. */
  | { readonly status: 'waiting'; readonly image: string /** @default - nothing more to say */; readonly note?: string }
  /** Its repository is not there, or not shown, for longer than a build may take. */
  | { readonly status: 'absent'; readonly image: string; readonly reason: string }
  /** A registry gave no answer, so that nothing follows. */
  | { readonly status: 'unknown'; readonly reason: string };

export interface Waiting {
  /** Seconds since the push. */
  readonly age: number;
  /** Seconds after a push in which a repository that is not there counts as one that a build is about to make. */
  readonly patience: number;
}

/**
 * What the registries' answers mean for the whole preview: what is certain comes before what is not known, and all images
 * have to be there.
 *
 * @param lookups by image, in the order in which they are named
 */
export function imageGate(lookups: ReadonlyMap<string, ImageLookup>, { age, patience }: Waiting): Gate {
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

import { Pool } from '../core/pool.ts';
import { formatImage, type ImageReference } from '../model/image.ts';
import type { EvidenceLocation, EvidenceSource } from './gather.ts';
import { referrersTag } from './registry/manifests.ts';

/** An image that will be verified soon. */
export interface Pinned {
  readonly image: ImageReference;
  readonly digest: string;
}

const AT_ONCE = 6;

/**
 * Starts reading what is listed about many images, so that they are not waited for one after the other. Each answer is used
 * once; asked again, the registry is asked again.
 *
 * @param places where each of them is looked for first
 */
export function readAhead(
  source: EvidenceSource,
  soon: readonly Pinned[],
  places: readonly EvidenceLocation[],
): EvidenceSource {
  const pool = new Pool(AT_ONCE);
  const lists = new Answers<ReturnType<EvidenceSource['referrers']>>();
  const tags = new Answers<ReturnType<EvidenceSource['manifest']>>();
  for (const { image, digest } of soon) {
    for (const place of places) {
      if (place === 'referrers')
        lists.add(listKey(image, digest), () => pool.run(() => source.referrers(image, digest)));
      else {
        const tagged = { repository: image.repository, tag: `${referrersTag(digest)}.${place}` };
        tags.add(formatImage(tagged), () => pool.run(() => source.manifest(tagged)));
      }
    }
  }
  return {
    referrers: (image, digest) => lists.take(listKey(image, digest)) ?? source.referrers(image, digest),
    manifest: (image) => tags.take(formatImage(image)) ?? source.manifest(image),
    blob: (...request) => source.blob(...request),
  };
}

function listKey({ repository }: ImageReference, digest: string): string {
  return `${repository}@${digest}`;
}

class Answers<T extends Promise<unknown>> {
  readonly #answers = new Map<string, T>();

  add(key: string, ask: () => T): void {
    if (this.#answers.has(key)) return;
    const answer = ask();
    // Whoever takes the answer gets its error; an answer that nobody takes must not end the process.
    answer.catch(() => undefined);
    this.#answers.set(key, answer);
  }

  take(key: string): T | undefined {
    const answer = this.#answers.get(key);
    this.#answers.delete(key);
    return answer;
  }
}

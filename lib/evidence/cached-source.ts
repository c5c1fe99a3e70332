import type { EvidenceSource } from './gather.ts';
import type { Answer } from './registry/failure.ts';

const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Remembers what is asked for by digest, since that cannot change; tags and lists are asked for each time. When there is
 * no more room, what was read first goes first.
 */
export function cachedSource(source: EvidenceSource, maxBytes = MAX_BYTES): EvidenceSource {
  const contents = new Map<string, Uint8Array>();
  let size = 0;
  const keep = (digest: string, bytes: Uint8Array) => {
    if (contents.has(digest) || bytes.length > maxBytes) return;
    contents.set(digest, bytes);
    size += bytes.length;
    for (const [oldest, { length }] of contents) {
      if (size <= maxBytes) break;
      contents.delete(oldest);
      size -= length;
    }
  };
  return {
    referrers: (...request) => source.referrers(...request),
    async manifest(image) {
      const known = image.digest === undefined ? undefined : contents.get(image.digest);
      if (known !== undefined && image.digest !== undefined) return found({ bytes: known, digest: image.digest });
      const answer = await source.manifest(image);
      if (answer.status === 'found') keep(answer.value.digest, answer.value.bytes);
      return answer;
    },
    async blob(image, descriptor, most) {
      const known = contents.get(descriptor.digest);
      if (known !== undefined) return found(known);
      const answer = await source.blob(image, descriptor, most);
      if (answer.status === 'found') keep(descriptor.digest, answer.value);
      return answer;
    },
  };
}

function found<T>(value: T): Answer<T> {
  return { status: 'found', value };
}

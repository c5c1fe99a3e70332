import type { ContentCache } from './content-folder.ts';
import type { EvidenceSource } from './gather.ts';
import { Recent } from './recent.ts';
import type { RegistryAnswer } from './registry/failure.ts';

const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Caches everything that is read by digest, since it cannot change. Tags and lists are read each time.
 *
 * @param kept cache for later runs. @default - none
 */
export function cachedSource(source: EvidenceSource, kept?: ContentCache, maxBytes = MAX_BYTES): EvidenceSource {
  const contents = new Recent<Uint8Array>(maxBytes);
  const known = async (digest: string): Promise<Uint8Array | undefined> => {
    const here = contents.get(digest);
    if (here !== undefined) return here;
    const bytes = await kept?.get(digest);
    if (bytes !== undefined) contents.set(digest, bytes, bytes.length);
    return bytes;
  };
  const keep = async (digest: string, bytes: Uint8Array) => {
    contents.set(digest, bytes, bytes.length);
    await kept?.set(digest, bytes);
  };
  return {
    referrers: (...request) => source.referrers(...request),
    async manifest(image) {
      const { digest } = image;
      const bytes = digest === undefined ? undefined : await known(digest);
      if (bytes !== undefined && digest !== undefined) return found({ bytes, digest });
      const answer = await source.manifest(image);
      if (answer.status === 'found') await keep(answer.value.digest, answer.value.bytes);
      return answer;
    },
    async blob(image, descriptor, most) {
      const bytes = await known(descriptor.digest);
      if (bytes !== undefined) return found(bytes);
      const answer = await source.blob(image, descriptor, most);
      if (answer.status === 'found') await keep(descriptor.digest, answer.value);
      return answer;
    },
  };
}

function found<T>(value: T): RegistryAnswer<T> {
  return { status: 'found', value };
}

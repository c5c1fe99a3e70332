import type { ContentCache } from './content-folder.ts';
import type { EvidenceSource } from './gather.ts';
import { Recent } from './recent.ts';
import type { RegistryAnswer } from './registry/failure.ts';
import { Manifest } from './registry/manifests.ts';

const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Caches everything that is read by digest, since it cannot change. Tags and lists are read each time.
 *
 * @param kept cache for later runs. @default - none
 * @param maxBytes limit of the manifests, and of everything else
 */
export function cachedSource(source: EvidenceSource, kept?: ContentCache, maxBytes = MAX_BYTES): EvidenceSource {
  const blobs = new Recent<Uint8Array>(maxBytes);
  const manifests = new Recent<Manifest>(maxBytes);
  const keptManifest = async (digest: string): Promise<Manifest | undefined> => {
    const bytes = await kept?.get(digest);
    return bytes === undefined ? undefined : new Manifest(bytes, digest);
  };
  return {
    referrers: (...request) => source.referrers(...request),
    async manifest(image) {
      const { digest } = image;
      if (digest !== undefined) {
        const known = manifests.get(digest) ?? (await keptManifest(digest));
        if (known !== undefined) {
          manifests.set(digest, known, known.bytes.length);
          return found(known);
        }
      }
      const answer = await source.manifest(image);
      if (answer.status === 'found') {
        const { value } = answer;
        manifests.set(value.digest, value, value.bytes.length);
        await kept?.set(value.digest, value.bytes);
      }
      return answer;
    },
    async blob(image, descriptor, most) {
      const { digest } = descriptor;
      const known = blobs.get(digest) ?? (await kept?.get(digest));
      if (known !== undefined) {
        blobs.set(digest, known, known.length);
        return found(known);
      }
      const answer = await source.blob(image, descriptor, most);
      if (answer.status === 'found') {
        blobs.set(digest, answer.value, answer.value.length);
        await kept?.set(digest, answer.value);
      }
      return answer;
    },
  };
}

function found<T>(value: T): RegistryAnswer<T> {
  return { status: 'found', value };
}

/** An image reference, split by the distribution grammar. */
export interface ImageReference {
  /** Host with an optional port, then the path: `ghcr.io/acme/shop`. */
  readonly repository: string;
  readonly tag?: string;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest?: string;
}

const HOST =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]{1,5})?$/;
const COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
/** What a registry takes for a tag. */
export const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/**
 * Splits `host/path[:tag][@digest]`. The host has to be written out: a short name means another image on every machine.
 *
 * Source: the grammar of github.com/distribution/reference, narrowed to sha256 digests and explicit hosts.
 *
 * @returns the parts, or a sentence about what is wrong
 */
export function parseImage(text: string): ImageReference | string {
  if (text.length > 512) return 'is longer than 512 characters';
  const [name, digest, ...rest] = text.split('@');
  if (rest.length > 0 || name === undefined) return 'has more than one @; credentials do not belong into an image';
  if (digest !== undefined && !DIGEST.test(digest)) return 'has a digest that is not sha256: and 64 hexadecimal digits';
  const slash = name.lastIndexOf('/');
  const colon = name.indexOf(':', slash + 1);
  const repository = colon === -1 ? name : name.slice(0, colon);
  const tag = colon === -1 ? undefined : name.slice(colon + 1);
  if (tag !== undefined && !TAG.test(tag)) return 'has a tag that is none; a tag is letters, digits, dots, dashes';
  const [host, ...path] = repository.split('/');
  if (path.length === 0 || !/[.:]|^localhost$/.test(host!) || !HOST.test(host!)) {
    return 'does not begin with a registry such as ghcr.io/';
  }
  const lower = repository.toLowerCase();
  if (lower !== repository && path.every((component) => COMPONENT.test(component.toLowerCase()))) {
    return `has upper-case letters, which no registry takes; write ${lower}`;
  }
  if (!path.every((component) => COMPONENT.test(component))) {
    return 'has a path that is none: lower-case letters and digits, separated by . _ - and /';
  }
  return { repository, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/**
 * Whether the image lies in one of these registries, by host and whole path segments. The rule `allowed-registries` is
 * what refuses an image; this only says whether its registry may be asked.
 */
export function isInRegistries({ repository }: ImageReference, registries: readonly string[]): boolean {
  return registries.some((registry) => repository === registry || repository.startsWith(`${registry}/`));
}

/** The text of a reference. A digest says all, so that a tag beside it is dropped. */
export function formatImage(image: ImageReference): string {
  if (image.digest !== undefined) return `${image.repository}@${image.digest}`;
  return image.tag === undefined ? image.repository : `${image.repository}:${image.tag}`;
}

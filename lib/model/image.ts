/** An image reference, parsed with distribution's grammar. */
export interface ImageReference {
  /** Host with an optional port, then the path: `ghcr.io/acme/shop`. */
  readonly repository: string;
  readonly tag?: string;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest?: string;
}

const LABEL = '[a-z0-9]([a-z0-9-]*[a-z0-9])?';
const HOST = `(${LABEL}([.]${LABEL})+(:[0-9]{1,5})?|${LABEL}:[0-9]{1,5}|localhost)`;
const SEGMENT = '[a-z0-9]+(([.]|_|__|-+)[a-z0-9]+)*';
const REPOSITORY = `${HOST}(/${SEGMENT})+`;
const TAG = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const DIGEST = 'sha256:[a-f0-9]{64}';

/**
 * A whole reference, as a pattern with the same meaning in JavaScript and RE2. All code uses this grammar, including
 * the rules' CEL. It is that of github.com/distribution/reference with limits: the host must be explicit (with a dot or
 * a port, or localhost) and lower-case, since a short name may mean different images on different machines. Digests are
 * sha256.
 */
export const IMAGE_PATTERN = `^${REPOSITORY}(:${TAG})?(@${DIGEST})?$`;

/** A registry: a host with an optional path. */
export const REGISTRY_PATTERN = `^${HOST}(/${SEGMENT})*$`;

/** Maximum length of a reference. The longest possible host, repository and tag are shorter. */
export const MAX_IMAGE = 512;

/** A valid tag. */
export const TAG_PATTERN = `^${TAG}$`;

const whole = (pattern: string) => new RegExp(`^${pattern}$`);
const REGEXPS = { image: new RegExp(IMAGE_PATTERN), host: whole(HOST), tag: whole(TAG), digest: whole(DIGEST) };

/**
 * Splits `host/path[:tag][@digest]`.
 *
 * @returns the parts, or what is wrong, as the rest of a sentence about the image
 */
export function parseImage(text: string): ImageReference | string {
  if (text.length > MAX_IMAGE) return `is longer than ${MAX_IMAGE} characters`;
  const [name = '', digest, ...rest] = text.split('@');
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  const repository = colon === -1 ? name : name.slice(0, colon);
  const tag = colon === -1 ? undefined : name.slice(colon + 1);
  if (REGEXPS.image.test(text)) {
    return { repository, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
  }
  if (rest.length > 0) return 'has more than one @; credentials do not belong into an image';
  return problemOf(repository, tag, digest);
}

function problemOf(repository: string, tag: string | undefined, digest: string | undefined): string {
  if (digest !== undefined && !REGEXPS.digest.test(digest)) {
    return 'has a digest that is not sha256: and 64 hexadecimal digits';
  }
  if (tag !== undefined && !REGEXPS.tag.test(tag)) {
    const hint = tag.includes('$') ? ', and no variable is filled in here' : '';
    return `has an invalid tag; a tag is letters, digits, dots, dashes and underscores${hint}`;
  }
  const small = repository.toLowerCase();
  if (small !== repository && REGEXPS.image.test(small)) return `has upper-case letters in its name; write ${small}`;
  const slash = repository.indexOf('/');
  if (slash === -1 || !REGEXPS.host.test(repository.slice(0, slash))) {
    return 'does not begin with a registry such as ghcr.io/';
  }
  return 'has an invalid path: lower-case letters and digits, separated by . _ - and /';
}

/**
 * Whether the image is in one of these registries, by host and whole path segments. This only decides whether the
 * registry may be contacted; the rule `allowed-registries` refuses images.
 */
export function isInRegistries({ repository }: ImageReference, registries: readonly string[]): boolean {
  return registries.some((registry) => repository === registry || repository.startsWith(`${registry}/`));
}

/** The text of a reference. A tag next to a digest is dropped, since the digest identifies the image. */
export function formatImage(image: ImageReference): string {
  if (image.digest !== undefined) return `${image.repository}@${image.digest}`;
  return image.tag === undefined ? image.repository : `${image.repository}:${image.tag}`;
}

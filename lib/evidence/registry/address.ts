import type { ImageReference } from '../../model/image.ts';

/** A repository of images in a registry. */
export interface ImageRepository {
  /** As in the reference, with its port: `ghcr.io`. */
  readonly host: string;
  /** As in the registry: `acme/shop`, `library/nginx`. */
  readonly path: string;
  /** Scheme and host of its API. */
  readonly origin: string;
}

/** Names of Docker Hub: in images, of its API, and in the credentials of old clients. */
export const HUB = ['docker.io', 'registry-1.docker.io', 'index.docker.io'] as const;

/**
 * The repository of an image. Docker Hub's API has another host than its images, and its official images are in
 * `library`. Plain HTTP is used for this machine only.
 */
export function imageRepositoryOf({ repository }: ImageReference): ImageRepository {
  const slash = repository.indexOf('/');
  const [host, path] = [repository.slice(0, slash), repository.slice(slash + 1)];
  if (HUB.some((name) => name === host)) {
    return { host, path: path.includes('/') ? path : `library/${path}`, origin: 'https://registry-1.docker.io' };
  }
  return { host, path, origin: `${isThisMachine(host.replace(/:\d+$/, '')) ? 'http' : 'https'}://${host}` };
}

export function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1';
}

/** Names and addresses of this machine and of its network link, as URL writes them. */
const LOCAL =
  /^((.+\.)?localhost\.?|127\.[\d.]+|0\.0\.0\.0|169\.254\.[\d.]+|\[::1?\]|\[::ffff:(7f|a9fe|0).*\]|\[fe[89ab].*\])$/;

/**
 * Whether a redirect of a registry to this address may be followed. It must be https, except on this machine. A registry
 * elsewhere must not redirect to a service of this machine.
 */
export function mayLeadTo(origin: string, address: string): boolean {
  if (!URL.canParse(address)) return false;
  const [from, to] = [new URL(origin), new URL(address)];
  if (to.username !== '' || to.password !== '') return false;
  if (isThisMachine(from.hostname)) return to.protocol === 'https:' || isThisMachine(to.hostname);
  return to.protocol === 'https:' && !LOCAL.test(to.hostname);
}

/** The address of something in a repository. @param below `manifests/v1` */
export function urlOf({ origin, path }: ImageRepository, below: string): string {
  return `${origin}/v2/${path}/${below}`;
}

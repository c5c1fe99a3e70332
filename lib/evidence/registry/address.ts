import type { ImageReference } from '../../model/image.ts';

/** Where a registry keeps the images of one name. */
export interface Repository {
  /** As the reference names it, with its port: `ghcr.io`. */
  readonly host: string;
  /** As the registry knows it: `acme/shop`, `library/nginx`. */
  readonly path: string;
  /** Scheme and host of its API. */
  readonly origin: string;
}

/** The names of Docker Hub: that of its images, of its API, and the one under which old clients kept credentials. */
export const HUB = ['docker.io', 'registry-1.docker.io', 'index.docker.io'] as const;

/**
 * Docker Hub's API answers under another name than its images carry, and its own images lie in `library`. Plain HTTP is
 * spoken with this machine only.
 */
export function repositoryOf({ repository }: ImageReference): Repository {
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

/**
 * Whether a registry may send us there. Nothing goes unencrypted but from this machine to itself, and no registry
 * elsewhere leads us to a service of this machine.
 */
export function mayLeadTo(origin: string, address: string): boolean {
  if (!URL.canParse(address)) return false;
  const [from, to] = [new URL(origin), new URL(address)];
  if (to.username !== '' || to.password !== '') return false;
  if (isThisMachine(from.hostname)) return to.protocol === 'https:' || isThisMachine(to.hostname);
  return to.protocol === 'https:' && !isThisMachine(to.hostname);
}

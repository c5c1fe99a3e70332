import { formatImage, type ImageReference } from '../model/image.ts';
import type { Credentials } from './credentials.ts';
import type { ImageLookup, ImageRegistry } from './registry.ts';

export interface OciRegistryOptions {
  readonly credentials: Credentials;
  /** Milliseconds for the whole of one lookup. @default 10_000 */
  readonly timeout?: number;
}

/** Manifests and indexes of both families: a registry converts what a client does not name, and the digest with it. */
const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const MAX_TOKEN_BYTES = 64 * 1024;

/**
 * Registries over the network, by the OCI distribution specification 1.1 ("Checking if content exists in the
 * registry") and the bearer-token scheme of its reference implementation. Plain HTTP is spoken with this machine only.
 */
export class OciRegistry implements ImageRegistry {
  readonly #credentials: Credentials;
  readonly #timeout: number;

  constructor({ credentials, timeout = 10_000 }: OciRegistryOptions) {
    this.#credentials = credentials;
    this.#timeout = timeout;
  }

  async resolve(image: ImageReference): Promise<ImageLookup> {
    if (image.digest !== undefined) return { status: 'found', digest: image.digest };
    const signal = AbortSignal.timeout(this.#timeout);
    try {
      return await this.#head(image, signal);
    } catch (error) {
      const reason = signal.aborted ? `gave no answer within ${this.#timeout / 1000} seconds` : networkReason(error);
      return { status: 'unknown', reason: `${hostOf(image)} ${reason}` };
    }
  }

  async #head(image: ImageReference, signal: AbortSignal): Promise<ImageLookup> {
    const host = hostOf(image);
    const url = `${originOf(host)}/v2/${pathOf(image)}/manifests/${image.tag ?? 'latest'}`;
    const ask = (headers: Record<string, string>) =>
      fetch(url, { method: 'HEAD', headers: { accept: ACCEPT, ...headers }, redirect: 'error', signal });
    let answer = await ask({});
    if (answer.status === 401) {
      const authorization = await this.#authorize(host, answer.headers.get('www-authenticate') ?? '', image, signal);
      if (authorization !== undefined) answer = await ask({ authorization });
    }
    if (answer.status === 404) return { status: 'missing' };
    if (!answer.ok) return { status: 'unknown', reason: refusal(host, answer.status, image) };
    const digest = answer.headers.get('docker-content-digest') ?? '';
    if (DIGEST.test(digest)) return { status: 'found', digest };
    return { status: 'unknown', reason: `${host} named no digest of ${formatImage(image)}` };
  }

  /** The Authorization header for a second try; undefined where there is nothing to show. */
  async #authorize(host: string, challenge: string, image: ImageReference, signal: AbortSignal) {
    const basic = this.#credentials(host);
    if (/^basic/i.test(challenge)) return basic === undefined ? undefined : `Basic ${basic}`;
    const { realm, service } = parameters(challenge);
    if (realm === undefined || !mayBeSentTo(realm)) return undefined;
    const url = new URL(realm);
    if (service !== undefined) url.searchParams.set('service', service);
    url.searchParams.set('scope', `repository:${pathOf(image)}:pull`);
    const headers: Record<string, string> = basic === undefined ? {} : { authorization: `Basic ${basic}` };
    const answer = await fetch(url, { headers, redirect: 'error', signal });
    if (!answer.ok || Number(answer.headers.get('content-length') ?? 0) > MAX_TOKEN_BYTES) return undefined;
    const { token, access_token: accessToken } = (await answer.json()) as { token?: unknown; access_token?: unknown };
    const bearer = token ?? accessToken;
    return typeof bearer === 'string' ? `Bearer ${bearer}` : undefined;
  }
}

function refusal(host: string, status: number, image: ImageReference): string {
  if (status === 401 || status === 403) {
    return `${host} does not let us look at ${image.repository}; log in with \`docker login ${host}\` as an account that may pull it`;
  }
  return `${host} answered ${status}`;
}

function networkReason(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: string }; message?: string };
  return `cannot be reached (${cause?.code ?? message ?? 'no reason given'})`;
}

const hostOf = ({ repository }: ImageReference) => repository.slice(0, repository.indexOf('/'));
const pathOf = ({ repository }: ImageReference) => repository.slice(repository.indexOf('/') + 1);

/** Docker Hub's registry answers under another name than its images carry. */
function originOf(host: string): string {
  if (host === 'docker.io') return 'https://registry-1.docker.io';
  return `${isThisMachine(host.replace(/:\d+$/, '')) ? 'http' : 'https'}://${host}`;
}

/** Credentials go nowhere unencrypted but to this machine. */
function mayBeSentTo(realm: string): boolean {
  if (!URL.canParse(realm)) return false;
  const { protocol, hostname } = new URL(realm);
  return protocol === 'https:' || (protocol === 'http:' && isThisMachine(hostname));
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '127.0.0.1';
}

/** The parameters of `Bearer realm="...",service="..."`. */
function parameters(challenge: string): { realm?: string; service?: string } {
  return Object.fromEntries([...challenge.matchAll(/([a-z]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
}

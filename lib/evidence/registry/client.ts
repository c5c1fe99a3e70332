import { createHash } from 'node:crypto';
import { formatImage, type ImageReference } from '../../model/image.ts';
import { type ImageRepository, imageRepositoryOf, urlOf } from './address.ts';
import type { RegistryCredentials } from './credentials.ts';
import { answerFrom, errorCodes, type RegistryAnswer, RegistryFailure } from './failure.ts';
import type { HttpAnswer, HttpEffects } from './http.ts';
import type { ImageLookup, ImageRegistry } from './lookup.ts';
import {
  ACCEPT,
  type Descriptor,
  DIGEST,
  isImage,
  isIndexType,
  MAX_MANIFEST_BYTES,
  Manifest,
  manifestsOf,
  nextPage,
  referrersTag,
} from './manifests.ts';
import { RegistryRequests } from './requests.ts';
import { answered, refused } from './token.ts';

export interface RegistryClientOptions {
  readonly credentials: RegistryCredentials;
  readonly network: HttpEffects;
  /** Milliseconds for one call in total. @default 20_000 */
  readonly timeout?: number;
}

const MAX_PAGES = 10;
const MAX_REFERRERS = 500;
/** For how many seconds it is remembered that a registry has no referrers API. */
const NO_API_SECONDS = 3600;
/** Status codes that registries without a referrers API were seen to send. */
const NO_REFERRERS_API = new Set([400, 404, 405, 406]);

/**
 * A client for registries, by the OCI distribution specification 1.1. Content that is read by digest is hashed, the
 * length of answers is limited, and messages do not quote answers. Access tokens are kept as long as the client.
 */
export class RegistryClient implements ImageRegistry {
  readonly #network: HttpEffects;
  readonly #timeout: number;
  readonly #requests: RegistryRequests;
  /** By host: unix seconds until which its referrers API is not tried again. */
  readonly #withoutApi = new Map<string, number>();

  constructor({ credentials, network, timeout = 20_000 }: RegistryClientOptions) {
    this.#requests = new RegistryRequests(credentials, network);
    this.#network = network;
    this.#timeout = timeout;
  }

  async resolve(image: ImageReference): Promise<ImageLookup> {
    const answer = await this.#call((signal) => this.#digestOf(image, signal));
    if (answer.status === 'found') return { status: 'found', digest: answer.value };
    return answer.status === 'missing' ? { status: 'missing' } : { status: answer.status, reason: answer.reason };
  }

  /** A manifest or an index, by digest or tag. */
  manifest(image: ImageReference): Promise<RegistryAnswer<Manifest>> {
    return this.#call((signal) => this.#manifest(image, signal));
  }

  /** @param maxBytes a larger blob is `unknown` and not read */
  blob(image: ImageReference, { digest, size }: Descriptor, maxBytes: number): Promise<RegistryAnswer<Uint8Array>> {
    return this.#call(async (signal) => {
      const repository = imageRepositoryOf(image);
      if (size > maxBytes) throw unknown(repository, `has a blob of ${size} bytes; at most ${maxBytes} are read`);
      const answer = await this.#requests.send(repository, 'GET', `blobs/${digest}`, {}, maxBytes, signal);
      if (answer.status !== 200) throw failureOf(answer, repository);
      if (digestOf(answer.bytes) !== digest) throw unknown(repository, `sent bytes that do not match ${digest}`);
      return answer.bytes;
    });
  }

  /**
   * All manifests that have this image as their subject. If there are too many, the answer is `unknown`.
   *
   * @param digest digest of the image
   */
  referrers(image: ImageReference, digest: string): Promise<RegistryAnswer<readonly Descriptor[]>> {
    return this.#call(async (signal) => {
      const repository = imageRepositoryOf(image);
      const now = this.#network.clock();
      if ((this.#withoutApi.get(repository.host) ?? 0) <= now) {
        const listed = await this.#listReferrers(repository, digest, signal);
        if (listed !== null) return listed;
        this.#withoutApi.set(repository.host, now + NO_API_SECONDS);
      }
      const path = `manifests/${referrersTag(digest)}`;
      const answer = await this.#requests.send(repository, 'GET', path, { accept: ACCEPT }, MAX_MANIFEST_BYTES, signal);
      if (answer.status !== 200) {
        const failure = failureOf(answer, repository);
        if (failure.status === 'missing' || failure.isVague) return [];
        throw failure;
      }
      const found = manifestsOf(answer.bytes);
      if (found === null) throw unknown(repository, `sent a malformed list of referrers of ${digest}`);
      return bounded(found, repository);
    });
  }

  #call<T>(work: (signal: AbortSignal) => Promise<T>): Promise<RegistryAnswer<T>> {
    return answerFrom(() => work(AbortSignal.timeout(this.#timeout)));
  }

  async #digestOf(image: ImageReference, signal: AbortSignal): Promise<string> {
    const repository = imageRepositoryOf(image);
    const reference = image.digest ?? image.tag ?? 'latest';
    const head = await this.#requests.send(repository, 'HEAD', `manifests/${reference}`, { accept: ACCEPT }, 0, signal);
    const digest = head.headers['docker-content-digest'] ?? '';
    const says = head.status === 200 && DIGEST.test(digest);
    if (says && (image.digest ?? digest) === digest) return digest;
    // HEAD has no body: for the reason of a refusal, or without a digest header, a GET is needed.
    if (head.status === 429 || head.status >= 500) throw failureOf(head, repository);
    return (await this.#manifest(image, signal)).digest;
  }

  async #manifest(image: ImageReference, signal: AbortSignal): Promise<Manifest> {
    const repository = imageRepositoryOf(image);
    const reference = image.digest ?? image.tag ?? 'latest';
    const path = `manifests/${reference}`;
    const answer = await this.#requests.send(repository, 'GET', path, { accept: ACCEPT }, MAX_MANIFEST_BYTES, signal);
    if (answer.status !== 200) throw failureOf(answer, repository);
    const { bytes } = answer;
    const digest = digestOf(bytes);
    if (!isImage(bytes))
      throw unknown(repository, `answered for ${formatImage(image)} with something that is not an image`);
    const claimed = image.digest ?? answer.headers['docker-content-digest'] ?? digest;
    if (claimed !== digest) throw unknown(repository, `sent bytes that do not match ${formatImage(image)}`);
    return new Manifest(bytes, digest);
  }

  /** Null if the registry lacks the API. */
  async #listReferrers(repository: ImageRepository, digest: string, signal: AbortSignal) {
    const found: Descriptor[] = [];
    let path = `referrers/${digest}`;
    for (let page = 1; page <= MAX_PAGES; page++) {
      const answer = await this.#requests.send(repository, 'GET', path, { accept: ACCEPT }, MAX_MANIFEST_BYTES, signal);
      const isIndex = isIndexType(answer.headers['content-type']);
      if (page === 1 && (NO_REFERRERS_API.has(answer.status) || (answer.status === 200 && !isIndex))) return null;
      if (answer.status !== 200) throw failureOf(answer, repository);
      const listed = isIndex ? manifestsOf(answer.bytes) : null;
      if (listed === null) throw unknown(repository, `sent a malformed list of referrers of ${digest}`);
      found.push(...bounded(listed, repository));
      const next = nextPage(answer.headers['link']);
      if (next === undefined) return bounded(found, repository);
      path = pageOf(repository, path, next);
    }
    throw unknown(repository, `lists more than ${MAX_PAGES} pages of referrers of ${digest}`);
  }
}

/** The path of the next page below the repository; any other address is refused. */
function pageOf(repository: ImageRepository, path: string, next: string): string {
  const base = urlOf(repository, '');
  const url = URL.canParse(next, urlOf(repository, path)) ? new URL(next, urlOf(repository, path)).href : '';
  if (url.startsWith(`${base}referrers/`)) return url.slice(base.length);
  throw unknown(repository, 'names a next page outside the repository');
}

function bounded(found: readonly Descriptor[], repository: ImageRepository): readonly Descriptor[] {
  if (found.length <= MAX_REFERRERS) return found;
  throw unknown(repository, `lists more than ${MAX_REFERRERS} referrers of one image`);
}

function failureOf(answer: HttpAnswer, repository: ImageRepository): RegistryFailure {
  const { status } = answer;
  const codes = codesOf(answer);
  if (status === 401 || status === 403) return refused(repository);
  // Without a registry's error body it may be the page of a proxy, which proves nothing.
  if (status !== 404 || codes.length === 0) return unknown(repository, answered(answer));
  if (codes.includes('NAME_UNKNOWN')) return refused(repository);
  if (!codes.includes('MANIFEST_UNKNOWN') && !codes.includes('BLOB_UNKNOWN')) return refused(repository, true);
  return new RegistryFailure('missing', `${repository.host} has no such manifest or blob in ${repository.path}`);
}

function codesOf({ bytes }: HttpAnswer): string[] {
  return errorCodes(Buffer.from(bytes).toString());
}

function unknown({ host }: ImageRepository, what: string): RegistryFailure {
  return new RegistryFailure('unknown', `${host} ${what}`);
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

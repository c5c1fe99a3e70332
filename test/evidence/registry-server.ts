import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers instead of the registry; `'pass'` lets the registry answer. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => unknown;

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface TestRegistryOptions {
  /** base64 of `user:password` that the token service takes. @default - tokens are given to everyone */
  readonly login?: string;
  /** An identity token that the token service exchanges. */
  readonly identity?: string;
  /** The header of a 401, with `HOST` for host and port. @default - a Bearer challenge as ghcr.io writes it */
  readonly challenge?: string;
  /** Whether it has the referrers API. @default false */
  readonly referrersApi?: boolean;
  /** Whether its answers name their digests. @default true */
  readonly namesDigests?: boolean;
  /** Referrers a page. @default - all on one */
  readonly pageSize?: number;
}

const IMAGE = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';

export const sha256 = (bytes: Uint8Array | string): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/**
 * A registry on this machine that asks for a bearer token as ghcr.io and Docker Hub do, and misbehaves where a test wants
 * it to. That a well-behaved one answers so is held against real registries in the conformance suite.
 */
export class TestRegistry implements AsyncDisposable {
  /** What was asked, in order. */
  readonly requests: string[] = [];
  fault: Fault | null = null;
  readonly #content = new Map<string, { type: string; bytes: Buffer }>();
  readonly #referrers = new Map<string, Descriptor[]>();
  readonly #options: TestRegistryOptions;
  readonly #server = createServer((request, response) => this.#handle(request, response));

  private constructor(options: TestRegistryOptions) {
    this.#options = options;
  }

  static async start(options: TestRegistryOptions = {}): Promise<TestRegistry> {
    const registry = new TestRegistry(options);
    await new Promise<void>((resolve) => registry.#server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  /** `localhost:<port>` */
  get host(): string {
    return `localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  blob(path: string, bytes: Buffer | string, mediaType = 'application/octet-stream'): Descriptor {
    const digest = sha256(bytes);
    this.#content.set(`${path}/blobs/${digest}`, { type: 'application/octet-stream', bytes: Buffer.from(bytes) });
    return { mediaType, digest, size: Buffer.byteLength(bytes) };
  }

  /** Puts bytes under a tag and their digest. */
  manifest(path: string, tag: string | null, content: object | string, type = IMAGE): Descriptor {
    const bytes = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
    const digest = sha256(bytes);
    for (const name of tag === null ? [digest] : [tag, digest]) {
      this.#content.set(`${path}/manifests/${name}`, { type, bytes });
    }
    return { mediaType: type, digest, size: bytes.length };
  }

  /** An image of its own under this tag; gives its digest. */
  image(path: string, tag: string | null = 'v1', content = `${path}:${tag}`): string {
    const config = this.blob(path, '{}', 'application/vnd.oci.image.config.v1+json');
    return this.manifest(path, tag, {
      schemaVersion: 2,
      mediaType: IMAGE,
      config,
      layers: [this.blob(path, content, 'application/vnd.oci.image.layer.v1.tar')],
    }).digest;
  }

  /** A manifest with these layers that names an image as its subject, in the API and under the fallback tag. */
  refer(path: string, subject: string, layers: readonly Descriptor[]): Descriptor {
    const config = this.blob(path, '{}', 'application/vnd.oci.empty.v1+json');
    const named = { mediaType: IMAGE, digest: subject, size: 1 };
    const referrer = this.manifest(path, null, { schemaVersion: 2, mediaType: IMAGE, config, layers, subject: named });
    const all = [...(this.#referrers.get(`${path} ${subject}`) ?? []), referrer];
    this.#referrers.set(`${path} ${subject}`, all);
    this.manifest(path, subject.replace(':', '-'), { schemaVersion: 2, mediaType: INDEX, manifests: all }, INDEX);
    return referrer;
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(`${request.method} ${request.url}`);
    if (this.fault === null || this.fault(request, response) === 'pass') this.answer(request, response);
  }

  /** As without a fault. */
  answer(request: IncomingMessage, response: ServerResponse): unknown {
    const url = new URL(request.url ?? '', `http://${this.host}`);
    if (url.pathname === '/token') return this.#token(request, response);
    const { authorization } = request.headers;
    const basic = this.#options.challenge && this.#options.login && `Basic ${this.#options.login}`;
    if (authorization !== 'Bearer pass' && (!basic || authorization !== basic)) {
      const realm = 'Bearer realm="http://HOST/token",service="test",scope="ignored"';
      const challenge = (this.#options.challenge ?? realm).replace('HOST', this.host);
      return response.writeHead(401, { 'www-authenticate': challenge }).end();
    }
    const [, path = '', kind, name = ''] =
      /^\/v2\/(.+)\/(manifests|blobs|referrers)\/([^/]+)$/.exec(url.pathname) ?? [];
    if (kind === 'referrers') return this.#refer(path, name, url, response);
    const found = this.#content.get(`${path}/${kind}/${name}`);
    if (found === undefined) return problem(response, this.#knows(path) ? unknownCode(kind) : 'NAME_UNKNOWN');
    const { type, bytes } = found;
    const named = this.#options.namesDigests === false ? {} : { 'docker-content-digest': sha256(bytes) };
    response
      .writeHead(200, { 'content-type': type, 'content-length': bytes.length, ...named })
      .end(request.method === 'HEAD' ? undefined : bytes);
  }

  #knows(path: string): boolean {
    return [...this.#content.keys()].some((key) => key.startsWith(`${path}/`));
  }

  #token(request: IncomingMessage, response: ServerResponse): unknown {
    const { login, identity } = this.#options;
    const give = (token: object) => response.setHeader('content-type', 'application/json').end(JSON.stringify(token));
    if (request.method === 'GET') {
      const isRight = login === undefined || request.headers.authorization === `Basic ${login}`;
      return isRight ? give({ token: 'pass' }) : response.writeHead(401).end();
    }
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const form = Object.fromEntries(new URLSearchParams(body));
      const isRight = form['grant_type'] === 'refresh_token' && form['refresh_token'] === identity;
      return isRight ? give({ access_token: 'pass' }) : response.writeHead(401).end();
    });
  }

  #refer(path: string, subject: string, url: URL, response: ServerResponse): unknown {
    if (!this.#options.referrersApi) return response.writeHead(404, { 'content-type': 'text/plain' }).end('404\n');
    const all = this.#referrers.get(`${path} ${subject}`) ?? [];
    const { pageSize = all.length + 1 } = this.#options;
    const from = Number(url.searchParams.get('from') ?? 0);
    const headers: Record<string, string> = { 'content-type': INDEX };
    if (from + pageSize < all.length) headers['link'] = `<${url.pathname}?from=${from + pageSize}>; rel="next"`;
    const manifests = all.slice(from, from + pageSize);
    response.writeHead(200, headers).end(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }));
  }
}

const unknownCode = (kind: string | undefined) => (kind === 'blobs' ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN');

/** An error as registries write it; HEAD gets no body, whatever is written. */
export function problem(response: ServerResponse, code: string, status = 404): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code, message: 'said by the registry', detail: {} }] }));
}

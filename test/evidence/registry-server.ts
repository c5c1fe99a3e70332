import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestRegistry extends AsyncDisposable {
  /** `localhost:<port>` */
  readonly host: string;
  /** Digests by `path:tag`; the registry knows no others. */
  readonly images: Map<string, string>;
  /** What was asked, in order. */
  readonly requests: string[];
  /** Answers instead of the registry when it is set. */
  fault: ((request: IncomingMessage, response: ServerResponse) => void) | null;
}

export interface TestRegistryOptions {
  /** base64 of `user:password` that the token service takes. @default - tokens are given to everyone */
  readonly login?: string;
}

/**
 * A registry on this machine that asks for a bearer token as ghcr.io and Docker Hub do. What it answers of an image is
 * held against a real registry in the conformance suite.
 */
export async function testRegistry({ login }: TestRegistryOptions = {}): Promise<TestRegistry> {
  const images = new Map<string, string>();
  const requests: string[] = [];
  const registry = { images, requests, fault: null as TestRegistry['fault'] };
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (registry.fault !== null) return registry.fault(request, response);
    const { authorization } = request.headers;
    if (request.url?.startsWith('/token')) {
      if (login !== undefined && authorization !== `Basic ${login}`) return response.writeHead(401).end();
      return response.setHeader('content-type', 'application/json').end(JSON.stringify({ token: 'pass' }));
    }
    if (authorization !== 'Bearer pass') {
      const realm = `Bearer realm="http://${host}/token",service="test",scope="ignored"`;
      return response.writeHead(401, { 'www-authenticate': realm }).end();
    }
    const [, path, tag] = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(request.url ?? '') ?? [];
    const digest = images.get(`${path}:${tag}`);
    if (digest === undefined) return response.writeHead(404).end();
    return response.writeHead(200, { 'docker-content-digest': digest }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `localhost:${(server.address() as AddressInfo).port}`;
  return Object.assign(registry, {
    host,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeLike } from '../../lib/status/objects/types.ts';

/** Lists and streams of an API server, as far as a reader of a few kinds meets them; test/conformance has the real one. */
export class FakeApiServer {
  readonly #server: Server;
  readonly #objects = new Map<string, Map<string, KubeLike>>();
  readonly #streams = new Map<string, Set<ServerResponse>>();
  #version = 1;
  /** Paths that were asked for. */
  readonly requests: string[] = [];
  /** Status by path for what is refused. */
  readonly refused = new Map<string, number>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FakeApiServer> {
    const server = createServer();
    const fake = new FakeApiServer(server);
    server.on('request', (request, response) => {
      const { pathname: path, searchParams } = new URL(request.url!, 'http://x');
      fake.requests.push(path);
      const refusal = request.headers.authorization === 'Bearer the-token' ? fake.refused.get(path) : 401;
      if (refusal !== undefined) return void response.writeHead(refusal).end('{}');
      if (searchParams.get('watch') !== 'true') {
        const items = [...(fake.#objects.get(path)?.values() ?? [])];
        return void response.end(JSON.stringify({ items, metadata: { resourceVersion: String(fake.#version) } }));
      }
      response.writeHead(200).flushHeaders();
      const streams = fake.#streams.get(path) ?? new Set();
      fake.#streams.set(path, streams.add(response));
      response.on('close', () => streams.delete(response));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Streams that are open. */
  get open(): number {
    return [...this.#streams.values()].reduce((sum, { size }) => sum + size, 0);
  }

  put(path: string, object: KubeLike): void {
    const all = this.#objects.get(path) ?? new Map<string, KubeLike>();
    this.#objects.set(path, all);
    const name = object.metadata!.name!;
    const type = all.has(name) ? 'MODIFIED' : 'ADDED';
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } };
    all.set(name, stored);
    this.#tell(path, type, stored);
  }

  remove(path: string, name: string): void {
    const object = this.#objects.get(path)?.get(name);
    this.#objects.get(path)?.delete(name);
    this.#version += 1;
    if (object !== undefined) this.#tell(path, 'DELETED', object);
  }

  /** It has forgotten what happened since: whoever follows has to list anew. */
  expire(): void {
    for (const path of this.#streams.keys()) this.#tell(path, 'ERROR', { kind: 'Status' });
    this.breakStreams();
  }

  breakStreams(): void {
    for (const streams of this.#streams.values()) for (const stream of streams) stream.destroy();
  }

  #tell(path: string, type: string, object: KubeLike): void {
    for (const stream of this.#streams.get(path) ?? []) stream.write(`${JSON.stringify({ type, object })}\n`);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

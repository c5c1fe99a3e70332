import { readFileSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent, request as secureRequest } from 'node:https';
import { isRecord } from '../core/json.ts';
import type { KubeLike } from '../status/objects/types.ts';

export interface ApiOptions {
  /** Address of the API server. */
  readonly server: string;
  /** PEM. @default - the system's certificate authorities */
  readonly ca?: string | undefined;
  /** File with the account's token; read for each request, since Kubernetes replaces it while we run. */
  readonly tokenFile: string;
}

export interface ObjectList {
  readonly items: readonly KubeLike[];
  readonly resourceVersion: string;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubeLike;
}

/** The API server refused, or its answer was unexpected. */
export class ApiError extends Error {
  /** HTTP status; 0 if there was none. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Maximum bytes of a list; no preview needs more. */
const MAX_BYTES = 32 * 1024 * 1024;
/** Maximum bytes of one change. A change is one object, and etcd limits objects to a few megabytes. */
const MAX_LINE = 4 * 1024 * 1024;
const PAGE = 500;

/** Reads lists, streams of changes and texts from an API server. It cannot write. */
export class ClusterApi {
  readonly #options: ApiOptions;
  readonly #agent: Agent | PlainAgent;
  /** Number of requests sent, to measure the load. */
  requests = 0;

  constructor(options: ApiOptions) {
    this.#options = options;
    const keep = { keepAlive: true };
    this.#agent = options.server.startsWith('http:') ? new PlainAgent(keep) : new Agent({ ...keep, ca: options.ca });
  }

  /** @param path of a collection, e.g. `/api/v1/namespaces/pr-shop-7/pods` @throws ApiError */
  async list(path: string, query: Readonly<Record<string, string>> = {}): Promise<ObjectList> {
    const items: KubeLike[] = [];
    let from: Record<string, string> = {};
    for (;;) {
      const text = await this.text(path, { ...query, limit: String(PAGE), ...from });
      const page: unknown = JSON.parse(text);
      if (!isRecord(page) || !Array.isArray(page['items']) || !isRecord(page['metadata'])) {
        throw new ApiError(0, `${path}: the answer is not a list`);
      }
      items.push(...(page['items'] as KubeLike[]));
      const { continue: next, resourceVersion } = page['metadata'];
      if (typeof next !== 'string' || next === '') return { items, resourceVersion: String(resourceVersion ?? '') };
      from = { continue: next };
    }
  }

  /**
   * Streams the changes of a collection since a list; ends when the server closes the stream.
   *
   * @throws ApiError
   */
  async *watch(
    path: string,
    resourceVersion: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent> {
    const wanted = { ...query, watch: 'true', allowWatchBookmarks: 'true', resourceVersion };
    const response = await this.#send(path, wanted, signal);
    let rest = '';
    response.setEncoding('utf8');
    for await (const chunk of response) {
      rest += chunk as string;
      if (rest.length > MAX_LINE) throw new ApiError(0, `${path}: a change without end`);
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield JSON.parse(line) as WatchEvent;
    }
  }

  /** Reads a whole answer, with a size limit. @throws ApiError */
  async text(path: string, query: Readonly<Record<string, string>>): Promise<string> {
    const response = await this.#send(path, query, AbortSignal.timeout(30_000));
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response) {
      size += (chunk as Buffer).length;
      if (size > MAX_BYTES) throw new ApiError(0, `${path}: the list is too long`);
      chunks.push(chunk as Buffer);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  #send(path: string, query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<IncomingMessage> {
    const { server, tokenFile } = this.#options;
    const url = new URL(`${server.replace(/\/+$/, '')}${path}?${new URLSearchParams(query).toString()}`);
    const headers = { authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`, accept: 'application/json' };
    this.requests += 1;
    return new Promise((resolve, reject) => {
      const send = url.protocol === 'http:' ? plainRequest : secureRequest;
      const request: ClientRequest = send(url, { agent: this.#agent, headers, signal });
      request.on('error', (error) => reject(new ApiError(0, `${url.origin}: ${error.message}`)));
      request.on('response', (response) => {
        const { statusCode: status = 0 } = response;
        if (status === 200) return resolve(response);
        response.resume();
        reject(new ApiError(status, `${path}: the API server answered with status ${status}`));
      });
      request.end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

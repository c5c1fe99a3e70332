import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { RegistryClient } from '../../../lib/evidence/registry/client.ts';
import { type Exchange, nodeExchange } from '../../../lib/evidence/registry/exchange.ts';
import type { Login } from '../../../lib/evidence/registry/login.ts';
import { type ImageReference, parseImage } from '../../../lib/model/image.ts';
import { bits, integer, oid, sequence, setOf, time, utf8 } from '../der.ts';
import { sha256 } from '../registry-server.ts';

const NOW = 1_800_000_000;
const MANIFEST = JSON.stringify({ schemaVersion: 2, layers: [] });
const DIGEST = sha256(MANIFEST);

/** Writes an answer to a request. */
type Answer = (socket: Socket, request: string) => void;

/** A server on this machine that answers with any bytes. */
class RawServer implements AsyncDisposable {
  connections = 0;
  readonly requests: string[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server;

  private constructor(answer: Answer, tls?: { readonly key: string; readonly cert: string }) {
    const serve = (socket: Socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('data', (bytes) => {
        this.requests.push(bytes.toString());
        answer(socket, bytes.toString());
      });
    };
    this.#server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
  }

  static async start(answer: Answer, tls?: { readonly key: string; readonly cert: string }): Promise<RawServer> {
    const started = new RawServer(answer, tls);
    await new Promise<void>((resolve) => started.#server.listen(0, '127.0.0.1', resolve));
    return started;
  }

  get host(): string {
    const address = this.#server.address();
    return `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

interface Asking {
  readonly login?: Login;
  readonly exchange?: Exchange;
  readonly waits?: number[];
}

function client({ login, exchange = nodeExchange, waits = [] }: Asking = {}): RegistryClient {
  const sleep = async (milliseconds: number) => void waits.push(milliseconds);
  const network = { exchange, clock: () => NOW, sleep };
  return new RegistryClient({ credentials: async () => login, network, timeout: 2000 });
}

const image = ({ host }: { readonly host: string }) => parseImage(`${host}/acme/shop:v1`) as ImageReference;
const head = (fields: string, version = '1.1') => `HTTP/${version} 200 OK\r\n${fields}\r\n\r\n`;
const named = `docker-content-digest: ${DIGEST}\r\ncontent-length: ${MANIFEST.length}`;
const body = (bytes: Uint8Array | string, fields = '') =>
  Buffer.concat([Buffer.from(head(`content-length: ${Buffer.byteLength(bytes)}${fields}`)), Buffer.from(bytes)]);
const unknown = (reason: string) => ({ status: 'unknown', reason: expect.stringContaining(reason) });

describe('an answer that is not well-formed HTTP leaves it unknown', () => {
  const chunked = head('transfer-encoding: chunked');
  test.each<[string, string | Buffer, string]>([
    ['a header of 1 MB', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(1e6)}\r\n\r\n`, 'HPE_HEADER_OVERFLOW'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n', 'HPE_INVALID_CONSTANT'],
    ['an invalid size of a chunk', `${chunked}zz\r\n{}\r\n0\r\n\r\n`, 'HPE_INVALID_CHUNK_SIZE'],
    ['an invalid size of the second chunk', `${chunked}1\r\n{\r\n-1\r\n}\r\n0\r\n\r\n`, 'HPE_INVALID_CHUNK_SIZE'],
    ['two lengths', `${head('content-length: 2\r\ncontent-length: 3')}{}`, 'HPE_UNEXPECTED_CONTENT_LENGTH'],
    ['a length and chunks', `${head('content-length: 2\r\ntransfer-encoding: chunked')}{}`, 'HPE_'],
    ['a length that is no number', `${head('content-length: many')}{}`, 'HPE_INVALID_CONTENT_LENGTH'],
    ['interim answers without an end', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(50), 'TOO_MANY_INTERIM_ANSWERS'],
    ['half of what was compressed', body(gzipSync(MANIFEST).subarray(0, 20), '\r\ncontent-encoding: gzip'), 'BAD_ENC'],
    ['what is not compressed', body(MANIFEST, '\r\ncontent-encoding: br'), 'BAD_ENCODING'],
    ['an encoding that nobody asked for', body(MANIFEST, '\r\ncontent-encoding: aes128gcm'), 'BAD_ENCODING'],
    ['two encodings', body(gzipSync(gzipSync(MANIFEST)), '\r\ncontent-encoding: gzip, gzip'), 'BAD_ENCODING'],
  ])('%s', async (_, bytes, reason) => {
    await using server = await RawServer.start((socket) => socket.write(bytes));
    const asking = client();
    expect(await asking.manifest(image(server))).toEqual(unknown(`sent an answer that cannot be read (${reason}`));
    expect(server.requests).toHaveLength(1);
  });

  test('a change of protocol', async () => {
    const change = 'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n';
    await using server = await RawServer.start((socket) => socket.write(change));
    expect(await client().manifest(image(server))).toEqual(unknown('cannot be reached (NO_ANSWER)'));
  });
});

describe('an answer in an unusual form is understood', () => {
  test.each<[string, string | Buffer]>([
    ['HTTP/1.0 without a length', head('server: old', '1.0') + MANIFEST],
    ['gzip', body(gzipSync(MANIFEST), '\r\ncontent-encoding: GZIP ')],
    ['deflate', body(deflateSync(MANIFEST), '\r\ncontent-encoding: deflate')],
    ['Brotli', body(brotliCompressSync(MANIFEST), '\r\ncontent-encoding: br')],
    ['no encoding, by name', body(MANIFEST, '\r\ncontent-encoding: identity')],
    ['after interim answers', `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n${body(MANIFEST)}`],
    ['a header that is called __proto__', body(MANIFEST, '\r\n__proto__: x')],
    ['chunks', `${head('transfer-encoding: chunked')}4;x=y\r\n${MANIFEST.slice(0, 4)}\r\n${rest()}`],
  ])('%s', async (_, bytes) => {
    await using server = await RawServer.start((socket) => void socket.write(bytes, () => socket.end()));
    expect(await client().manifest(image(server))).toMatchObject({ status: 'found', value: { digest: DIGEST } });
  });

  function rest(): string {
    return `${(MANIFEST.length - 4).toString(16)}\r\n${MANIFEST.slice(4)}\r\n0\r\nx-trailer: 1\r\n\r\n`;
  }
});

/** One answer on each connection, which is closed as the next request arrives on it. */
function onceAConnection(): (socket: Socket) => void {
  const served = new WeakSet<Socket>();
  return (socket) => {
    if (served.has(socket)) return void socket.destroy();
    served.add(socket);
    socket.write(head(named));
  };
}

describe('connections', () => {
  test('one is enough for HEAD and GET', async () => {
    await using server = await RawServer.start((socket, request) =>
      socket.write(request.startsWith('HEAD') ? head(named) : body(MANIFEST)),
    );
    const asking = client();
    for (let i = 0; i < 3; i++) {
      expect(await asking.resolve(image(server))).toEqual({ status: 'found', digest: DIGEST });
      expect(await asking.manifest(image(server))).toMatchObject({ status: 'found' });
    }
    expect(server.connections).toBe(1);
  });

  test('one that the server closes between two requests costs no waiting', async () => {
    await using server = await RawServer.start(onceAConnection());
    const waits: number[] = [];
    const asking = client({ waits });
    for (let i = 0; i < 4; i++) expect(await asking.resolve(image(server))).toMatchObject({ status: 'found' });
    expect(waits).toEqual([]);
    expect(server.connections).toBe(4);
  });

  test('many that the server closed meanwhile cost no waiting either', async () => {
    await using server = await RawServer.start(onceAConnection());
    const waits: number[] = [];
    const asking = client({ waits });
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => asking.resolve(image(server))));
      expect(answers.every(({ status }) => status === 'found')).toBe(true);
    }
    expect(waits).toEqual([]);
  });

  test('HEAD with a body is an answer, and the body is never the next one', async () => {
    await using server = await RawServer.start((socket) => socket.write(head(named) + MANIFEST));
    const asking = client();
    for (let i = 0; i < 2; i++) expect(await asking.resolve(image(server))).toMatchObject({ digest: DIGEST });
  });

  test('a new one that the server closes is tried three times', async () => {
    await using server = await RawServer.start((socket) => socket.destroy());
    const waits: number[] = [];
    expect(await client({ waits }).resolve(image(server))).toEqual(unknown('cannot be reached (ECONNRESET)'));
    expect(waits).toEqual([500, 1000]);
    expect(server.connections).toBe(3);
  });

  test.each(['in the same packet', 'later'])('a second answer that nobody asked for, %s, is not used', async (when) => {
    const forged = head(`docker-content-digest: ${sha256('forged')}`);
    await using server = await RawServer.start((socket) => {
      const answer = head(named);
      if (when === 'later') socket.write(answer, () => setImmediate(() => socket.write(forged)));
      else socket.write(answer + forged);
    });
    const asking = client();
    const found = { status: 'found', digest: DIGEST };
    expect(await asking.resolve(image(server))).toEqual(found);
    await new Promise(setImmediate);
    expect(await asking.resolve(image(server))).toEqual(found);
  });
});

describe('the body of a refusal', () => {
  const blob = { mediaType: 'text/plain', digest: sha256('{}'), size: 2 };
  const long = (status: string, fields = '') =>
    `HTTP/1.1 ${status}\r\ncontent-length: 300\r\n${fields}\r\n${'x'.repeat(300)}`;

  test('may be longer than what is asked for', async () => {
    await using server = await RawServer.start((socket, request) => {
      if (request.includes('/token')) return socket.write(body('{"token":"pass"}'));
      const challenge = `www-authenticate: Bearer realm="http://${server.host}/token"\r\n`;
      return socket.write(server.requests.length === 1 ? long('401 Unauthorized', challenge) : body('{}'));
    });
    expect(await client().blob(image(server), blob, 100)).toMatchObject({ status: 'found' });
    expect(server.connections).toBe(1);
  });

  test('of a redirect neither', async () => {
    await using server = await RawServer.start((socket, request) =>
      socket.write(request.includes('/elsewhere') ? body('{}') : long('307 X', 'location: /elsewhere\r\n')),
    );
    expect(await client().blob(image(server), blob, 100)).toMatchObject({ status: 'found' });
    expect(server.connections).toBe(1);
  });

  test('is cut if it does not end', async () => {
    const page = `HTTP/1.1 404 Not Found\r\n\r\n${' '.repeat(1e5)}`;
    await using server = await RawServer.start((socket) => socket.write(page));
    expect(await client().manifest(image(server))).toEqual(unknown('answered 404'));
  });
});

describe('what is sent', () => {
  test('names the client, and asks for the bytes as they are stored', async () => {
    await using server = await RawServer.start((socket) => socket.write(head(named)));
    await client().resolve(image(server));
    expect(server.requests[0]).toMatch(/^HEAD \/v2\/acme\/shop\/manifests\/v1 HTTP\/1.1\r\n/);
    expect(server.requests[0]).toContain('user-agent: greenroom\r\n');
    expect(server.requests[0]).toContain('accept-encoding: identity\r\n');
  });

  test.each<[string, Login]>([
    ['user and password', { kind: 'basic', basic: 'c2Vj\ncmV0' }],
    ['a token', { kind: 'bearer', token: 'sec\r\nx: ret' }],
  ])('is not %s with a line break, which is not repeated', async (_, login) => {
    const challenge = `HTTP/1.1 401 X\r\nwww-authenticate: ${login.kind} realm="http://x/"\r\ncontent-length: 0\r\n\r\n`;
    await using server = await RawServer.start((socket) => socket.write(challenge));
    const answer = await client({ login }).resolve(image(server));
    expect(answer).toEqual(unknown('characters that are not allowed'));
    expect(JSON.stringify(answer)).not.toMatch(/c2Vj|sec/);
    expect(server.requests).toHaveLength(1);
  });
});

describe('a connection that is not safe', () => {
  /** Sends requests to a server on this machine, whatever they are sent to. */
  const leadingTo =
    (host: string): Exchange =>
    (request) =>
      nodeExchange({ ...request, url: request.url.replace('registry.example', host) });
  const elsewhere = parseImage('registry.example/acme/shop:v1') as ImageReference;
  const unsafe = (code: string) =>
    unknown(`registry.example cannot be reached safely: its certificate or encryption is invalid (${code})`);

  test('by a certificate that nobody knows', async () => {
    await using server = await RawServer.start((socket) => socket.write(head(named)), certificate());
    const answer = await client({ exchange: leadingTo(server.host) }).resolve(elsewhere);
    expect(answer).toEqual(unsafe('DEPTH_ZERO_SELF_SIGNED_CERT'));
    expect(server.requests).toEqual([]);
  });

  test('by a server that does not encrypt', async () => {
    await using server = await RawServer.start((socket) => socket.write(head(named)));
    const answer = await client({ exchange: leadingTo(server.host) }).resolve(elsewhere);
    expect(answer).toMatchObject({
      status: 'unknown',
      reason: expect.stringMatching(/reached safely: .*(SSL|EPROTO)/),
    });
  });

  function certificate() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
    const name = sequence(setOf(sequence(oid('2.5.4.3'), utf8('registry.example'))));
    const validity = sequence(time(NOW - 1e9), time(NOW + 1e9));
    const key = publicKey.export({ type: 'spki', format: 'der' });
    const unsigned = sequence(integer(Buffer.from([1])), algorithm, name, validity, name, key);
    const der = sequence(unsigned, algorithm, bits(sign('sha256', unsigned, privateKey)));
    const cert = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
    return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert };
  }
});

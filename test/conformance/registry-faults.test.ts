import { writeFileSync } from 'node:fs';
import { request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RegistryClient } from '../../lib/evidence/registry/client.ts';
import { nodeExchange } from '../../lib/evidence/registry/exchange.ts';
import { layersOf, manifestsOf } from '../../lib/evidence/registry/manifests.ts';
import { createTrust } from '../../lib/evidence/signatures/trust.ts';
import { createVerifier } from '../../lib/evidence/verify-image.ts';
import { type ImageReference, parseImage } from '../../lib/model/image.ts';
import { Authority } from '../evidence/authority.ts';
import { BUNDLE, bundle, keyPair, statement } from '../evidence/signing.ts';
import { platform } from '../support/inputs.ts';
import { judge } from './judges.ts';
import { run, tryRun } from './run.ts';
import { pushReferrer, type Registries, startRegistries } from './support/registries.ts';

const MIB = 1024 * 1024;
const NOW = Math.floor(Date.now() / 1000);
const HEAD = 'a1b2c3d'.padEnd(40, '0');
const STRANGER = keyPair();

/** Answers in the place of the registry; `pass` lets it answer. */
type Fault = (request: IncomingMessage, response: ServerResponse) => unknown;
/** Changes what the registry answered; null cuts the connection after half of it. */
type Twist = (body: Buffer, request: IncomingMessage) => Buffer | null;

let registries: Registries;
let image: string;
let key: string;
let proxy: FaultyProxy;

/** A proxy on this machine in front of a real registry. */
class FaultyProxy {
  fault: Fault = () => 'pass';
  twist: Twist = (body) => body;
  sent = 0;
  readonly #server = createServer((request, response) => this.#handle(request, response));

  static async start(): Promise<FaultyProxy> {
    const started = new FaultyProxy();
    await new Promise<void>((resolve) => started.#server.listen(0, '127.0.0.1', resolve));
    return started;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    if (this.fault(request, response) !== 'pass') return;
    const [hostname, port] = registries.hosts.referrers.split(':');
    const { host: _, ...headers } = request.headers;
    const target = { hostname, port, path: request.url, method: request.method, headers };
    const forwarded = ask(target, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const whole = Buffer.concat(chunks);
        const body = request.method === 'GET' ? this.twist(whole, request) : whole;
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        if (body !== null) return response.end(body);
        return response.write(whole.subarray(0, whole.length / 2), () => response.destroy());
      });
    });
    forwarded.on('error', () => response.destroy());
    request.pipe(forwarded);
  }

  /** Sends so many MiB, or as many as somebody reads. */
  flood(response: ServerResponse, mib: number, chunk = Buffer.alloc(MIB, '[')): void {
    const more = (left: number): void => {
      if (left === 0 || response.destroyed) return void response.end();
      this.sent += chunk.length;
      response.write(chunk, () => more(left - 1));
    };
    more(mib);
  }
}

beforeAll(async () => {
  const [crane, cosign] = [await judge('crane'), await judge('cosign')];
  registries = await startRegistries('registry-faults');
  proxy = await FaultyProxy.start();
  const { folder } = registries;
  const env = { HOME: folder, COSIGN_PASSWORD: '' };
  writeFileSync(join(folder, 'layer.tar'), Buffer.alloc(1024));
  const tag = `${registries.hosts.referrers}/acme/app:1`;
  await run(crane, ['append', `--new_layer=${join(folder, 'layer.tar')}`, `--new_tag=${tag}`]);
  image = `acme/app@${(await run(crane, ['digest', tag])).trim()}`;
  const real = `${registries.hosts.referrers}/${image}`;
  await run(cosign, ['generate-key-pair', '--output-key-prefix=signer'], { cwd: folder, env });
  key = await run('cat', [join(folder, 'signer.pub')]);
  const args = ['--key=signer.key', '--tlog-upload=false', '--use-signing-config=false', '--yes', real];
  expect(await tryRun(cosign, ['sign', ...args], { cwd: folder, env })).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await proxy?.stop();
  await registries?.stop();
});

let count = 0;

/** What greenroom says of the image behind the proxy, and what that cost. */
async function verdict(name = image, timeout = 2000) {
  const { evidence } = platform(`evidence: { require: [signature], keys: [${JSON.stringify(key)}] }`);
  const trust = createTrust(evidence, new Map(), NOW);
  const client = new RegistryClient({
    credentials: async () => undefined,
    network: { exchange: nodeExchange, clock: () => NOW, sleep: async () => {} },
    timeout,
  });
  const reference = parseImage(`${proxy.host}/${name}`) as ImageReference;
  const subject = { repositoryId: 42, repository: 'acme/shop', number: 7, head: HEAD };
  const cpu = process.cpuUsage();
  const found = await createVerifier(client, () => NOW).verify(
    reference,
    reference.digest!,
    { settings: evidence, trust },
    subject,
    async () => [],
  );
  const { user, system } = process.cpuUsage(cpu);
  const said = found.status === 'evaluated' ? found.verdicts.signature! : found;
  return { ...said, cpu: (user + system) / 1000 };
}

const only =
  (part: string, fault: Fault): Fault =>
  (request, response) =>
    request.method === 'GET' && request.url?.includes(part) ? fault(request, response) : 'pass';
const answer =
  (status: number, headers: Record<string, string> = {}, body = ''): Fault =>
  (_, response) =>
    response.writeHead(status, headers).end(body);
const asksForToken =
  (give: Fault): Fault =>
  (request, response) => {
    if (request.url?.startsWith('/token')) return give(request, response);
    const challenge = `Bearer realm="http://${proxy.host}/token",service="test"`;
    return response.writeHead(401, { 'www-authenticate': challenge }).end();
  };
const PAGE = '<!doctype html><title>Sign in</title><p>secret-page</p>';
const HTML = { 'content-type': 'text/html' };
const INDEX = { 'content-type': 'application/vnd.oci.image.index.v1+json' };

it('a proxy that changes nothing changes nothing', async () => {
  expect(await verdict()).toMatchObject({ status: 'shown' });
});

describe('behind a proxy that misbehaves the image is unknown, soon, and nothing of an answer is repeated', () => {
  const everywhere: [string, string][] = [
    ['the list of what belongs to it', '/referrers/'],
    ['a manifest', '/manifests/'],
    ['a blob', '/blobs/'],
  ];
  const faults: [string, Fault, string?][] = [
    ['500', answer(500)],
    ['401', answer(401)],
    ['403', answer(403, {}, '{"errors":[{"code":"DENIED"}]}')],
    ['no such repository', answer(404, {}, '{"errors":[{"code":"NAME_UNKNOWN"}]}')],
    ['503', answer(503, { 'retry-after': '3600' })],
    ['429', answer(429, { 'retry-after': '3600' })],
    ['a page with 200', answer(200, HTML, PAGE)],
    ['a page with 404', answer(404, HTML, PAGE)],
    ['100 MB', (_, response) => proxy.flood(response.writeHead(200, INDEX), 100)],
    [
      'a length of 100 MB',
      (_, response) => response.writeHead(200, { ...INDEX, 'content-length': 1e8 }).flushHeaders(),
    ],
    [
      '100 MB of brackets in a few KB',
      (_, response) =>
        response.writeHead(200, { ...INDEX, 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(100 * MIB, '['))),
    ],
    ['one byte after the other', (_, response) => drip(response)],
    ['no answer', () => undefined],
    ['a redirect to itself', (request, response) => response.writeHead(307, { location: request.url }).end()],
    ['a redirect into the network', answer(307, { location: 'http://169.254.169.254/latest/meta-data/' })],
    ['a redirect to a file', answer(302, { location: 'file:///etc/passwd' })],
    ['a redirect with a login', answer(302, { location: 'https://user:secret-page@evil.example/' })],
    ['a cut connection', (_, response) => response.destroy()],
  ];
  const cases = everywhere.flatMap(([what, part]) => faults.map(([name, fault]) => [name, what, part, fault] as const));

  it.each(cases)('%s in the place of %s', async (name, _, part, fault) => {
    // A page in the place of the API is a registry without one: the tag is asked, which is answered well.
    const isWithoutApi =
      part === '/referrers/' && ['a page with 200', 'a page with 404', 'no such repository'].includes(name);
    proxy.sent = 0;
    proxy.fault = only(part, fault);
    const started = Date.now();
    const { status, ...said } = await verdict();
    proxy.fault = () => 'pass';
    expect(status, JSON.stringify(said)).toBe(isWithoutApi ? 'missing' : 'unknown');
    expect(JSON.stringify(said)).not.toContain('secret-page');
    expect(proxy.sent).toBeLessThan(40 * MIB);
    expect(Date.now() - started).toBeLessThan(20_000);
  });

  it.each<[string, Fault]>([
    ['200 MB', (_, response) => proxy.flood(response, 200)],
    ['a page', answer(200, HTML, PAGE)],
    ['401', answer(401)],
    ['500', answer(500)],
    ['no answer', () => undefined],
    ['a token that is a header', answer(200, {}, JSON.stringify({ token: 'a\r\nx: y' }))],
  ])('%s in the place of a token', async (_, give) => {
    proxy.sent = 0;
    proxy.fault = asksForToken(give);
    const { status, ...said } = await verdict();
    proxy.fault = () => 'pass';
    expect(status, JSON.stringify(said)).toBe('unknown');
    expect(JSON.stringify(said)).not.toContain('secret-page');
    expect(proxy.sent).toBeLessThan(20 * MIB);
  });

  it('pages without an end', async () => {
    let page = 0;
    proxy.fault = only('/referrers/', (request, response) => {
      const next = `${request.url?.split('?')[0]}?page=${++page}`;
      const list = { schemaVersion: 2, mediaType: INDEX['content-type'], manifests: [] };
      response.writeHead(200, { ...INDEX, link: `<${next}>; rel="next"` }).end(JSON.stringify(list));
    });
    expect(await verdict()).toMatchObject({ status: 'unknown', reason: expect.stringContaining('pages') });
    expect(page).toBe(10);
    proxy.fault = () => 'pass';
  });

  it.each<[string, string, Twist]>([
    ['half of the list', '/referrers/', () => null],
    ['half of a manifest', '/manifests/', () => null],
    ['half of a blob', '/blobs/', () => null],
    ['a list cut short', '/referrers/', (body) => body.subarray(0, body.length - 9)],
    ['a bit of a manifest', '/manifests/', flipped],
    ['a bit of a blob', '/blobs/', flipped],
    ['the first bit of the list', '/referrers/', (body) => Buffer.concat([Buffer.from('z'), body.subarray(1)])],
  ])('%s', async (_, part, twist) => {
    proxy.twist = (body, request) => (request.url?.includes(part) ? twist(body, request) : body);
    // The length has to fit what is sent, or it would be a cut connection.
    const { status, ...said } = await verdict();
    proxy.twist = (body) => body;
    expect(status, JSON.stringify(said)).toBe('unknown');
  });
});

describe('a hostile thing beside the image neither hurts nor takes long', () => {
  const deep = (levels: number) => {
    let der = Buffer.alloc(0);
    for (let i = 0; i < levels; i++) der = Buffer.concat([Buffer.from([0x30, 0x80]), der]);
    return der.toString('base64');
  };
  const withMaterial = (material: object) => (digest: string) => {
    const parsed = JSON.parse(bundle(statement({ subject: digest }), STRANGER));
    return JSON.stringify({ ...parsed, verificationMaterial: { ...parsed.verificationMaterial, ...material } });
  };
  const keyless = (digest: string) => {
    const us = { issuer: 'https://issuer.example', subject: 'ci@acme.example' };
    return JSON.parse(new Authority(NOW).bundle(statement({ subject: digest }), us));
  };

  it.each<[string, (digest: string) => string]>([
    [
      'a pattern as the name of a log',
      (digest) => {
        const parsed = keyless(digest);
        const [entry] = parsed.verificationMaterial.tlogEntries;
        const { checkpoint } = entry.inclusionProof;
        checkpoint.envelope = checkpoint.envelope.replace('\u2014 rekor.test', `\u2014 ${'(a+)+'.repeat(20_000)}$`);
        return JSON.stringify(parsed);
      },
    ],
    [
      'a certificate nested 50,000 deep',
      withMaterial({ publicKey: undefined, certificate: { rawBytes: deep(50_000) } }),
    ],
    [
      'a time stamp nested 50,000 deep',
      withMaterial({
        timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: deep(50_000) }] },
      }),
    ],
    ['eight million brackets', () => '['.repeat(4 * MIB) + ']'.repeat(4 * MIB)],
    [
      'a million empty maps in a payload',
      (digest) =>
        bundle(statement({ subject: digest, predicate: Array.from({ length: 3_000_000 }, () => ({})) }), STRANGER),
    ],
    ['a bundle of nothing', () => 'null'],
  ])('%s', async (_, make) => {
    const crane = await judge('crane');
    const path = `acme/hostile-${++count}`;
    const name = `${registries.hosts.referrers}/${path}`;
    await run(crane, ['copy', `${registries.hosts.referrers}/${image}`, `${name}:1`]);
    const digest = image.split('@')[1]!;
    await pushReferrer(name, digest, make(digest), false);
    const alone = await verdict(`${path}@${digest}`, 20_000);
    expect(['missing', 'wrong']).toContain(alone.status);
    expect(alone.cpu).toBeLessThan(5000);
    await pushReferrer(name, digest, await realBundle(digest), false);
    expect(await verdict(`${path}@${digest}`, 20_000)).toMatchObject({ status: 'shown' });
  });

  /** What cosign laid beside the image. */
  async function realBundle(digest: string): Promise<string> {
    const base = `http://${registries.hosts.referrers}/v2/acme/app`;
    const bytes = async (path: string) => Buffer.from(await (await fetch(`${base}/${path}`)).arrayBuffer());
    const [referrer] = manifestsOf(await bytes(`referrers/${digest}`)) ?? [];
    const [layer] = layersOf(await bytes(`manifests/${referrer?.digest}`)) ?? [];
    expect(layer?.mediaType).toBe(BUNDLE);
    return (await bytes(`blobs/${layer?.digest}`)).toString();
  }
});

function flipped(body: Buffer): Buffer {
  const copy = Buffer.from(body);
  copy[copy.length >> 1]! ^= 1;
  return copy;
}

function drip(response: ServerResponse): void {
  response.writeHead(200, INDEX);
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => clearInterval(timer));
}

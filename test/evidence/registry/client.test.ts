import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { RegistryClient, type RegistryClientOptions } from '../../../lib/evidence/registry/client.ts';
import { type Exchange, nodeExchange } from '../../../lib/evidence/registry/exchange.ts';
import type { Login } from '../../../lib/evidence/registry/login.ts';
import { type ImageReference, parseImage } from '../../../lib/model/image.ts';
import { type Fault, problem, sha256, TestRegistry } from '../registry-server.ts';

const LOGIN = Buffer.from('mia:s3cret').toString('base64');
const NOW = 1_800_000_000;

interface Asking {
  readonly login?: Login | undefined;
  readonly timeout?: number;
  readonly waits?: number[];
  readonly exchange?: Exchange;
}

/** A client whose waits take no time and are written down. */
function client({ login, timeout = 5000, waits = [], exchange = nodeExchange }: Asking = {}): RegistryClient {
  const sleep = async (milliseconds: number) => void waits.push(milliseconds);
  const options: RegistryClientOptions = {
    credentials: async () => login,
    network: { exchange, clock: () => NOW, sleep },
    timeout,
  };
  return new RegistryClient(options);
}

function image(registry: TestRegistry, rest = 'acme/shop:v1'): ImageReference {
  const parsed = parseImage(`${registry.host}/${rest}`);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}

const resolve = (registry: TestRegistry, asking: Asking = {}, rest?: string) =>
  client(asking).resolve(image(registry, rest));
const isToken = ({ url }: { url?: string | undefined }) => url?.startsWith('/token') === true;
const unknown = (reason: string) => ({ status: 'unknown', reason: expect.stringContaining(reason) });

describe('a tag', () => {
  test('stands for a digest, looked up with a token for this image alone', async () => {
    await using registry = await TestRegistry.start();
    const digest = registry.image('acme/shop');
    expect(await resolve(registry)).toEqual({ status: 'found', digest });
    expect(registry.requests).toEqual([
      'HEAD /v2/acme/shop/manifests/v1',
      'GET /token?service=test&scope=repository%3Aacme%2Fshop%3Apull',
      'HEAD /v2/acme/shop/manifests/v1',
    ]);
  });

  test('costs one request more, not three, once the client has a token', async () => {
    await using registry = await TestRegistry.start();
    registry.image('acme/shop');
    const asking = client();
    await asking.resolve(image(registry));
    registry.requests.length = 0;
    await asking.resolve(image(registry));
    expect(registry.requests).toEqual(['HEAD /v2/acme/shop/manifests/v1']);
  });

  test.each([400, 401, 403])(
    'is looked up with a new token if the registry answers %d to an old one',
    async (status) => {
      await using registry = await TestRegistry.start();
      const digest = registry.image('acme/shop');
      const asking = client();
      await asking.resolve(image(registry));
      let isOld = true;
      registry.fault = (request, response) => {
        isOld &&= !isToken(request);
        return isOld && request.headers.authorization ? response.writeHead(status).end() : 'pass';
      };
      expect(await asking.resolve(image(registry))).toEqual({ status: 'found', digest });
      expect(await asking.referrers(image(registry), digest)).toEqual({ status: 'found', value: [] });
    },
  );

  test('that its repository does not have is missing', async () => {
    await using registry = await TestRegistry.start();
    registry.image('acme/shop', 'v2');
    expect(await resolve(registry)).toEqual({ status: 'missing' });
  });

  test('of a repository that is not there, or not shown, is refused, and says both', async () => {
    await using registry = await TestRegistry.start();
    const both = /has no repository acme\/shop, or does not let greenroom read it; has a build pushed to it yet\?/;
    const refused = { status: 'refused', reason: expect.stringMatching(both) };
    expect(await resolve(registry)).toEqual(refused);
    registry.image('acme/shop');
    for (const [code, status] of [
      ['DENIED', 403],
      ['UNAUTHORIZED', 401],
      ['NOT_FOUND', 404],
    ] as const) {
      registry.fault = (_, response) => problem(response, code, status);
      expect(await resolve(registry), code).toEqual(refused);
    }
    registry.fault = (request, response) => (isToken(request) ? problem(response, 'DENIED', 403) : 'pass');
    expect(await resolve(registry)).toEqual(refused);
  });

  test('may come without a digest header; then the bytes are hashed', async () => {
    await using registry = await TestRegistry.start({ namesDigests: false });
    const digest = registry.image('acme/shop');
    expect(await resolve(registry)).toEqual({ status: 'found', digest });
    expect(registry.requests.at(-1)).toBe('GET /v2/acme/shop/manifests/v1');
  });

  test.each([405, 501, 400])('is asked for with GET where HEAD is answered with %d', async (status) => {
    await using registry = await TestRegistry.start();
    const digest = registry.image('acme/shop');
    registry.fault = (request, response) =>
      request.method === 'HEAD' && request.headers.authorization ? response.writeHead(status).end() : 'pass';
    const answer = await resolve(registry);
    expect(answer).toEqual(status === 501 ? unknown('answered 501') : { status: 'found', digest });
  });
});

describe('a digest', () => {
  test('is looked up, too', async () => {
    await using registry = await TestRegistry.start();
    const digest = registry.image('acme/shop');
    expect(await resolve(registry, {}, `acme/shop@${digest}`)).toEqual({ status: 'found', digest });
    expect(await resolve(registry, {}, `acme/shop@${sha256('other')}`)).toEqual({ status: 'missing' });
  });

  test('is not believed of other bytes', async () => {
    await using registry = await TestRegistry.start();
    registry.image('acme/shop');
    const wanted = sha256('what was asked for');
    registry.fault = (request, response) => {
      request.url = request.url?.replace(wanted, 'v1');
      return response ? 'pass' : undefined;
    };
    expect(await resolve(registry, {}, `acme/shop@${wanted}`)).toEqual(unknown('do not match'));
  });
});

describe('credentials', () => {
  test('a private image is looked up with a login, and without it nobody can tell it from none', async () => {
    await using registry = await TestRegistry.start({ login: LOGIN });
    const digest = registry.image('acme/shop');
    expect(await resolve(registry)).toMatchObject({
      status: 'refused',
      reason: expect.stringContaining('docker login'),
    });
    const login = { kind: 'basic', basic: LOGIN } as const;
    expect(await resolve(registry, { login })).toEqual({ status: 'found', digest });
  });

  test('a login that is not taken is our problem, and never shown', async () => {
    await using registry = await TestRegistry.start({ login: LOGIN });
    const basic = Buffer.from('mia:wr0ng').toString('base64');
    const refused = await resolve(registry, { login: { kind: 'basic', basic } });
    expect(refused).toEqual(unknown('does not accept the stored login'));
    expect(JSON.stringify(refused)).not.toMatch(new RegExp(`wr0ng|${basic}`));
  });

  test('an identity token is exchanged at the token service', async () => {
    await using registry = await TestRegistry.start({ identity: 'r3fresh' });
    const digest = registry.image('acme/shop');
    expect(await resolve(registry, { login: { kind: 'identity', token: 'r3fresh' } })).toEqual({
      status: 'found',
      digest,
    });
    expect(registry.requests[1]).toBe('POST /token');
    expect(await resolve(registry, { login: { kind: 'identity', token: 'old' } })).toEqual(unknown('renew it'));
  });

  test('a registry token is shown as it is', async () => {
    await using registry = await TestRegistry.start();
    const digest = registry.image('acme/shop');
    expect(await resolve(registry, { login: { kind: 'bearer', token: 'pass' } })).toEqual({ status: 'found', digest });
    expect(registry.requests).toHaveLength(2);
  });

  test.each([
    ['in upper case', 'BEARER REALM="http://HOST/token",SERVICE="test"'],
    ['after one that nobody knows', 'Negotiate YWJj==, Bearer realm="http://HOST/token",service="test"'],
    ['after Basic', 'Basic realm="a, \\"b\\"", bearer realm="http://HOST/token"'],
    ['with spaces and without quotes', 'Bearer realm = http://HOST/token , service=test'],
  ])('a challenge %s is understood', async (_, challenge) => {
    await using registry = await TestRegistry.start({ challenge });
    const digest = registry.image('acme/shop');
    expect(await resolve(registry)).toEqual({ status: 'found', digest });
  });

  test('Basic alone is answered with user and password', async () => {
    await using registry = await TestRegistry.start({ challenge: 'basic realm="here"', login: LOGIN });
    const digest = registry.image('acme/shop');
    expect(await resolve(registry, { login: { kind: 'basic', basic: LOGIN } })).toEqual({ status: 'found', digest });
    expect(await resolve(registry)).toMatchObject({ status: 'refused' });
    const wrong = { kind: 'basic', basic: Buffer.from('mia:old').toString('base64') } as const;
    expect(await resolve(registry, { login: wrong })).toEqual(unknown('does not accept the stored login; renew it'));
  });

  test('another kind of login is named, and proves nothing', async () => {
    await using registry = await TestRegistry.start({ challenge: 'Negotiate, NTLM' });
    registry.image('acme/shop');
    const login = { kind: 'basic', basic: LOGIN } as const;
    for (const asking of [{}, { login }]) {
      expect(await resolve(registry, asking)).toEqual(unknown('a kind that is not supported (negotiate)'));
    }
  });

  test('they go to no service that is not https', async () => {
    await using registry = await TestRegistry.start({ challenge: 'Bearer realm="http://evil.example/token"' });
    const login = { kind: 'basic', basic: LOGIN } as const;
    expect(await resolve(registry, { login })).toEqual(unknown('without https'));
  });

  const token =
    (answer: Fault): Fault =>
    (request, response) =>
      isToken(request) ? answer(request, response) : 'pass';
  test.each<[string, Fault, string]>([
    ['500', (_, response) => response.writeHead(500).end(), 'the token service of localhost'],
    ['429', (_, response) => response.writeHead(429, { 'retry-after': '3600' }).end(), 'wait for 3600 seconds'],
    ['a page', (_, response) => response.end('<html><b>login</b></html>'), 'something that is not a token'],
    ['JSON without a token', (_, response) => response.end('[]'), 'without a token'],
    ['null', (_, response) => response.end('null'), 'without a token'],
    ['a token that is none', (_, response) => response.end('{"token":"a\\nb"}'), 'without a token'],
    ['200 MB', (_, response) => flood(response, 200), 'more than 65536 bytes'],
  ])('a token service that answers with %s leaves it unknown', async (_, answer, reason) => {
    await using registry = await TestRegistry.start();
    registry.fault = token(answer);
    const lookup = await resolve(registry);
    expect(lookup).toEqual(unknown(reason));
    expect(JSON.stringify(lookup)).not.toContain('<html>');
  });
});

/** Megabytes without a length, until the other side hangs up. */
function flood(response: Parameters<Fault>[1], megabytes: number): void {
  let left = megabytes;
  const chunk = Buffer.alloc(1024 * 1024, ' ');
  const more = () => {
    while (left-- > 0) if (!response.write(chunk)) return void response.once('drain', more);
    response.end();
  };
  response.on('error', () => {});
  more();
}

describe('a registry that misbehaves leaves it unknown', () => {
  test.each<[string, Fault, string]>([
    ['an error', (_, response) => response.writeHead(500).end(), 'answered 500'],
    ['a page instead of a manifest', (_, response) => response.end('<html>s3cret page</html>'), 'is not an image'],
    ['a page instead of 404', (_, response) => response.writeHead(404).end('<html>s3cret page</html>'), 'answered 404'],
    ['a manifest of an old kind', (_, response) => response.end('{"schemaVersion":1,"name":"x"}'), 'is not an image'],
    ['a manifest cut short', (_, response) => response.end('{"schemaVersion":2,"layers":['), 'is not an image'],
    ['another address', (_, response) => redirect(response, 'http://169.254.169.254/latest/'), 'not allowed'],
    ['an address that is none', (_, response) => redirect(response, 'http://['), 'an invalid address'],
    [
      'itself again and again',
      (request, response) => redirect(response, request.url ?? ''),
      'too many addresses in a row',
    ],
    ['a cut connection', (_, response) => response.destroy(), 'cannot be reached'],
    ['100 MB', (_, response) => flood(response, 100), 'more than 4194304 bytes'],
    [
      'a length of 100 MB',
      (_, response) => response.writeHead(200, { 'content-length': 1e8 }).end(),
      'more than 4194304',
    ],
    ['a bomb', (_, response) => bomb(response), 'more than 4194304 bytes'],
    ['a body of half its length', (_, response) => half(response), 'cannot be reached'],
  ])('%s', async (_, fault, reason) => {
    await using registry = await TestRegistry.start();
    registry.fault = fault;
    const lookup = await resolve(registry, { login: { kind: 'basic', basic: LOGIN } });
    expect(lookup).toEqual(unknown(reason));
    expect(JSON.stringify(lookup)).not.toContain('s3cret');
  });

  test.each<[string, Fault]>([
    ['never answers', () => undefined],
    ['lets one byte drip after the other', (_, response) => drip(response)],
  ])('one that %s is not waited for', async (_, fault) => {
    await using registry = await TestRegistry.start();
    registry.fault = fault;
    expect(await resolve(registry, { timeout: 100 })).toEqual(unknown('did not answer in time'));
  });

  test('one that is not there', async () => {
    const registry = await TestRegistry.start();
    const where = image(registry);
    await registry[Symbol.asyncDispose]();
    expect(await client().resolve(where)).toEqual(unknown('ECONNREFUSED'));
  });

  test('one whose certificate is not right', async () => {
    const broken = async () => {
      throw Object.assign(new Error('no'), { code: 'CERT_HAS_EXPIRED' });
    };
    const reference = parseImage('registry.example/acme/shop:v1') as ImageReference;
    expect(await client({ exchange: broken }).resolve(reference)).toEqual(
      unknown('registry.example cannot be reached safely: its certificate or encryption is invalid (CERT_HAS_EXPIRED)'),
    );
  });
});

function redirect(response: Parameters<Fault>[1], location: string): void {
  response.writeHead(307, { location }).end();
}

function bomb(response: Parameters<Fault>[1]): void {
  response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(16 * 1024 * 1024, '[')));
}

function half(response: Parameters<Fault>[1]): void {
  response.writeHead(200, { 'content-length': 1000 });
  response.write('x'.repeat(500), () => response.destroy());
}

function drip(response: Parameters<Fault>[1]): void {
  response.writeHead(200);
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => clearInterval(timer));
}

describe('a registry that is busy', () => {
  test.each([
    ['seconds', '7', 7000],
    ['a date', new Date((NOW + 5) * 1000).toUTCString(), 5000],
    ['nothing', null, 500],
  ])('is asked again after the time that it names: %s', async (_, retryAfter, wait) => {
    await using registry = await TestRegistry.start();
    const digest = registry.image('acme/shop');
    let refusals = 1;
    registry.fault = (_request, response) => {
      if (refusals-- <= 0) return 'pass';
      return response.writeHead(429, retryAfter === null ? {} : { 'retry-after': retryAfter }).end();
    };
    const waits: number[] = [];
    expect(await resolve(registry, { waits })).toEqual({ status: 'found', digest });
    expect(waits).toEqual([wait]);
  });

  test('is not asked for ever, nor waited for long', async () => {
    await using registry = await TestRegistry.start();
    registry.fault = (_, response) => response.writeHead(429).end();
    const waits: number[] = [];
    expect(await resolve(registry, { waits })).toEqual(unknown('too many requests'));
    expect(waits).toEqual([500, 1000]);
    registry.fault = (_, response) => response.writeHead(429, { 'retry-after': '900' }).end();
    expect(await resolve(registry, { waits })).toEqual(unknown('it asks to wait for 900 seconds'));
    expect(waits).toHaveLength(2);
  });
});

describe('what belongs to an image', () => {
  const digests = (answer: unknown) => (answer as { value: { digest: string }[] }).value.map(({ digest }) => digest);
  const ask = (registry: TestRegistry, digest: string) => client().referrers(image(registry), digest);

  test.each([true, false])('is listed with the referrers API: %s', async (referrersApi) => {
    await using registry = await TestRegistry.start({ referrersApi, pageSize: 2 });
    const digest = registry.image('acme/shop');
    expect(await ask(registry, digest)).toEqual({ status: 'found', value: [] });
    const referrers = [1, 2, 3, 4, 5].map((n) =>
      registry.refer('acme/shop', digest, [registry.blob('acme/shop', `${n}`)]),
    );
    expect(digests(await ask(registry, digest))).toEqual(referrers.map((r) => r.digest));
  });

  test.each([400, 404, 405, 406, 200])('comes from the tag where the API answers %d with no index', async (status) => {
    await using registry = await TestRegistry.start();
    const digest = registry.image('acme/shop');
    const referrer = registry.refer('acme/shop', digest, [registry.blob('acme/shop', '1')]);
    registry.fault = (request, response) =>
      request.url?.includes('/referrers/') ? response.writeHead(status, { 'content-type': 'text/html' }).end() : 'pass';
    expect(digests(await ask(registry, digest))).toEqual([referrer.digest]);
  });

  test.each<[string, Fault, string]>([
    ['500', (_, response) => response.writeHead(500).end(), 'answered 500'],
    ['403', (_, response) => problem(response, 'DENIED', 403), 'does not let greenroom read it'],
    [
      'pages without an end',
      (request, response) => page(response, `<${request.url}>; rel="next"`),
      'more than 10 pages',
    ],
    [
      'a next page elsewhere',
      (_, response) => page(response, '<https://evil.example/x>; rel="next"'),
      'outside the repository',
    ],
    [
      'an index that is none',
      (_, response) => page(response, null, '{"manifests":[{"digest":"../x"}]}'),
      'malformed list of referrers',
    ],
    ['more than anybody needs', (_, response) => page(response, null, crowd()), 'more than 500 referrers'],
  ])('is unknown, never none, when the API answers with %s', async (_, fault, reason) => {
    await using registry = await TestRegistry.start({ referrersApi: true });
    const digest = registry.image('acme/shop');
    registry.fault = (request, response) =>
      request.url?.includes('/referrers/') && request.headers.authorization ? fault(request, response) : 'pass';
    const answer = await ask(registry, digest);
    expect(answer).toMatchObject({ reason: expect.stringContaining(reason) });
    expect(answer.status).not.toBe('found');
  });

  test('is hashed: a blob of other bytes, or of more than is read, is unknown', async () => {
    await using registry = await TestRegistry.start();
    const blob = registry.blob('acme/shop', 'evidence');
    const where = image(registry);
    expect(await client().blob(where, blob, 100)).toMatchObject({ status: 'found' });
    expect(await client().blob(where, blob, 7)).toEqual(unknown('has a blob of 8 bytes; at most 7 are read'));
    expect(await client().blob(where, { ...blob, size: 1 }, 7)).toEqual(unknown('more than'));
    expect(await client().blob(where, { ...blob, digest: sha256('none') }, 100)).toMatchObject({ status: 'missing' });
    registry.fault = (request, response) =>
      request.url?.includes('/blobs/') && request.headers.authorization ? response.end('evidenca') : 'pass';
    expect(await client().blob(where, blob, 100)).toEqual(unknown('do not match'));
  });

  test('is fetched from where the registry keeps it, without credentials', async () => {
    await using registry = await TestRegistry.start();
    await using storage = await TestRegistry.start();
    const blob = registry.blob('acme/shop', 'evidence');
    const seen: unknown[] = [];
    storage.fault = (request, response) => {
      seen.push(request.headers.authorization);
      response.end('evidence');
    };
    registry.fault = (request, response) =>
      request.url?.includes('/blobs/') && request.headers.authorization
        ? redirect(response, `http://${storage.host}/signed?by=storage`)
        : 'pass';
    expect(await client().blob(image(registry), blob, 100)).toMatchObject({ status: 'found' });
    expect(seen).toEqual([undefined]);
  });

  test('a server to which the registry redirects cannot ask for the login', async () => {
    await using registry = await TestRegistry.start();
    await using storage = await TestRegistry.start({ challenge: 'Basic realm="storage"' });
    const blob = registry.blob('acme/shop', 'evidence');
    const seen: unknown[] = [];
    storage.fault = (request) => {
      seen.push(request.headers.authorization);
      return 'pass';
    };
    registry.fault = (request, response) =>
      request.url?.includes('/blobs/') ? redirect(response, `http://${storage.host}${request.url}`) : 'pass';
    const login = { kind: 'basic', basic: LOGIN } as const;
    expect(await client({ login }).blob(image(registry), blob, 100)).toMatchObject({ status: 'refused' });
    expect(seen).toEqual([undefined]);
    expect(registry.requests).toHaveLength(1);
  });
});

const INDEX = 'application/vnd.oci.image.index.v1+json';

function page(response: Parameters<Fault>[1], link: string | null, body = '{"schemaVersion":2,"manifests":[]}'): void {
  response.writeHead(200, { 'content-type': INDEX, ...(link === null ? {} : { link }) }).end(body);
}

function crowd(): string {
  const manifests = Array.from({ length: 501 }, (_, n) => ({ mediaType: INDEX, digest: sha256(`${n}`), size: n }));
  return JSON.stringify({ schemaVersion: 2, manifests });
}

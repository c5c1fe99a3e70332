import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTlsServer, type LookupFunction } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { kindOfAddress } from '../../lib/probe/addresses.ts';
import { ingressPage } from '../../lib/probe/ingress.ts';
import { Looker } from '../../lib/probe/looker.ts';
import { observe } from '../../lib/probe/observe.ts';
import { type ProbeAnswer, probe } from '../../lib/probe/probe.ts';

const running: Server[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  running.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Every name is this machine. */
const here: LookupFunction = (_, { all }, done) =>
  all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
const ask = (port: number, path = '/') =>
  probe(`http://pr-shop-7.apps.example.com:${port}${path}`, { allowPrivate: true, lookup: here, timeout: 2000 });

describe('an address is asked once, within bounds', () => {
  test('an answer, its server and the start of its body', async () => {
    const hosts: unknown[] = [];
    const port = await serve((request, response) => {
      hosts.push(request.headers.host);
      response.writeHead(404, { server: 'mine' }).end('no such page');
    });
    expect(await ask(port)).toEqual({ kind: 'answer', status: 404, server: 'mine', body: 'no such page' });
    expect(hosts).toEqual([`pr-shop-7.apps.example.com:${port}`]);
  });

  test('redirects are followed on the same host, and to no other', async () => {
    const asked: string[] = [];
    const elsewhere = await serve((_, response) => {
      asked.push('elsewhere');
      response.end();
    });
    const port = await serve(({ url }, response) => {
      asked.push(url!);
      if (url === '/') response.writeHead(302, { location: '/start' }).end();
      else if (url === '/out') response.writeHead(302, { location: `http://evil.example:${elsewhere}/` }).end();
      else if (url === '/loop') response.writeHead(302, { location: '/loop' }).end();
      else if (url === '/file') response.writeHead(302, { location: 'file:///etc/passwd' }).end();
      else response.end('ok');
    });
    expect(await ask(port)).toMatchObject({ status: 200, body: 'ok' });
    expect(await ask(port, '/out')).toEqual({ kind: 'elsewhere', status: 302 });
    expect(await ask(port, '/file')).toEqual({ kind: 'elsewhere', status: 302 });
    expect(await ask(port, '/loop')).toMatchObject({ kind: 'elsewhere' });
    expect(asked.filter((url) => url === '/loop')).toHaveLength(4);
    expect(asked).not.toContain('elsewhere');
  });

  test('a body without end, and one that trickles, are cut; silence is no answer', async () => {
    const endless = await serve((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    });
    const answer = (await ask(endless)) as Extract<ProbeAnswer, { kind: 'answer' }>;
    expect(answer).toMatchObject({ kind: 'answer', status: 200 });
    expect(answer.body.length).toBeLessThanOrEqual(16 * 1024);
    const trickle = await serve((_, response) => void response.write('x'));
    expect(await ask(trickle)).toMatchObject({ kind: 'answer', status: 200, body: 'x' });
    const silent = await serve(() => undefined);
    expect(await ask(silent)).toEqual({ kind: 'no-answer', why: 'slow' });
    const broken = await serve((request) => request.socket.destroy());
    expect(await ask(broken)).toEqual({ kind: 'no-answer', why: 'broken' });
    const large = await serve((_, response) => response.writeHead(200, { 'x-a': 'y'.repeat(60_000) }).end());
    expect(await ask(large)).toEqual({ kind: 'no-answer', why: 'broken' });
  });

  test('an address that is not for it is not asked, whatever the name says', async () => {
    let asked = 0;
    const port = await serve((_, response) => {
      asked += 1;
      response.end();
    });
    const name = `http://pr-shop-7.apps.example.com:${port}/`;
    expect(await probe(name, { lookup: here })).toMatchObject({
      kind: 'not-asked',
      why: expect.stringContaining('private'),
    });
    expect(await probe(`http://127.0.0.1:${port}/`)).toMatchObject({ kind: 'not-asked' });
    const metadata: LookupFunction = (_, __, done) => done(null, [{ address: '169.254.169.254', family: 4 }]);
    expect(await probe(name, { lookup: metadata, allowPrivate: true })).toMatchObject({
      kind: 'not-asked',
      why: expect.stringContaining('reserved'),
    });
    const both: LookupFunction = (_, __, done) =>
      done(null, [
        { address: '8.8.8.8', family: 4 },
        { address: '10.0.0.1', family: 4 },
      ]);
    expect(await probe(name, { lookup: both })).toMatchObject({ kind: 'not-asked' });
    expect(asked).toBe(0);
  });

  test.each(['2130706433', '0x7f.1', '127.1', '017700000001', '[::ffff:127.0.0.1]', '[::127.0.0.1]', '①②⑦.0.0.1'])(
    'this machine is not asked, however it is written: %s',
    async (host) => {
      expect(await probe(`http://${host}:1/`)).toMatchObject({
        kind: 'not-asked',
        why: expect.stringContaining('private'),
      });
    },
  );

  test('a name that leads elsewhere when it is looked up again is not asked: the checked address is connected to', async () => {
    let asked = 0;
    const port = await serve((_, response) => {
      asked += 1;
      response.end();
    });
    let lookups = 0;
    const rebinding: LookupFunction = (_, { all }, done) => {
      const address = lookups++ === 0 ? '127.0.0.2' : '169.254.169.254';
      return all ? done(null, [{ address, family: 4 }]) : done(null, address, 4);
    };
    const name = `http://pr-shop-7.apps.example.com:${port}/`;
    await probe(name, { lookup: rebinding, allowPrivate: true, timeout: 500 });
    expect([lookups, asked]).toEqual([1, 0]);
    expect(await probe(name, { lookup: rebinding, allowPrivate: true })).toMatchObject({ kind: 'not-asked' });
  });

  test.each([
    ['unrecognized name', 112, 'certificate'],
    ['handshake failure', 40, 'certificate'],
    ['internal error', 80, 'certificate'],
    ['protocol version', 70, 'no-answer'],
  ])('a handshake that the server ends with %s', async (_, alert, kind) => {
    const server = createTlsServer((socket) =>
      socket.once('data', () => socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, alert]))),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `https://pr-shop-7.apps.example.com:${(server.address() as AddressInfo).port}/`;
    expect(await probe(url, { allowPrivate: true, lookup: here })).toMatchObject({ kind });
    await new Promise((resolve) => server.close(resolve));
  });

  test('a name that is not there is no answer; a name service that fails says nothing', async () => {
    const fails =
      (code: string): LookupFunction =>
      (_, __, done) =>
        done(Object.assign(new Error(code), { code }), '', 0);
    const url = 'https://pr-shop-7.apps.example.com/';
    expect(await probe(url, { lookup: fails('ENOTFOUND') })).toEqual({ kind: 'no-answer', why: 'name' });
    expect(await probe(url, { lookup: fails('EAI_AGAIN') })).toEqual({ kind: 'not-asked', why: 'EAI_AGAIN' });
  });
});

test.each([
  ['8.8.8.8', 'public'],
  ['2606:4700::1', 'public'],
  ['10.1.2.3', 'private'],
  ['127.0.0.1', 'private'],
  ['::1', 'private'],
  ['fd12::1', 'private'],
  ['100.64.0.1', 'private'],
  ['169.254.169.254', 'never'],
  ['::ffff:169.254.169.254', 'never'],
  ['::ffff:a9fe:a9fe', 'never'],
  ['64:ff9b::169.254.169.254', 'never'],
  ['2002:a9fe:a9fe::1', 'never'],
  ['::ffff:10.0.0.1', 'private'],
  ['fd00:ec2::254', 'never'],
  ['100.100.100.200', 'never'],
  ['168.63.129.16', 'never'],
  ['192.0.0.192', 'never'],
  ['fe80::1%eth0', 'never'],
  ['0.0.0.0', 'never'],
  ['224.0.0.1', 'never'],
  ['fd00:ec2::253', 'never'],
  ['::169.254.169.254', 'never'],
  ['::ffff:0:169.254.169.254', 'never'],
  ['64:ff9b:1::a9fe:a9fe', 'never'],
  ['2606:4700::5efe:169.254.169.254', 'never'],
  ['2606:4700::200:5efe:10.0.0.1', 'private'],
  ['0:0:0:0:0:ffff:7f00:1', 'private'],
  ['::127.0.0.1', 'private'],
  ['::2', 'never'],
  ['2001:0:4136:e378:8000:63bf:3fff:fdd2', 'private'],
  ['2001:db8::1', 'private'],
  ['3fff::1', 'private'],
  ['fec0::1', 'private'],
  ['100::1', 'private'],
  ['5f00::1', 'private'],
  ['4000::1', 'private'],
  ['192.0.2.1', 'private'],
  ['203.0.113.9', 'private'],
  ['192.88.99.1', 'private'],
  ['2001:4860:4860::8888', 'public'],
  ['2a00:1450::1', 'public'],
  ['64:ff9b::8.8.8.8', 'public'],
  ['127.1', 'never'],
  ['2130706433', 'never'],
  ['255.255.255.255', 'never'],
  ['nonsense', 'never'],
])('%s is %s', (address, kind) => {
  expect(kindOfAddress(address)).toBe(kind);
});

describe('what an answer says', () => {
  const NGINX = (title: string) =>
    `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`;
  const HEAD = 'a'.repeat(40);
  const of = (answer: ProbeAnswer, control?: ProbeAnswer) =>
    observe(answer, { headSha: HEAD, at: 10_000, ...(control && { control }) });
  const page = (status: number, body: string, server = ''): ProbeAnswer => ({ kind: 'answer', status, server, body });

  test.each([200, 401, 403, 404, 429])("the app's own %d is an answer", (status) => {
    expect(of(page(status, 'hello'))).toMatchObject({ condition: 'ready', headSha: HEAD, source: 'probe' });
  });

  test.each([
    ['ingress-nginx', 404, 'default backend - 404', ''],
    ['Traefik', 404, '404 page not found\n', ''],
    ['Envoy', 404, '', 'envoy'],
    ['Kong', 404, '{"message":"no Route matched with those values"}', 'kong/3.4'],
    ['Google', 404, 'response 404 (backend NotFound), service rules for the path non-existent', ''],
  ])("%s's own 404 is not the app's", (by, status, body, server) => {
    expect(ingressPage(status, server, body)?.means).toBe('nothing');
    expect(of(page(status, body, server))).toMatchObject({ condition: 'not-working', reason: 'nothing-shown' });
    expect(by).not.toBe('');
  });

  test.each([
    [503, NGINX('503 Service Temporarily Unavailable'), ''],
    [502, NGINX('502 Bad Gateway'), 'nginx'],
    [502, 'Bad Gateway', ''],
    [503, 'no available server\n', ''],
    [503, 'no healthy upstream', 'envoy'],
    [503, 'upstream connect error or disconnect/reset before headers', ''],
    [503, '<html><body><h1>503 Service Unavailable</h1>\nNo server is available', ''],
    [504, '<html>\r\n<head><title>504 Gateway Time-out</title></head>', 'awselb/2.0'],
  ])('%d of an ingress: there is no app behind it', (status, body, server) => {
    expect(of(page(status, body, server))).toMatchObject({ reason: 'no-backend', facts: { status } });
  });

  test("the app's own 503 is its error", () => {
    expect(of(page(503, 'database is down'))).toMatchObject({ reason: 'answers-status', facts: { status: 503 } });
  });

  test('whatever is answered for a name that no preview has is the ingress itself, also of an unknown kind', () => {
    const own = page(404, '<h1>Nothing here</h1>', 'acme-lb');
    expect(of(own, own)).toMatchObject({ reason: 'nothing-shown' });
    expect(of(own, page(404, 'other', 'acme-lb'))).toMatchObject({ condition: 'ready' });
    expect(of(page(200, 'hi'), page(200, 'hi'))).toMatchObject({ condition: 'ready' });
  });

  test('a gate in front that sends people elsewhere has answered; a certificate, a name and silence have not', () => {
    expect(of({ kind: 'elsewhere', status: 302 })).toMatchObject({ condition: 'ready' });
    expect(of({ kind: 'certificate' })).toMatchObject({ condition: 'not-working', reason: 'certificate' });
    expect(of({ kind: 'no-answer', why: 'slow' }, page(404, ''))).toMatchObject({ reason: 'no-address' });
    expect(of({ kind: 'not-asked', why: 'EAI_AGAIN' })).toBeNull();
  });

  test('where the ingress does not answer either, we may be the ones who do not see it: nothing is said', async () => {
    const answers: Record<string, ProbeAnswer> = {};
    const asked: string[] = [];
    const looker = new Looker(
      async (url) => {
        asked.push(url);
        return answers[url] ?? { kind: 'no-answer', why: 'name' };
      },
      () => 10_000,
    );
    const look = () =>
      looker.look({ url: 'https://pr-shop-7.example.com', headSha: HEAD, domain: 'example.com', allowPrivate: false });
    expect(await look()).toBeNull();
    answers['https://pr-shop-7.example.com'] = page(200, 'hi');
    expect(await look()).toMatchObject({ condition: 'ready' });
    expect(asked.filter((url) => url === 'https://greenroom-none.example.com/')).toHaveLength(1);
  });
});
